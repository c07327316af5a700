import GroveCore
public import GroveTensor

/// Multi-head attention with grouped keys and values (Ainslie et al. 2023, arXiv:2305.13245).
///
/// Queries, keys and values come out of one product; checkpoints that store them apart name rows of its weight.
public struct Attention: TokenMixer {
  /// Queries, keys and values: a weight of `[(H + 2G)·D, C]`.
  let projection: Linear
  /// Back into the residual stream: a weight of `[C, H·D]`.
  let output: StreamOutput
  /// Of the queries and of the keys of a head; nil where they are not normed.
  let headNorms: (query: Norm, key: Norm)?
  let heads: Int
  let keyValueHeads: Int
  let headWidth: Int
  /// What queries are multiplied by, besides the 1/√D of the kernels.
  private let queryFactor: Double
  let dropout: Dropout

  public init(_ config: ModelConfig, weights: InitialWeights) throws {
    let parts = config.architecture
    heads = config.attention.heads
    keyValueHeads = config.attention.keyValueHeads
    headWidth = config.headWidth
    queryFactor = config.attention.scale > 0 ? config.attention.scale * Double(headWidth).squareRoot() : 1
    dropout = Dropout(rate: config.dropout)
    projection = try Linear(
      config, [.query, .key, .value], bias: parts.attentionBias != .none, weights: weights.split("projection"))
    output = try StreamOutput(
      config, .attentionOutput, bias: parts.attentionBias == .all, weights: weights.split("output"))
    let kind: NormConfig.Kind = parts.norm == .rootMeanSquareFromOne ? .rootMeanSquareFromOne : .rootMeanSquare
    headNorms =
      parts.headNorm == .rootMeanSquare
      ? (
        try Norm(kind, width: headWidth, epsilon: config.normEpsilon),
        try Norm(kind, width: headWidth, epsilon: config.normEpsilon)
      ) : nil
  }

  /// Maps `[B, T, C]` to `[B, T, C]`. Without a cache S is T; with one, S also counts the cached positions.
  public func callAsFunction(_ x: Tensor, _ context: LayerContext) throws -> Tensor {
    let (b, t, _) = try x.sizes("x", as: "B T C")
    let projected = try adjusted(projection(x), context.rotary)  // [B, T, (H+2G)·D]
    let angles = context.rotary.map { ($0.cosine, $0.sine) }
    if let cache = context.cache, !context.wants(.attentionWeights) {
      let attended = try cachedAttention(
        projected, heads: heads, angles: angles, mask: context.mask, cache: cache.memory, from: cache.start)
      return try output(attended)
    }
    let parts = try separatedHeads(
      projected.reshaped(b, t, heads + 2 * keyValueHeads, headWidth), heads: heads, keyValueHeads: keyValueHeads,
      angles: angles)  // [B, T, H, D], [B, T, G, D] twice
    let q = try parts.queries.transposed(1, 2)  // [B, H, T, D]
    var (k, v) = (try parts.keys.transposed(1, 2), try parts.values.transposed(1, 2))  // [B, G, T, D]
    if let cache = context.cache { (k, v) = try cache.memory.storing(k, v, from: cache.start) }  // [B, G, S, D]
    return try output(attended(q, k, v, context).transposed(1, 2).reshaped(b, t, -1))  // [B, T, C]
  }

  /// Maps queries `[B, H, T, D]`, keys and values `[B, G, S, D]` to `[B, H, T, D]`.
  private func attended(_ q: Tensor, _ k: Tensor, _ v: Tensor, _ context: LayerContext) throws -> Tensor {
    if context.wants(.attentionWeights) {
      let shared = heads / keyValueHeads
      let weights = try context.passed(
        .attentionWeights, attentionWeights(q, k.repeatedHeads(shared), mask: context.mask))
      return try matmul(weights.cast(to: v.dtype), v.repeatedHeads(shared))
    }
    var rate = 0.0
    if case .training(let random) = context.mode, dropout.rate > 0 {
      try Torch.seed(random.split("attention probabilities"))
      rate = dropout.rate
    }
    if let sparse = context.sparse { return try sparse(q, k, v, dropout: rate) }
    return try scaledDotProductAttention(q, k, v, mask: context.mask, dropout: rate)
  }

  /// Norms and scales the queries and keys of each head where the model does: `[B, T, (H+2G)·D]` both.
  private func adjusted(_ projected: Tensor, _ rotary: Rotary?) throws -> Tensor {
    let decay = rotary?.decay
    if headNorms == nil, queryFactor == 1, decay == nil { return projected }
    let (b, t, width) = try projected.sizes("projected", as: "B T C")
    let parts = try projected.reshaped(b, t, heads + 2 * keyValueHeads, headWidth)
      .split([heads, keyValueHeads, keyValueHeads], axis: 2)
    var (queries, keys) = (parts[0], parts[1])
    if let headNorms {
      queries = try headNorms.query(queries.cast(to: .float32).contiguous(), as: projected.dtype)
      keys = try headNorms.key(keys.cast(to: .float32).contiguous(), as: projected.dtype)
    }
    if queryFactor != 1 { queries = try (queries * queryFactor).cast(to: projected.dtype) }
    if let decay {
      // Both places of a pair decay alike, so this may come before they are turned.
      queries = try (queries * decay.query).cast(to: projected.dtype)
      keys = try (keys * decay.key).cast(to: projected.dtype)
    }
    return try Tensor.concatenated([queries, keys, parts[2]], axis: 2).reshaped(b, t, width)
  }

  /// The working precision.
  var dtype: DType { projection.dtype }
}

extension Tensor {
  /// Heads `[B, G, S, D]`, each `count` times: `[B, G·count, S, D]`.
  func repeatedHeads(_ count: Int) throws -> Tensor {
    if count == 1 { return self }
    let (b, g, s, d) = try sizes("heads", as: "B G S D")
    return try withNewAxis(at: 2).expanded(to: [b, g, count, s, d]).reshaped(b, g * count, s, d)
  }
}

extension Attention {
  func visit(_ visitor: inout some ParameterVisitor, _ names: CheckpointNames, _ layout: RotaryLayout) throws {
    func queries(_ head: Int) -> [Range<Int>] { layout.places(from: head * headWidth) }
    func keys(_ head: Int) -> [Range<Int>] { layout.places(from: (heads + head) * headWidth) }
    func values(_ head: Int) -> Range<Int> {
      let start = (heads + keyValueHeads + head) * headWidth
      return start..<start + headWidth
    }
    let (allQueries, allKeys) = ((0..<heads).flatMap(queries), (0..<keyValueHeads).flatMap(keys))
    let allValues = (0..<keyValueHeads).map(values)
    let stored: [(name: String, rows: [Range<Int>])]
    switch names.attention {
    case .separate(let query, let key, let value): stored = [(query, allQueries), (key, allKeys), (value, allValues)]
    case .stacked(let name): stored = [(name, allQueries + allKeys + allValues)]
    case .interleaved(let name):
      stored = [(name, (0..<heads).flatMap { queries($0) + keys($0) + [values($0)] })]
    }
    try projection.visit(&visitor, stored, transposed: names.isTransposed)
    try output.visit(
      &visitor, names.attentionOutput, norm: names.attentionInnerNorm, transposed: names.isTransposed)
    guard let headNorms else { return }
    try visitor.norm(names.queryNorm, headNorms.query, rows: layout.places(from: 0))
    try visitor.norm(names.keyNorm, headNorms.key, rows: layout.places(from: 0))
  }
}
