public import GroveTensor

/// A method with all its parameters, for the tensors of one name.
public enum TensorMerge: Equatable, Sendable {
  case linear(LinearMerge)
  case taskArithmetic(TaskArithmeticMerge)
  case spherical(SphericalMerge)
  case multiSpherical(MultiSphericalMerge)
  case modelStock(ModelStockMerge)
  /// The only input, times a factor; nil leaves it as it is, bit by bit.
  case passthrough(scale: Double?)

  /// The merged tensor, in float32 or float64.
  /// - Throws: `GroveError` where the values have no answer, `TorchError` where memory runs out.
  public func callAsFunction(_ inputs: MergeInputs) throws -> Tensor {
    switch self {
    case .linear(let merge): try merge.merge(inputs)
    case .taskArithmetic(let merge): try merge.merge(inputs)
    case .spherical(let merge): try merge.merge(inputs)
    case .multiSpherical(let merge): try merge.merge(inputs)
    case .modelStock(let merge): try merge.merge(inputs)
    case .passthrough(let scale): try scale.map { try inputs.tensor(0) * $0 } ?? inputs.tensor(0)
    }
  }
}
