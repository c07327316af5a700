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
  /// Of the queries and of the keys of a head; nil where they are not normed.
  let headNorms: (query: Norm, key: Norm)?
  let heads: Int
  let keyValueHeads: Int
  let headWidth: Int
  /// What queries are multiplied by, besides the 1/√D of the kernels.
  private let queryFactor: Double
  let dropout: Dropout

  /// - Parameter outputDeviation: standard deviation of the initial weights of `output`; `projection` has the config's.
  public init(_ config: ModelConfig, outputDeviation: Double, weights: InitialWeights) throws {
    let parts = config.architecture
    heads = config.attention.heads
    keyValueHeads = config.attention.keyValueHeads
    headWidth = config.headWidth
    queryFactor = config.attention.scale > 0 ? config.attention.scale * Double(headWidth).squareRoot() : 1
    dropout = Dropout(rate: config.dropout)
    let (queries, keys) = (heads * headWidth, keyValueHeads * headWidth)
    projection = try Linear(
      from: config.width, to: queries + 2 * keys, bias: parts.attentionBias != .none,
      deviation: config.initialDeviation,
      parts: [0..<queries, queries..<queries + keys, queries + keys..<queries + 2 * keys],
      weights: weights.split("projection"))
    output = try Linear(
      from: queries, to: config.width, bias: parts.attentionBias == .all, deviation: outputDeviation,
      weights: weights.split("output"))
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
    let projected = try adjusted(projection(x))  // [B, T, (H+2G)·D]
    let angles = context.rotary.map { ($0.cosine, $0.sine) }
    if let cache = context.cache {
      let attended = try cachedAttention(
        projected, heads: heads, angles: angles, mask: context.mask, cache: cache.memory, from: cache.start)
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

  /// Norms the queries and keys of each head, and scales queries, where the model does: `[B, T, (H+2G)·D]` both.
  private func adjusted(_ projected: Tensor) throws -> Tensor {
    if headNorms == nil, queryFactor == 1 { return projected }
    let (b, t, width) = try projected.sizes("projected", as: "B T C")
    let parts = try projected.reshaped(b, t, heads + 2 * keyValueHeads, headWidth)
      .split([heads, keyValueHeads, keyValueHeads], axis: 2)
    var (queries, keys) = (parts[0], parts[1])
    if let headNorms {
      queries = try headNorms.query(queries.cast(to: .float32).contiguous(), as: projected.dtype)
      keys = try headNorms.key(keys.cast(to: .float32).contiguous(), as: projected.dtype)
    }
    if queryFactor != 1 { queries = try (queries * queryFactor).cast(to: projected.dtype) }
    return try Tensor.concatenated([queries, keys, parts[2]], axis: 2).reshaped(b, t, width)
  }

  /// The working precision.
  var dtype: DType { projection.dtype }
}

extension Attention {
  /// Shows the tensors as a checkpoint stores them.
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
    for (name, rows) in stored {
      try visitor.tensor("\(name).weight", projection.weight, rows: rows, transposed: names.isTransposed)
      if let bias = projection.bias { try visitor.tensor("\(name).bias", bias, rows: rows) }
    }
    try visitor.linear(names.attentionOutput, output, transposed: names.isTransposed)
    guard let headNorms else { return }
    try visitor.norm(names.queryNorm, headNorms.query, rows: layout.places(from: 0))
    try visitor.norm(names.keyNorm, headNorms.key, rows: layout.places(from: 0))
  }
}
