import GroveCore
public import GroveTensor

/// The part of a block that works on each position by itself.
protocol FeedForwardLayer {
  /// Maps `[B, T, C]` to `[B, T, C]`.
  func callAsFunction(_ x: Tensor) throws -> Tensor
  /// Shows the tensors as a checkpoint stores them.
  func visit(_ visitor: inout some ParameterVisitor, _ names: CheckpointNames) throws
}

extension ModelConfig {
  /// What follows attention in a block.
  func makeFeedForward(weights: InitialWeights) throws -> any FeedForwardLayer {
    try routing.kind.chooses ? RoutedFeedForward(self, weights: weights) : FeedForward(self, weights: weights)
  }
}

/// The feed-forward layer of a block: down(f(up(x))), or down(f(gate(x)) · up(x)) (Shazeer 2020, arXiv:2002.05202).
///
/// Gate and up come out of one product; checkpoints name rows of its weight.
public struct FeedForward: FeedForwardLayer {
  /// A weight of `[F, C]`; of `[2F, C]` with a gate, whose rows come first.
  let input: Linear
  /// A weight of `[C, F]`.
  let down: StreamOutput
  let hiddenWidth: Int
  private let form: FeedForwardConfig.Form
  private let activation: FeedForwardConfig.Activation

  public init(_ config: ModelConfig, weights: InitialWeights) throws {
    let parts = config.architecture
    (form, activation, hiddenWidth) = (parts.feedForward, parts.activation, config.feedForwardWidth)
    input = try Linear(
      config, form == .gated ? [.gate, .up] : [.up], bias: parts.feedForwardBias,
      weights: weights.split(form == .gated ? "gateAndUp" : "up"))
    down = try StreamOutput(config, .down, bias: parts.feedForwardBias, weights: weights.split("down"))
  }

  /// Rows of the fused weight; the gate's are nil where there is none.
  var gateRows: Range<Int>? { form == .gated ? 0..<hiddenWidth : nil }
  var upRows: Range<Int> { form == .gated ? hiddenWidth..<2 * hiddenWidth : 0..<hiddenWidth }

  /// Maps `[B, T, C]` to `[B, T, C]`.
  public func callAsFunction(_ x: Tensor) throws -> Tensor {
    let hidden = try input(x)
    guard form == .gated else { return try down(hidden.activated(activation)) }
    if activation == .silu { return try down(swiglu(hidden)) }
    let parts = try hidden.split([hiddenWidth, hiddenWidth], axis: -1)
    return try down(parts[0].activated(activation) * parts[1])
  }
}

extension Tensor {
  func activated(_ activation: FeedForwardConfig.Activation) throws -> Tensor {
    switch activation {
    case .gelu: try gelu(.exact)
    case .geluTanh: try gelu(.tanh)
    case .relu: try relu()
    case .silu, .family: try silu()
    }
  }
}

extension FeedForward {
  func visit(_ visitor: inout some ParameterVisitor, _ names: CheckpointNames) throws {
    let up = gateRows == nil ? names.plainUp ?? names.up : names.up
    let gate = gateRows.map { [(names.gate, [$0])] } ?? []
    try input.visit(&visitor, gate + [(up, [upRows])], transposed: names.isTransposed)
    try down.visit(&visitor, names.down, norm: names.feedForwardInnerNorm, transposed: names.isTransposed)
  }
}
