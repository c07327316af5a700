import GroveCore
public import GroveTensor

/// SwiGLU (Shazeer 2020, arXiv:2002.05202): down(silu(gate(x)) · up(x)), without biases.
///
/// Gate and up come out of one product; checkpoints name rows of its weight.
public struct GatedFeedForward {
  /// A weight of `[2F, C]`: the gate's rows, then those of up.
  public let gateAndUp: Linear
  /// A weight of `[C, F]`.
  public let down: Linear
  let hiddenWidth: Int

  /// - Parameter outputDeviation: standard deviation of the initial weights of `down`; `gateAndUp` has the config's.
  public init(_ config: ModelConfig, outputDeviation: Double, weights: InitialWeights) throws {
    hiddenWidth = config.feedForwardWidth
    gateAndUp = try Linear(
      from: config.width, to: 2 * hiddenWidth, bias: false, deviation: config.initialDeviation,
      weights: weights.split("gateAndUp"))
    down = try Linear(
      from: hiddenWidth, to: config.width, bias: false, deviation: outputDeviation, weights: weights.split("down"))
  }

  /// Rows of the fused weight.
  public var gateRows: Range<Int> { 0..<hiddenWidth }
  public var upRows: Range<Int> { hiddenWidth..<2 * hiddenWidth }

  /// Maps `[B, T, C]` to `[B, T, C]`.
  public func callAsFunction(_ x: Tensor) throws -> Tensor { try down(swiglu(gateAndUp(x))) }
}

/// The feed-forward layer of GPT-2: down(gelu(up(x))), with biases and the tanh form of GELU.
public struct PlainFeedForward {
  /// A weight of `[F, C]`.
  public let up: Linear
  /// A weight of `[C, F]`.
  public let down: Linear

  /// - Parameter outputDeviation: standard deviation of the initial weights of `down`; `up` has the config's.
  public init(_ config: ModelConfig, outputDeviation: Double, weights: InitialWeights) throws {
    up = try Linear(
      from: config.width, to: config.feedForwardWidth, bias: true, deviation: config.initialDeviation,
      weights: weights.split("up"))
    down = try Linear(
      from: config.feedForwardWidth, to: config.width, bias: true, deviation: outputDeviation,
      weights: weights.split("down"))
  }

  /// Maps `[B, T, C]` to `[B, T, C]`.
  public func callAsFunction(_ x: Tensor) throws -> Tensor { try down(up(x).gelu(.tanh)) }
}
