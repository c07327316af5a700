public import GroveTensor

/// The average of models in which each element is weighted by what its model's data say about it:
/// Σ wᵢ (Fᵢ + ε) θᵢ / Σ wᵢ (Fᵢ + ε), with the diagonal of the Fisher information.
///
/// - Source: Matena and Raffel 2021, "Merging models with Fisher-weighted averaging" (arXiv:2111.09832), §3. We differ: ε is
///   added to the information, so that elements which no model needs are averaged rather than left to rounding.
public struct FisherMerge: Equatable, Sendable {
  /// One for each model, positive.
  public var weights: [Double]
  /// The ε that is added to the information.
  public var floor: Double

  public init(weights: [Double], floor: Double) {
    self.weights = weights
    self.floor = floor
  }

  /// The merged tensor. Memory: two sums and one input.
  /// - Parameter information: the diagonal for a model, of its tensor's shape, by the model's place.
  public func merge(_ inputs: MergeInputs, information: (Int) throws -> Tensor) throws -> Tensor {
    precondition(weights.count == inputs.count && !weights.isEmpty, "\(weights.count) weights, \(inputs.count) models")
    var (sum, total): (Tensor?, Tensor?) = (nil, nil)
    for index in 0..<inputs.count {
      let tensor = try inputs.tensor(index)
      let sure = try (information(index).cast(to: tensor.dtype) + floor) * weights[index]
      sum = try sum.map { try $0 + tensor * sure } ?? tensor * sure
      total = try total.map { try $0 + sure } ?? sure
    }
    guard let sum, let total else { preconditionFailure("\(inputs.name): nothing to merge") }
    return try sum / total
  }
}
