import GroveCore
import GroveModel
import GroveTensor

/// Whether a model says the same of a text that it reads token by token.
enum CachedScores {
  /// The largest difference of a score between one pass of a text and its tokens one after the other with a cache, as a share of
  /// the largest score.
  /// - Parameter model: prepared for inference in float32.
  static func error(_ ids: [Int64], under model: any LanguageModel, device: Device) throws -> Double {
    try withGradients(.off) {
      let cache = try KeyValueCache(model.config, batch: 1, capacity: ids.count, dtype: .float32, device: device)
      let portions = try ids.map { id in
        try model.logits(Tensor([id], [1, 1]).moved(to: device), ForwardPass(.inference, cache: cache))
      }
      let whole = try model.logits(Tensor(ids, [1, ids.count]).moved(to: device), ForwardPass(.inference))
      let difference = try (Tensor.concatenated(portions, axis: 1) - whole).absolute()
      let (largest, scale) = (
        try difference.values(as: Float.self).max(), try whole.absolute().values(as: Float.self).max()
      )
      guard let largest, let scale, scale > 0 else { return .infinity }
      return Double(largest / scale)
    }
  }
}
