public import GroveTensor

/// The weighted average of models: Σ wᵢ θᵢ, or Σ wᵢ θᵢ / Σ wᵢ.
///
/// Equal weights give the uniform soup, a single weight of 1 the best expert, a domain posterior the weighted parameter
/// average of branch–train–merge.
/// - Source: Wortsman et al. 2022, "Model soups" (arXiv:2203.05482), §2; weights as in Li et al. 2022, "Branch-Train-Merge"
///   (arXiv:2208.03306), §3.2.
public struct LinearMerge: Equatable, Sendable {
  /// One for each model.
  public var weights: [Double]
  /// Whether the sum is divided by the sum of the weights.
  public var normalizes: Bool

  /// - Precondition: weights that are normalized do not sum to 0; configs are checked for it.
  public init(weights: [Double], normalizes: Bool) {
    self.weights = weights
    self.normalizes = normalizes
  }

  /// The merged tensor. Memory: the result and one input.
  public func merge(_ inputs: MergeInputs) throws -> Tensor {
    precondition(weights.count == inputs.count, "\(weights.count) weights for \(inputs.count) models")
    var result: Tensor?
    let coefficients = try Tensor(weights, [weights.count])
    for index in 0..<inputs.count {
      let tensor = try inputs.tensor(index)
      let ones = [Int](repeating: 1, count: tensor.rank)
      let weight = try coefficients.narrowed(0, from: index, count: 1).cast(to: tensor.dtype).reshaped(to: ones)
      let sum = try result ?? Tensor.zeros(tensor.shape, tensor.dtype)
      try MergeOperators.addProduct.run(.tensor(sum), .tensor(tensor), .tensor(weight), .number(1))
      result = sum
    }
    guard let result else { preconditionFailure("\(inputs.name): nothing to merge") }
    if normalizes {
      let total = try coefficients.cast(to: result.dtype).sum()
      try MergeOperators.divideInto.run(.tensor(result), .tensor(total))
    }
    return result
  }
}
