import GroveCore
import GroveTensor

/// Attention of every position to those within a radius, before it and behind it (Guo et al. 2021, arXiv:2112.07916, §3.1.1):
/// a cost that grows with the length and not with its square. No positions but T5's biases.
struct LocalAttention: TokenMixer {
  /// Of `[3·H·D, C]`.
  private let projection: Linear
  private let output: StreamOutput
  private let config: ModelConfig

  /// - Parameter config: says how many heads there are; biases of distances are those of the first ones.
  init(_ config: ModelConfig, weights: InitialWeights) throws {
    self.config = config
    let bias = config.architecture.attentionBias
    projection = try Linear(
      config, [.query, .key, .value], bias: bias != .none, weights: weights.split("light projection"))
    output = try StreamOutput(config, .attentionOutput, bias: bias == .all, weights: weights.split("light output"))
  }

  /// In blocks of the radius, each with its neighbours.
  func callAsFunction(_ x: Tensor, _ context: LayerContext) throws -> Tensor {
    let (b, t, _) = try x.sizes("x", as: "B T C")
    let (r, h, d) = (config.routing.radius, config.attention.heads, config.headWidth)
    let blocks = (t + r - 1) / r
    let parts = try projection(x).reshaped(b, t, 3 * h, d).split([h, h, h], axis: 2)
    func inBlocks(_ x: Tensor) throws -> Tensor {
      let gap = try Tensor.zeros([b, blocks * r - t, h, d], x.dtype, on: x.device)
      return try Tensor.concatenated([x, gap], axis: 1).reshaped(b, blocks, r, h, d).permuted(0, 3, 1, 2, 4)
    }
    func withNeighbours(_ x: Tensor) throws -> Tensor {
      let none = try Tensor.zeros([b, h, 1, r, d], x.dtype, on: x.device)
      let wide = try Tensor.concatenated([none, x, none], axis: 2)
      return try .concatenated((0..<3).map { try wide.narrowed(2, from: $0, count: blocks) }, axis: 3)
    }
    let (keys, values) = (try withNeighbours(inBlocks(parts[1])), try withNeighbours(inBlocks(parts[2])))
    let q = try inBlocks(parts[0]) * scale
    let scores = try matmul(q, keys.transposed(-1, -2)).cast(to: .float32)  // [B, H, N, r, 3r]
    let weights = try (scores + near(context, x.device) + inside(blocks, t, x.device)).softmax(-1).cast(to: x.dtype)
    let y = try matmul(weights, values).permuted(0, 2, 3, 1, 4).reshaped(b, blocks * r, h * d)
    return try output(y.narrowed(1, from: 0, count: t))
  }

  private var scale: Double {
    config.attention.scale > 0 ? config.attention.scale : 1 / Double(config.headWidth).squareRoot()
  }

  /// What a distance adds, `[1, H or 1, 1, r, 3r]`: its bias within the radius, −∞ beyond.
  private func near(_ context: LayerContext, _ device: Device) throws -> Tensor {
    let r = config.routing.radius
    let distances = (0..<r).flatMap { query in (0..<3 * r).map { $0 - r - query } }
    let hidden = try Tensor(distances.map { Float(abs($0) <= r ? 0 : -Float.infinity) }, [1, 1, 1, r, 3 * r])
      .moved(to: device)
    guard let bias = context.distance else { return hidden }
    let table = try bias(
      distances: Tensor(distances.map(Int64.init), [1, r, 3 * r]).moved(to: device), longest: 3 * r)
    return try table.narrowed(1, from: 0, count: config.attention.heads).withNewAxis(at: 2) + hidden
  }

  /// 0 for keys of the text, `[N, 1, 3r]`, and a number that leaves them no weight for what fills up the blocks. It is finite:
  /// a query behind the end may have no other key.
  private func inside(_ blocks: Int, _ t: Int, _ device: Device) throws -> Tensor {
    let r = config.routing.radius
    let values = (0..<blocks).flatMap { block in
      ((block - 1) * r..<(block + 2) * r).map { (0..<t).contains($0) ? Float(0) : -1e9 }
    }
    return try Tensor(values, [blocks, 1, 3 * r]).moved(to: device)
  }

  func visit(_ visitor: inout some ParameterVisitor, _ names: CheckpointNames, _ layout: RotaryLayout) throws {
    try visit(&visitor, names, suffix: "")
  }

  /// - Parameter suffix: behind the name of each matrix.
  func visit(_ visitor: inout some ParameterVisitor, _ names: CheckpointNames, suffix: String) throws {
    guard case .separate(let q, let k, let v) = names.attention else {
      preconditionFailure("local attention is for encoders")
    }
    let rows = config.attention.heads * config.headWidth
    let stored = [q, k, v].enumerated().map { ("\($1)\(suffix)", [$0 * rows..<($0 + 1) * rows]) }
    try projection.visit(&visitor, stored)
    try output.visit(&visitor, "\(names.attentionOutput)\(suffix)", norm: nil, transposed: false)
  }

  var dtype: DType { projection.dtype }
}
