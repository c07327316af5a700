import Foundation
import GroveCore

/// The likeliest of a vocabulary's scores and their sum of exponentials, sixteen at a time: at a small model's speed the
/// plain loops would take a tenth of a token.
struct ScoreScan {
  /// The first of the highest scores.
  let likeliest: Int
  let highest: Float
  private typealias Lanes = SIMD16<Float>

  /// - Throws: `GroveError` with code `.argument` if a score is NaN or +∞, or all are −∞.
  init(_ scores: UnsafeBufferPointer<Float>) throws {
    var lanes = Lanes(repeating: -.infinity)
    var isValid = SIMDMask<Lanes.MaskStorage>(repeating: true)
    let whole = scores.count / Lanes.scalarCount * Lanes.scalarCount
    for start in stride(from: 0, to: whole, by: Lanes.scalarCount) {
      let values = ScoreScan.load(scores, start)
      isValid = isValid .& (values .< .infinity)  // false for NaN too
      lanes.replace(with: values, where: values .> lanes)
    }
    var highest = lanes.max()
    var valid = all(isValid)
    for score in scores[whole...] {
      valid = valid && score < .infinity
      highest = max(highest, score)
    }
    guard valid else {
      let count = scores.count { !($0 < .infinity) }
      throw GroveError(.argument, "logits", "\(count) of \(scores.count) are NaN or infinite")
    }
    guard highest > -.infinity, let likeliest = scores.firstIndex(of: highest) else {
      throw GroveError(.argument, "logits", "none of \(scores.count) tokens is allowed")
    }
    self.likeliest = likeliest
    self.highest = highest
  }

  /// log Σ exp(score − highest), in nats: 0 where one token has all the probability.
  func logSum(_ scores: UnsafeBufferPointer<Float>) -> Double {
    let block = 4096  // elements whose sum float32 holds to the last digits
    var total = 0.0
    var start = 0
    while start + Lanes.scalarCount <= scores.count {
      var sums = Lanes(repeating: 0)
      let end = min(start + block, scores.count / Lanes.scalarCount * Lanes.scalarCount)
      while start < end {
        sums += ScoreScan.exponential(ScoreScan.load(scores, start) - highest)
        start += Lanes.scalarCount
      }
      total += Double(sums.sum())
    }
    for score in scores[start...] { total += Double(expf(score - highest)) }
    return log(total)
  }

  @inline(__always)
  private static func load(_ scores: UnsafeBufferPointer<Float>, _ start: Int) -> Lanes {
    UnsafeRawPointer(scores.baseAddress! + start).loadUnaligned(as: Lanes.self)
  }

  /// eˣ for x ≤ 0, to 2 units in the last place; 0 below −87.
  @inline(__always)
  private static func exponential(_ x: Lanes) -> Lanes {
    let clamped = x.clamped(lowerBound: Lanes(repeating: -87), upperBound: Lanes(repeating: 0))
    let magic: Float = 12_582_912  // 1.5·2²³: adding it leaves a rounded integer in the low bits
    let shifted = clamped * 1.44269504 + magic
    let n = shifted - magic
    let r = (clamped - n * 0.693359375) - n * -2.12194440e-4  // ln 2 in two parts
    // Minimax polynomial of (eʳ − 1 − r) / r² on [−ln 2 / 2, ln 2 / 2]; Moshier, Cephes.
    var p = r * 1.9875691500e-4 + 1.3981999507e-3
    p = p * r + 8.3334519073e-3
    p = p * r + 4.1665795894e-2
    p = p * r + 1.6666665459e-1
    p = p * r + 5.0000001201e-1
    let power = p * r * r + r + 1
    let exponent = (unsafeBitCast(shifted, to: SIMD16<UInt32>.self) &+ 127) &<< 23
    return (power * unsafeBitCast(exponent, to: Lanes.self)).replacing(with: 0, where: x .< -87)
  }
}
