import GroveCore
public import GroveTensor

/// The feed-forward layer of a block: down(f(up(x))), or down(f(gate(x)) · up(x)) (Shazeer 2020, arXiv:2002.05202).
///
/// Gate and up come out of one product; checkpoints name rows of its weight.
public struct FeedForward {
  /// A weight of `[F, C]`; of `[2F, C]` with a gate, whose rows come first.
  public let input: Linear
  /// A weight of `[C, F]`.
  public let down: Linear
  let hiddenWidth: Int
  private let form: FeedForwardConfig.Form
  private let activation: FeedForwardConfig.Activation

  /// - Parameter outputDeviation: standard deviation of the initial weights of `down`; `input` has the config's.
  public init(_ config: ModelConfig, outputDeviation: Double, weights: InitialWeights) throws {
    let parts = config.architecture
    (form, activation, hiddenWidth) = (parts.feedForward, parts.activation, config.feedForwardWidth)
    let isGated = form == .gated
    input = try Linear(
      from: config.width, to: isGated ? 2 * hiddenWidth : hiddenWidth, bias: parts.feedForwardBias,
      deviation: config.initialDeviation,
      parts: isGated ? [0..<hiddenWidth, hiddenWidth..<2 * hiddenWidth] : nil,
      weights: weights.split(isGated ? "gateAndUp" : "up"))
    down = try Linear(
      from: hiddenWidth, to: config.width, bias: parts.feedForwardBias, deviation: outputDeviation,
      weights: weights.split("down"))
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
  /// Shows the tensors as a checkpoint stores them.
  func visit(_ visitor: inout some ParameterVisitor, _ names: CheckpointNames) throws {
    let up = gateRows == nil ? names.plainUp ?? names.up : names.up
    for (name, rows) in [(names.gate, gateRows), (up, upRows)] {
      guard let rows else { continue }
      try visitor.tensor("\(name).weight", input.weight, rows: [rows], transposed: names.isTransposed)
      if let bias = input.bias { try visitor.tensor("\(name).bias", bias, rows: [rows]) }
    }
    try visitor.linear(names.down, down, transposed: names.isTransposed)
  }
}
