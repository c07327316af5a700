public import GroveTensor

/// Keys and values of the positions seen so far, in memory that is taken once.
public final class KeyValueCache {
  /// Positions that fit.
  public let capacity: Int
  /// Texts side by side, B.
  public let batch: Int
  /// Positions that every layer holds.
  public private(set) var count = 0
  private let layers: [Layer]

  /// One layer's part, `[B, G, capacity, D]` twice.
  public final class Layer {
    let memory: AttentionCache
    /// Positions that are there.
    fileprivate(set) var start = 0

    fileprivate init(batch: Int, heads: Int, capacity: Int, width: Int, dtype: DType, device: Device) throws {
      let shape = [batch, heads, capacity, width]
      memory = try AttentionCache(keys: .zeros(shape, dtype, on: device), values: .zeros(shape, dtype, on: device))
    }
  }

  /// Takes the memory for all positions: 2·L·B·G·capacity·D elements.
  public init(_ config: ModelConfig, batch: Int, capacity: Int, dtype: DType, device: Device) throws {
    self.batch = batch
    self.capacity = capacity
    layers = try (0..<config.layers).map { _ in
      try Layer(
        batch: batch, heads: config.attention.keyValueHeads, capacity: capacity, width: config.headWidth,
        dtype: dtype, device: device)
    }
  }

  subscript(layer: Int) -> Layer { layers[layer] }

  /// Counts new positions, once every layer has stored them.
  func advance(by positions: Int) {
    count += positions
    for layer in layers { layer.start = count }
  }
}
