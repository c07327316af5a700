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
    private let keys: Tensor
    private let values: Tensor
    fileprivate var start = 0

    fileprivate init(batch: Int, heads: Int, capacity: Int, width: Int, dtype: DType, device: Device) throws {
      keys = try .zeros([batch, heads, capacity, width], dtype, on: device)
      values = try .zeros([batch, heads, capacity, width], dtype, on: device)
    }

    /// Stores the new positions `[B, G, T, D]` and gives views of all: `[B, G, S, D]`.
    public func appending(_ k: Tensor, _ v: Tensor) throws -> (Tensor, Tensor) {
      let t = k.size(2)
      try keys.narrowed(2, from: start, count: t).copy(from: k)
      try values.narrowed(2, from: start, count: t).copy(from: v)
      return (
        try keys.narrowed(2, from: 0, count: start + t), try values.narrowed(2, from: 0, count: start + t)
      )
    }
  }

  /// Takes the memory for all positions: 2·L·B·G·capacity·D elements of the precision's dtype.
  public init(_ config: ModelConfig, batch: Int, capacity: Int, precision: Precision, device: Device) throws {
    self.batch = batch
    self.capacity = capacity
    layers = try (0..<config.layers).map { _ in
      try Layer(
        batch: batch, heads: config.attention.keyValueHeads, capacity: capacity, width: config.headWidth,
        dtype: precision.dtype, device: device)
    }
  }

  subscript(layer: Int) -> Layer { layers[layer] }

  /// Counts new positions, once every layer has stored them.
  func advance(by positions: Int) {
    count += positions
    for layer in layers { layer.start = count }
  }
}
