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

  /// One layer's part, `[B, G, capacity, D]` twice; `[B, 1, capacity, C]` of attention without queries' products.
  public final class Layer {
    let memory: AttentionCache
    /// What stands for the positions where their sums are enough; there is no memory for positions then.
    let sums: RunningSums?
    /// Positions that are there.
    fileprivate(set) var start = 0

    fileprivate init(_ shape: [Int], sums: RunningSums?, _ dtype: DType, _ device: Device) throws {
      self.sums = sums
      memory = try AttentionCache(keys: .zeros(shape, dtype, on: device), values: .zeros(shape, dtype, on: device))
    }
  }

  /// Takes the memory for all positions: 2·L·B·G·capacity·D elements; 2·L·B·capacity·C of attention without queries' products,
  /// which are float32, and none where running sums are enough.
  public init(_ config: ModelConfig, batch: Int, capacity: Int, dtype: DType, device: Device) throws {
    self.batch = batch
    self.capacity = capacity
    let isProduct = config.attention.kind == .softmax
    let isSummed = !isProduct && config.attention.free.form == .simple
    let shape =
      isProduct
      ? [batch, config.attention.keyValueHeads, capacity, config.headWidth]
      : [batch, 1, isSummed ? 0 : capacity, config.width]
    layers = try (0..<config.layers).map { _ in
      try Layer(shape, sums: isSummed ? RunningSums() : nil, isProduct ? dtype : .float32, device)
    }
  }

  /// Bytes of the keys and values of all layers, for all positions that fit; running sums are not counted.
  public var byteCount: Int {
    layers.reduce(0) { $0 + 2 * $1.memory.keys.shape.reduce($1.memory.keys.dtype.byteCount, *) }
  }

  subscript(layer: Int) -> Layer { layers[layer] }

  /// Counts new positions, once every layer has stored them.
  func advance(by positions: Int) {
    count += positions
    for layer in layers { layer.start = count }
  }
}
