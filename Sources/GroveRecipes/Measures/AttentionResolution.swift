import Foundation

/// How well attention tells near positions from far ones by its expected scores (Sun et al. 2022, arXiv:2212.10554, §3.1).
public enum AttentionResolution {
  /// R = Σ e^s[n]·(e^s[n] − e^s[n+1]) / (Σ e^s[n])² over the distances n from 0 on: 0 where all scores are equal, 1 where all
  /// weight is on the first, below 0 where far positions weigh more.
  ///
  /// The last distance has none behind it and adds nothing above the line; a number added to all scores changes nothing.
  /// - Precondition: there is a score that is finite, and none is NaN or +∞.
  public static func of(_ scores: [Double]) -> Double {
    let largest = scores.max() ?? -.infinity
    precondition(largest.isFinite && !scores.contains { $0.isNaN }, "no resolution of \(scores.prefix(4))…")
    let weights = scores.map { exp($0 - largest) }
    let whole = weights.reduce(0, +)
    return zip(weights, weights.dropFirst()).reduce(0) { $0 + $1.0 * ($1.0 - $1.1) } / (whole * whole)
  }

  /// Expected scores of rotary positions, Σ cos(nθ)·ζ^(n/B) over the pairs of a head, for distances 0...`distances`.
  /// - Parameter decayLength: B of xPos, with ζ as `PositionConfig` has it; nil for rotary positions alone, where ζ is 1.
  public static func expectedScores(headWidth: Int, distances: Int, decayLength: Double?) -> [Double] {
    let (pairs, smoothing) = (headWidth / 2, 0.4)
    return (0...distances).map { distance in
      (0..<pairs).reduce(0) { sum, pair in
        let share = Double(pair) / Double(pairs)
        let turned = cos(Double(distance) * pow(10_000, -share))
        guard let decayLength else { return sum + turned }
        return sum + turned * pow((share + smoothing) / (1 + smoothing), Double(distance) / decayLength)
      }
    }
  }
}
