import GroveCore
public import GroveTensor

/// Multi-head attention with grouped keys and values (Ainslie et al. 2023, arXiv:2305.13245).
///
/// Queries, keys and values come out of one product; checkpoints that store them apart name rows of its weight.
public struct Attention {
  /// Queries, keys and values: a weight of `[(H + 2G)·D, C]`.
  public let projection: Linear
  /// Back into the residual stream: a weight of `[C, H·D]`.
  public let output: Linear
  let heads: Int
  let keyValueHeads: Int
  let headWidth: Int
  let dropout: Dropout

  /// - Parameter outputDeviation: standard deviation of the initial weights of `output`; `projection` has the config's.
  public init(_ config: ModelConfig, bias: Bool, outputDeviation: Double, weights: InitialWeights) throws {
    heads = config.attention.heads
    keyValueHeads = config.attention.keyValueHeads
    headWidth = config.headWidth
    dropout = Dropout(rate: config.dropout)
    projection = try Linear(
      from: config.width, to: (heads + 2 * keyValueHeads) * headWidth, bias: bias,
      deviation: config.initialDeviation, weights: weights.split("projection"))
    output = try Linear(
      from: heads * headWidth, to: config.width, bias: bias, deviation: outputDeviation,
      weights: weights.split("output"))
  }

  /// Rows of the projection's weight.
  public var queryRows: Range<Int> { 0..<heads * headWidth }
  public var keyRows: Range<Int> { heads * headWidth..<(heads + keyValueHeads) * headWidth }
  public var valueRows: Range<Int> { (heads + keyValueHeads) * headWidth..<(heads + 2 * keyValueHeads) * headWidth }

  /// Maps `[B, T, C]` to `[B, T, C]`. Without a cache S is T; with one, S also counts the cached positions.
  public func callAsFunction(_ x: Tensor, _ context: LayerContext) throws -> Tensor {
    let (b, t, _) = try x.sizes("x", as: "B T C")
    let projected = try projection(x)  // [B, T, (H+2G)·D]
    let angles = context.rotary.map { ($0.cosine, $0.sine) }
    if let cache = context.cache {
      let attended = try cachedAttention(
        projected, heads: heads, angles: angles, cache: cache.memory, from: cache.start)  // [B, T, H·D]
      return try output(attended)
    }
    let parts = try separatedHeads(
      projected.reshaped(b, t, heads + 2 * keyValueHeads, headWidth), heads: heads, keyValueHeads: keyValueHeads,
      angles: angles)  // [B, T, H, D], [B, T, G, D] twice
    let rate: Double
    if case .training(let random) = context.mode, dropout.rate > 0 {
      try Torch.seed(random.split("attention probabilities"))
      rate = dropout.rate
    } else {
      rate = 0
    }
    let y = try scaledDotProductAttention(
      parts.queries.transposed(1, 2), parts.keys.transposed(1, 2), parts.values.transposed(1, 2), mask: context.mask,
      dropout: rate)  // [B, H, T, D]
    return try output(y.transposed(1, 2).reshaped(b, t, -1))  // [B, T, C]
  }

  /// The working precision.
  var dtype: DType { projection.dtype }
}
