import GroveCore
import GroveTensor

/// CoLT5's attention (Ainslie et al. 2023, arXiv:2303.09752, §3.2): light heads see the positions around each one, and
/// heavy heads join a few chosen queries with a few chosen keys of the whole text. No positions but T5's biases.
struct RoutedAttention: TokenMixer {
  /// Of `[3·H'·D, C]`, for the light heads H'.
  private let lightProjection: Linear
  private let lightOutput: StreamOutput
  private let query: Linear
  private let keyAndValue: Linear
  private let heavyOutput: StreamOutput
  private let queryRouter: Router
  private let keyRouter: Router
  private let config: ModelConfig
  private let light: Int
  private let heavy: Int

  init(_ config: ModelConfig, weights: InitialWeights) throws {
    self.config = config
    light = config.routing.lightHeads
    heavy = config.attention.heads - light
    func part(_ heads: Int) -> ModelConfig {
      var part = config
      (part.attention.heads, part.attention.keyValueHeads, part.attention.headWidth) = (heads, heads, config.headWidth)
      return part
    }
    let bias = config.architecture.attentionBias
    lightProjection = try Linear(
      part(light), [.query, .key, .value], bias: bias != .none, weights: weights.split("light projection"))
    lightOutput = try StreamOutput(
      part(light), .attentionOutput, bias: bias == .all, weights: weights.split("light output"))
    query = try Linear(part(heavy), [.query], bias: bias != .none, weights: weights.split("query"))
    keyAndValue = try Linear(part(heavy), [.key, .value], bias: bias != .none, weights: weights.split("keyAndValue"))
    heavyOutput = try StreamOutput(part(heavy), .attentionOutput, bias: false, weights: weights.split("output"))
    queryRouter = try Router(config, weights: weights.split("query router"))
    keyRouter = try Router(config, weights: weights.split("key router"))
  }

  func callAsFunction(_ x: Tensor, _ context: LayerContext) throws -> Tensor {
    let queries = try queryRouter.choose(x, share: config.routing.share)
    let keys = try keyRouter.choose(x, share: config.routing.keyShare)
    return try queries.adding(
      attended(x, queries, keys, context), to: lightOutput(nearby(x, context)))
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
        try bias(distances: distances, longest: x.size(1)).narrowed(1, from: light, count: heavy)
          .cast(to: q.dtype).contiguous())
    }
    let y = try scaledDotProductAttention(
      scaled(q).contiguous(), pairs[0].transposed(1, 2).contiguous(), pairs[1].transposed(1, 2).contiguous(),
      mask: mask,
      dropout: 0)
    return try heavyOutput(y.transposed(1, 2).reshaped(b, m, -1))
  }

  /// Light attention in blocks of the radius, each with its neighbours: `[B, T, H'·D]`.
  private func nearby(_ x: Tensor, _ context: LayerContext) throws -> Tensor {
    let (b, t, _) = try x.sizes("x", as: "B T C")
    let (r, d) = (config.routing.radius, config.headWidth)
    let blocks = (t + r - 1) / r
    let parts = try lightProjection(x).reshaped(b, t, 3 * light, d).split([light, light, light], axis: 2)
    func inBlocks(_ x: Tensor) throws -> Tensor {
      let gap = try Tensor.zeros([b, blocks * r - t, light, d], x.dtype, on: x.device)
      return try Tensor.concatenated([x, gap], axis: 1).reshaped(b, blocks, r, light, d).permuted(0, 3, 1, 2, 4)
    }
    func withNeighbours(_ x: Tensor) throws -> Tensor {
      let none = try Tensor.zeros([b, light, 1, r, d], x.dtype, on: x.device)
      let wide = try Tensor.concatenated([none, x, none], axis: 2)
      return try .concatenated((0..<3).map { try wide.narrowed(2, from: $0, count: blocks) }, axis: 3)
    }
    let (keys, values) = (try withNeighbours(inBlocks(parts[1])), try withNeighbours(inBlocks(parts[2])))
    let q = try scaled(inBlocks(parts[0])) * (1 / Double(d).squareRoot())
    var scores = try matmul(q, keys.transposed(-1, -2)).cast(to: .float32)  // [B, H', N, r, 3r]
    scores = try scores + nearMask(blocks, t, device: x.device)
    if let bias = context.distance {
      let distances = (0..<r).flatMap { query in (0..<3 * r).map { Int64($0 - r - query) } }
      let table = try bias(distances: Tensor(distances, [1, r, 3 * r]).moved(to: x.device), longest: 3 * r)
      scores = try scores + table.narrowed(1, from: 0, count: light).withNewAxis(at: 2)  // [1, H', 1, r, 3r]
    }
    return try matmul(scores.softmax(-1).cast(to: x.dtype), values).permuted(0, 2, 3, 1, 4)
      .reshaped(b, blocks * r, light * d).narrowed(1, from: 0, count: t)
  }

  /// 0 for positions of the text within the radius, `[N, r, 3r]`; −∞ for others. What fills up the last block sees itself.
  private func nearMask(_ blocks: Int, _ t: Int, device: Device) throws -> Tensor {
    let r = config.routing.radius
    var values = [Float](repeating: -.infinity, count: blocks * r * 3 * r)
    for query in 0..<blocks * r {
      for column in 0..<3 * r {
        let key = (query / r - 1) * r + column
        let isSeen = (0..<t).contains(key) && abs(key - query) <= r
        if isSeen || key == query { values[query * 3 * r + column] = 0 }
      }
    }
    return try Tensor(values, [blocks, r, 3 * r]).moved(to: device)
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
    let (near, far) = (light * config.headWidth, heavy * config.headWidth)
    try lightProjection.visit(
      &visitor, [("\(q)_light", [0..<near]), ("\(k)_light", [near..<2 * near]), ("\(v)_light", [2 * near..<3 * near])])
    try lightOutput.visit(&visitor, "\(names.attentionOutput)_light", norm: nil, transposed: false)
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
    heavy = try FeedForward(config, weights: weights.split("heavy"))
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
