import GroveCore
import GroveTensor

/// CoLT5's attention (Ainslie et al. 2023, arXiv:2303.09752, §3.2): light heads see the positions around each one, and
/// heavy heads join a few chosen queries with a few chosen keys of the whole text. No positions but T5's biases.
struct RoutedAttention: TokenMixer {
  private let light: LocalAttention
  private let query: Linear
  private let keyAndValue: Linear
  private let heavyOutput: StreamOutput
  let queryRouter: Router
  let keyRouter: Router
  private let config: ModelConfig
  private let heavy: Int

  init(_ config: ModelConfig, weights: InitialWeights) throws {
    self.config = config
    heavy = config.attention.heads - config.routing.lightHeads
    func part(_ heads: Int) -> ModelConfig {
      var part = config
      (part.attention.heads, part.attention.keyValueHeads, part.attention.headWidth) = (heads, heads, config.headWidth)
      return part
    }
    let bias = config.architecture.attentionBias
    light = try LocalAttention(part(config.routing.lightHeads), weights: weights)
    query = try Linear(part(heavy), [.query], bias: bias != .none, weights: weights.split("query"))
    keyAndValue = try Linear(part(heavy), [.key, .value], bias: bias != .none, weights: weights.split("keyAndValue"))
    heavyOutput = try StreamOutput(part(heavy), .attentionOutput, bias: false, weights: weights.split("output"))
    queryRouter = try Router(config, weights: weights.split("query router"))
    keyRouter = try Router(config, weights: weights.split("key router"))
  }

  func callAsFunction(_ x: Tensor, _ context: LayerContext) throws -> Tensor {
    let queries = try queryRouter.choose(x, share: config.routing.share)
    let keys = try keyRouter.choose(x, share: config.routing.keyShare)
    return try queries.adding(attended(x, queries, keys, context), to: light(x, context))
  }

  /// Heavy attention: `[B, M, C]`.
  private func attended(
    _ x: Tensor, _ queries: Router.Choice, _ keys: Router.Choice, _ context: LayerContext
  ) throws -> Tensor {
    let (b, d) = (x.size(0), config.headWidth)
    let (m, n) = (queries.places.size(1), keys.places.size(1))
    let q = try query(queries.rows(of: x)).reshaped(b, m, heavy, d).transposed(1, 2)  // [B, H, M, D]
    let pairs = try keyAndValue(keys.weighted(keys.rows(of: x))).reshaped(b, n, 2 * heavy, d)
      .split([heavy, heavy], axis: 2)
    var mask = AttentionMask.none
    if let bias = context.distance {
      let distances = try keys.places.withNewAxis(at: 1) - queries.places.withNewAxis(at: 2)  // [B, M, N]
      mask = .added(
        try bias(distances: distances, longest: x.size(1)).narrowed(1, from: config.routing.lightHeads, count: heavy)
          .cast(to: q.dtype).contiguous())
    }
    let y = try scaledDotProductAttention(
      scaled(q).contiguous(), pairs[0].transposed(1, 2).contiguous(), pairs[1].transposed(1, 2).contiguous(),
      mask: mask,
      dropout: 0)
    return try heavyOutput(y.transposed(1, 2).reshaped(b, m, -1))
  }

  /// Queries as the kernels want them, which divide by √D.
  private func scaled(_ q: Tensor) throws -> Tensor {
    let scale = config.attention.scale
    return try scale > 0 ? (q * (scale * Double(config.headWidth).squareRoot())).cast(to: q.dtype) : q
  }

  func visit(_ visitor: inout some ParameterVisitor, _ names: CheckpointNames, _ layout: RotaryLayout) throws {
    guard case .separate(let q, let k, let v) = names.attention else {
      preconditionFailure("routed attention is for encoders")
    }
    let far = heavy * config.headWidth
    try light.visit(&visitor, names, suffix: "_light")
    try query.visit(&visitor, [(q, [0..<far])])
    try keyAndValue.visit(&visitor, [(k, [0..<far]), (v, [far..<2 * far])])
    try heavyOutput.visit(&visitor, names.attentionOutput, norm: nil, transposed: false)
    if let weight = queryRouter.weight { try visitor.tensor("\(q)_router.weight", weight) }
    if let weight = keyRouter.weight { try visitor.tensor("\(k)_router.weight", weight) }
  }

  var dtype: DType { query.dtype }
}

/// CoLT5's feed-forward layer (the same, §3.1): a narrow one for all positions, and a wide one beside it for a few.
struct RoutedFeedForward: FeedForwardLayer {
  let light: FeedForward
  let heavy: FeedForward
  let router: Router
  private let share: Double

  init(_ config: ModelConfig, weights: InitialWeights) throws {
    var narrow = config
    narrow.feedForwardWidth = config.routing.lightWidth
    light = try FeedForward(narrow, weights: weights.split("light"))
    var wide = config
    wide.feedForwardWidth = config.routing.heavyWidth > 0 ? config.routing.heavyWidth : config.feedForwardWidth
    heavy = try FeedForward(wide, weights: weights.split("heavy"))
    router = try Router(config, weights: weights.split("router"))
    share = config.routing.share
  }

  func callAsFunction(_ x: Tensor) throws -> Tensor {
    let choice = try router.choose(x, share: share)
    return try choice.adding(heavy(choice.rows(of: x)), to: light(x))
  }

  func visit(_ visitor: inout some ParameterVisitor, _ names: CheckpointNames) throws {
    var narrow = names
    (narrow.gate, narrow.up, narrow.down) = ("\(names.gate)_light", "\(names.up)_light", "\(names.down)_light")
    narrow.plainUp = names.plainUp.map { "\($0)_light" }
    try light.visit(&visitor, narrow)
    try heavy.visit(&visitor, names)
    if let weight = router.weight { try visitor.tensor("\(names.up)_router.weight", weight) }
  }
}
