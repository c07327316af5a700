import GroveTensor

/// The matrices of a mixer whose queries, keys and values are as wide as the stream.
struct WidthProjections {
  /// Queries, keys and values: a weight of `[3·C, C]`.
  let input: Linear
  let output: StreamOutput
  private let width: Int

  init(_ config: ModelConfig, weights: InitialWeights) throws {
    let bias = config.architecture.attentionBias
    width = config.width
    input = try Linear(config, [.query, .key, .value], bias: bias != .none, weights: weights.split("projection"))
    output = try StreamOutput(config, .attentionOutput, bias: bias == .all, weights: weights.split("output"))
  }

  /// Shows the tensors as a checkpoint stores them.
  func visit(_ visitor: inout some ParameterVisitor, _ names: CheckpointNames) throws {
    guard case .separate(let query, let key, let value) = names.attention else {
      preconditionFailure("only checkpoints with matrices of their own have such a mixer")
    }
    let stored = [query, key, value].enumerated().map { ($1, [$0 * width..<($0 + 1) * width]) }
    try input.visit(&visitor, stored, transposed: names.isTransposed)
    try output.visit(
      &visitor, names.attentionOutput, norm: names.attentionInnerNorm, transposed: names.isTransposed)
  }

  /// The working precision.
  var dtype: DType { input.dtype }
}
