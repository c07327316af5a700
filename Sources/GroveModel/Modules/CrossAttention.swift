import GroveCore
public import GroveTensor

/// Attention of a decoder to what an encoder made (Vaswani et al. 2017, arXiv:1706.03762, §3.2.3); no positions, no biases.
public struct CrossAttention {
  /// A weight of `[H·D, C]`.
  let query: Linear
  /// Keys and values of the encoder's states: a weight of `[2·H·D, C]`.
  let keyAndValue: Linear
  /// A weight of `[C, H·D]`.
  let output: Linear
  private let heads: Int
  private let headWidth: Int
  private let scale: Double

  init(_ config: ModelConfig, weights: InitialWeights) throws {
    (heads, headWidth) = (config.attention.heads, config.headWidth)
    scale = config.attention.scale > 0 ? config.attention.scale * Double(headWidth).squareRoot() : 1
    let width = heads * headWidth
    func linear(_ from: Int, _ to: Int, _ parts: [Range<Int>]?, _ name: String) throws -> Linear {
      try Linear(
        from: from, to: to, bias: false, deviation: config.initialDeviation, parts: parts,
        weights: weights.split(name))
    }
    query = try linear(config.width, width, nil, "query")
    keyAndValue = try linear(config.width, 2 * width, [0..<width, width..<2 * width], "keyAndValue")
    output = try linear(width, config.width, nil, "output")
  }

  /// Maps `[B, T, C]` to `[B, T, C]`, reading the encoder's `[B, S, C]`.
  public func callAsFunction(_ x: Tensor, reading states: Tensor, mask: AttentionMask) throws -> Tensor {
    let (b, t, _) = try x.sizes("x", as: "B T C")
    let s = states.size(1)
    let q = try (query(x) * scale).cast(to: x.dtype).reshaped(b, t, heads, headWidth).transposed(1, 2)  // [B, H, T, D]
    let pairs = try keyAndValue(states).reshaped(b, s, 2 * heads, headWidth).split([heads, heads], axis: 2)
    let y = try scaledDotProductAttention(
      q.contiguous(), pairs[0].transposed(1, 2).contiguous(), pairs[1].transposed(1, 2).contiguous(), mask: mask,
      dropout: 0)  // [B, H, T, D]
    return try output(y.transposed(1, 2).reshaped(b, t, -1))
  }

  func visit(_ visitor: inout some ParameterVisitor, _ name: String) throws {
    let width = heads * headWidth
    try visitor.linear("\(name).q", query)
    try visitor.tensor("\(name).k.weight", keyAndValue.weight, rows: [0..<width])
    try visitor.tensor("\(name).v.weight", keyAndValue.weight, rows: [width..<2 * width])
    try visitor.linear("\(name).o", output)
  }

  var dtype: DType { query.dtype }
}
