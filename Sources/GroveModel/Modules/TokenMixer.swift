import GroveTensor

/// The part of a block in which positions read each other.
protocol TokenMixer {
  /// Maps `[B, T, C]` to `[B, T, C]`.
  func callAsFunction(_ x: Tensor, _ context: LayerContext) throws -> Tensor
  /// Shows the tensors as a checkpoint stores them.
  func visit(_ visitor: inout some ParameterVisitor, _ names: CheckpointNames, _ layout: RotaryLayout) throws
  /// The working precision.
  var dtype: DType { get }
}

extension ModelConfig {
  /// What mixes the positions of a block.
  func makeMixer(weights: InitialWeights) throws -> any TokenMixer {
    switch routing.kind {
    case .none: break
    case .local: return try LocalAttention(self, weights: weights)
    case .learned, .random: return try RoutedAttention(self, weights: weights)
    }
    return switch attention.kind {
    case .softmax: try Attention(self, weights: weights)
    case .attentionFree: try AttentionFree(self, weights: weights)
    case .holographic: try HolographicAttention(self, weights: weights)
    }
  }
}

/// As the function of the same name, for what reads parameters of a model.
func recomputed(
  _ inputs: [Tensor], reading parameters: [Parameter], _ body: @escaping ([Tensor]) throws -> Tensor
) throws -> Tensor {
  try recomputed(inputs, parameters: parameters.map(\.working), body)
}
