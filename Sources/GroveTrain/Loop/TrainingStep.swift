import GroveCore
public import GroveTensor

/// One optimisation step: loss and gradients over the micro-batches, clipping, update. Any objective trains through it.
public struct TrainingStep {
  let optimizer: Optimizer
  /// Largest norm of the gradient of all parameters together; 0 does not clip.
  let gradientClip: Double

  /// What came of a step.
  public struct Result: Sendable {
    /// Mean over the micro-batches.
    public let lossNats: Double
    /// Before clipping.
    public let gradientNorm: Double
    /// What kept the optimizer from moving the weights, in words: a loss or norm that is not finite.
    public var problem: String? {
      let figures = [("loss", lossNats), ("gradient's norm", gradientNorm)]
      guard let (name, value) = figures.first(where: { !$0.1.isFinite }) else { return nil }
      return "the \(name) is \(value.isNaN ? "not a number" : "\(value)")"  // the sign of a NaN means nothing
    }
  }

  /// - Parameter gradientClip: largest norm of all gradients together; 0 does not clip.
  public init(optimizer: Optimizer, gradientClip: Double) {
    self.optimizer = optimizer
    self.gradientClip = gradientClip
  }

  /// - Parameters:
  ///   - microBatches: how many losses make the step's; each counts the same.
  ///   - loss: the mean loss of a micro-batch, a scalar that every parameter of the optimizer has a part in.
  public func callAsFunction(
    microBatches: Int, learningRate: Double, loss: (_ index: Int) throws -> Tensor
  ) throws -> Result {
    var losses = 0.0
    var gradients: [Tensor] = []
    for index in 0..<microBatches {
      let loss = try loss(index)
      losses += try loss.item()
      guard losses.isFinite else { break }
      try loss.backward()
      gradients = try gathered(gradients, isLast: index == microBatches - 1)
    }
    let count = Double(microBatches)
    guard losses.isFinite else {
      try clear()
      return Result(lossNats: losses / count, gradientNorm: .nan)
    }
    let norm = try sumOfSquares(gradients).squareRoot() / count
    if norm.isFinite {
      let clip = gradientClip > 0 && norm > gradientClip ? gradientClip / norm : 1
      try optimizer.step(gradients, learningRate: learningRate, gradientScale: clip / count)
    }
    try clear()
    return Result(lossNats: losses / count, gradientNorm: norm)
  }

  /// The sums of the gradients so far. A single micro-batch needs no sum; several are summed in float32.
  private func gathered(_ sums: [Tensor], isLast: Bool) throws -> [Tensor] {
    let new = try optimizer.slots.map { slot in
      guard let gradient = try slot.parameter.working.gradient() else {
        throw GroveError(.argument, slot.name, "had no part in the loss, so it has no gradient")
      }
      return gradient
    }
    if sums.isEmpty, isLast { return new }
    defer { try? clear() }
    if sums.isEmpty { return try new.map { try $0.cast(to: .float32).copied() } }
    for (sum, gradient) in zip(sums, new) { try sum.add(gradient) }
    return sums
  }

  private func clear() throws {
    for slot in optimizer.slots { try slot.parameter.working.clearGradient() }
  }
}
