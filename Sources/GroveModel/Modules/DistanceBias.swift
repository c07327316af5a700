import Foundation
import GroveTensor

/// A learned number for each head and distance, added to the scores of attention; far distances share buckets that grow
/// with the logarithm (Raffel et al. 2019, arXiv:1910.10683, §2.1).
struct DistanceBias {
  /// `[buckets, H]`.
  let weight: Parameter
  private let buckets: Int
  private let longest: Int
  private let isCausal: Bool

  /// - Parameter longest: distances from here on share a bucket.
  init(
    buckets: Int, longest: Int, heads: Int, deviation: Double, isCausal: Bool, weights: InitialWeights
  ) throws {
    (self.buckets, self.longest, self.isCausal) = (buckets, longest, isCausal)
    weight = try weights.matrix([buckets, heads], deviation: deviation, role: .embedding)
  }

  /// What is added to the scores of the T last of S positions, `[1, H, T, S]`, float32. It hides nothing.
  func callAsFunction(_ t: Int, of s: Int) throws -> Tensor {
    let places = (s - t..<s).flatMap { query in (0..<s).map { Int64(bucket($0 - query)) } }
    let rows = try weight.rows(Tensor(places, [t * s]).moved(to: weight.device)).cast(to: .float32)  // [T·S, H]
    return try rows.reshaped(1, t, s, weight.shape[1]).permuted(0, 3, 1, 2)  // [1, H, T, S]
  }

  /// The numbers of distances `[B, T, S]`, int64, each below `longest` in size: `[B, H, T, S]`, float32.
  func callAsFunction(distances: Tensor, longest: Int) throws -> Tensor {
    let table = (1 - longest..<longest).map { Int64(bucket($0)) }
    let buckets = try Tensor(table, [table.count]).moved(to: weight.device)
      .indexed(0, (distances + Double(longest - 1)).cast(to: .int64).reshaped(-1))
    let shape = distances.shape
    return try weight.rows(buckets).cast(to: .float32).reshaped(shape[0], shape[1], shape[2], weight.shape[1])
      .permuted(0, 3, 1, 2)
  }

  /// The same for a whole text as what attention adds; −∞ for later keys in a decoder.
  func mask(_ t: Int, as dtype: DType) throws -> AttentionMask {
    let bias = try self(t, of: t)
    guard isCausal else { return .added(try bias.cast(to: dtype).contiguous()) }
    var hidden = [Float](repeating: 0, count: t * t)
    for query in 0..<t { for key in query + 1..<max(query + 1, t) { hidden[query * t + key] = -.infinity } }
    return .added(
      try (bias + Tensor(hidden, [1, 1, t, t]).moved(to: weight.device)).cast(to: dtype).contiguous())
  }

  /// The bucket of a key that lies `distance` behind the query's position (negative: before it).
  func bucket(_ distance: Int) -> Int {
    var (count, first, far) = (buckets, 0, max(-distance, 0))
    if !isCausal {
      count /= 2
      (first, far) = (distance > 0 ? count : 0, abs(distance))
    }
    let exact = count / 2
    if far < exact { return first + far }
    let steps = log(Float(far) / Float(exact)) / Float(log(Double(longest) / Double(exact))) * Float(count - exact)
    return first + min(exact + Int(steps), count - 1)
  }
}
