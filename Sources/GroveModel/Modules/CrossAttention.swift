import GroveCore
public import GroveTensor

/// Attention of a decoder to what an encoder made (Vaswani et al. 2017, arXiv:1706.03762, §3.2.3); no positions, no biases.
public struct CrossAttention {
  /// A weight of `[H·D, C]`.
  let query: Linear
  /// Keys and values of the encoder's states: a weight of `[2·G·D, C]`.
  let keyAndValue: Linear
  /// A weight of `[C, H·D]`.
  let output: Linear
  private let heads: Int
  private let keyValueHeads: Int
  private let headWidth: Int
  private let scale: Double

  init(_ config: ModelConfig, weights: InitialWeights) throws {
    (heads, keyValueHeads, headWidth) = (config.attention.heads, config.attention.keyValueHeads, config.headWidth)
    scale = config.attention.scale > 0 ? config.attention.scale * Double(headWidth).squareRoot() : 1
    query = try Linear(config, [.query], bias: false, weights: weights.split("query"))
    keyAndValue = try Linear(config, [.key, .value], bias: false, weights: weights.split("keyAndValue"))
    output = try Linear(config, [.attentionOutput], bias: false, weights: weights.split("output"))
  }

  /// Maps `[B, T, C]` to `[B, T, C]`, reading the encoder's `[B, S, C]`.
  public func callAsFunction(_ x: Tensor, reading states: Tensor, mask: AttentionMask) throws -> Tensor {
    let (b, t, _) = try x.sizes("x", as: "B T C")
    let s = states.size(1)
    let q = try (query(x) * scale).cast(to: x.dtype).reshaped(b, t, heads, headWidth).transposed(1, 2)  // [B, H, T, D]
    let pairs = try keyAndValue(states).reshaped(b, s, 2 * keyValueHeads, headWidth)
      .split([keyValueHeads, keyValueHeads], axis: 2)
    let y = try scaledDotProductAttention(
      q.contiguous(), pairs[0].transposed(1, 2).contiguous(), pairs[1].transposed(1, 2).contiguous(), mask: mask,
      dropout: 0)  // [B, H, T, D]
    return try output(y.transposed(1, 2).reshaped(b, t, -1))
  }

  func visit(_ visitor: inout some ParameterVisitor, _ name: String) throws {
    let width = keyValueHeads * headWidth
    try visitor.linear("\(name).q", query)
    try keyAndValue.visit(&visitor, [("\(name).k", [0..<width]), ("\(name).v", [width..<2 * width])])
    try visitor.linear("\(name).o", output)
  }

  var dtype: DType { query.dtype }
}
