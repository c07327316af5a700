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
    let projected = try projection(x).reshaped(b, t, heads + 2 * keyValueHeads, headWidth)  // [B, T, H+2G, D]
    let parts = try separated(projected, context.rotary)  // [B, T, H, D], [B, T, G, D] twice
    let q = try parts.queries.transposed(1, 2)  // [B, H, T, D]
    var k = try parts.keys.transposed(1, 2)  // [B, G, T, D]
    var v = try parts.values.transposed(1, 2)  // [B, G, T, D]
    if let cache = context.cache { (k, v) = try cache.appending(k, v) }  // [B, G, S, D]
    let rate: Double
    if case .training(let random) = context.mode, dropout.rate > 0 {
      try Torch.seed(random.split("attention probabilities"))
      rate = dropout.rate
    } else {
      rate = 0
    }
    let y = try scaledDotProductAttention(q, k, v, mask: context.mask, dropout: rate)  // [B, H, T, D]
    return try output(y.transposed(1, 2).reshaped(b, t, -1))  // [B, T, C]
  }

  /// The working precision.
  var dtype: DType { projection.dtype }

  /// Queries, keys and values of a projection, the first two rotated where positions are rotary.
  private func separated(
    _ projected: Tensor, _ rotary: Rotary?
  ) throws -> (queries: Tensor, keys: Tensor, values: Tensor) {
    if let rotary { return try rotary.rotatingHeads(of: projected, heads: heads, keyValueHeads: keyValueHeads) }
    let parts = try projected.split([heads, keyValueHeads, keyValueHeads], axis: 2)
    return (parts[0], parts[1], parts[2])
  }
}
