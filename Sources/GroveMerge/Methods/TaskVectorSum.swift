import GroveTensor

/// What gathers weighted task vectors one after the other.
protocol TaskVectorSum {
  /// Adds a task vector that was multiplied by its weight.
  func add(_ delta: Tensor, weight: Double) throws
  /// The sum, or its quotient by the weights that went in.
  func result(normalized: Bool) throws -> Tensor
}

/// The sum of all.
final class PlainSum: TaskVectorSum {
  private let sum: Tensor
  private var weights = 0.0

  init(like base: Tensor) throws { sum = try Tensor.zeros(base.shape, base.dtype) }

  func add(_ delta: Tensor, weight: Double) throws {
    try sum.add(delta)
    weights += weight
  }

  func result(normalized: Bool) throws -> Tensor {
    // Weights that cancel out leave the sum as it is.
    if normalized, abs(weights) >= 1e-8 {
      let divisor = try Tensor([weights], []).cast(to: sum.dtype)
      try MergeOperators.divideInto.run(.tensor(sum), .tensor(divisor))
    }
    return sum
  }
}

/// At each element the sum of those that have the sign of the whole sum (TIES, arXiv:2306.01708, §3.2 and 3.3).
///
/// The sums of positive and of negative elements grow side by side, so no task vector has to be kept or made twice.
final class ElectedSum: TaskVectorSum {
  private let sum: Tensor
  private let positive: Tensor
  private let negative: Tensor
  private let positiveWeights: Tensor?
  private let negativeWeights: Tensor?

  init(like base: Tensor, normalizes: Bool) throws {
    func zeros() throws -> Tensor { try Tensor.zeros(base.shape, base.dtype) }
    (sum, positive, negative) = (try zeros(), try zeros(), try zeros())
    (positiveWeights, negativeWeights) = normalizes ? (try zeros(), try zeros()) : (nil, nil)
  }

  func add(_ delta: Tensor, weight: Double) throws {
    try sum.add(delta)
    try positive.add(MergeOperators.clamp.tensor(.tensor(delta), .number(0), .none))
    try negative.add(MergeOperators.clamp.tensor(.tensor(delta), .none, .number(0)))
    try positiveWeights?.add(delta.isGreater(than: 0).cast(to: delta.dtype), times: weight)
    try negativeWeights?.add(delta.isLess(than: 0).cast(to: delta.dtype), times: weight)
  }

  func result(normalized: Bool) throws -> Tensor {
    let isNegative = try sum.isLess(than: 0)
    let elected = try Tensor.choosing(isNegative, negative, positive)
    if let positiveWeights, let negativeWeights {
      let weights = try Tensor.choosing(isNegative, negativeWeights, positiveWeights)
      let divisor = try weights.filled(1, where: weights.equals(0))
      try MergeOperators.divideInto.run(.tensor(elected), .tensor(divisor))
    }
    return elected
  }
}
