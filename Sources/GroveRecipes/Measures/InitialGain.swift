import GroveCore
import GroveModel
import GroveTensor

/// By how much the initial weights of values, attention's output and the feed-forward layers are those of another placement
/// of the norms.
enum InitialGain {
  /// Of matrices that a gain multiplies, and of those that it does not, the largest relative error of the ratio of norms:
  /// `shape` against `plain`, drawn from one seed.
  static func error(of shape: ModelConfig, against plain: ModelConfig, gain: Double, seed: Int) throws -> Double {
    func parameters(_ shape: ModelConfig) throws -> [String: Parameter] {
      let model = try makeModel(shape, weights: .random(RandomKey(seed: UInt64(seed)).split("weights")))
      return Dictionary(uniqueKeysWithValues: try model.parameters().map { ($0.name, $0.parameter) })
    }
    let (scaled, plain) = (try parameters(shape), try parameters(plain))
    return try plain.reduce(0) { largest, pair in
      let (name, other) = pair
      guard other.role != .vector else { return largest }
      guard let own = scaled[name] else { return .infinity }
      return try zip(other.parts.indices, other.parts).reduce(largest) { largest, part in
        // Queries and keys come first in the parameter that they share with the values; vectors of tokens are no product.
        let isScaled = other.role == .matrix && !(name.contains("q_proj") && part.0 < 2)
        func norm(_ tensor: Tensor) throws -> Double {
          let rows = try tensor.narrowed(0, from: part.1.lowerBound, count: part.1.count)
          return try (rows * rows).sum().item().squareRoot()
        }
        let expected = try norm(other.value) * (isScaled ? gain : 1)
        return max(largest, abs(try norm(own.value) / expected - 1))
      }
    }
  }
}
