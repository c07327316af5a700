import GroveTensor

/// The matrix from a part of a block back into the residual stream, with a norm before it where Sub-LN has one.
struct StreamOutput {
  let norm: Norm?
  let linear: Linear

  init(_ config: ModelConfig, _ matrix: ModelConfig.Matrix, bias: Bool, weights: InitialWeights) throws {
    let parts = config.architecture
    let inputs = config.matrices().first { $0.kind == matrix }?.inputs ?? config.width
    norm = parts.placement == .within ? try Norm(parts.norm, width: inputs, epsilon: config.normEpsilon) : nil
    linear = try Linear(config, [matrix], bias: bias, weights: weights)
  }

  /// Maps `[…, in]` to `[…, C]` in the working precision.
  func callAsFunction(_ x: Tensor) throws -> Tensor {
    guard let norm else { return try linear(x) }
    return try linear(norm(x.cast(to: .float32).contiguous(), as: x.dtype))
  }

  func visit(
    _ visitor: inout some ParameterVisitor, _ name: String, norm normName: String?, transposed: Bool
  ) throws {
    if let norm, let normName { try visitor.norm(normName, norm) }
    try visitor.linear(name, linear, transposed: transposed)
  }
}
