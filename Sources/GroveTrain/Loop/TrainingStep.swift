import GroveCore
public import GroveTensor

/// One optimisation step: loss and gradients over the micro-batches, clipping, update. Any objective trains through it.
///
/// Several processes take a step together: each has its share of the micro-batches, and all move their weights alike.
public struct TrainingStep {
  let optimizer: Optimizer
  /// Largest norm of the gradient of all parameters together; 0 does not clip.
  let gradientClip: Double
  private let processes: ProcessGroup
  /// Nil for a process that is alone.
  private let reduction: GradientReduction?

  /// What came of a step.
  public struct Result: Sendable {
    /// Mean over the micro-batches, those of all processes.
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
    processes = ProcessGroup()
    reduction = nil
  }

  /// A step that all processes of a group take together.
  public init(optimizer: Optimizer, gradientClip: Double, processes: ProcessGroup) throws {
    self.optimizer = optimizer
    self.gradientClip = gradientClip
    self.processes = processes
    reduction =
      processes.size > 1 ? try GradientReduction(processes, optimizer.slots.map(\.parameter.working)) : nil
  }

  /// - Parameters:
  ///   - microBatches: how many losses of this process make the step's, as many as of any other; each counts the same.
  ///   - loss: the mean loss of a micro-batch, a scalar that every parameter of the optimizer has a part in.
  public func callAsFunction(
    microBatches: Int, learningRate: Double, loss: (_ index: Int) throws -> Tensor
  ) throws -> Result {
    let (losses, gradients) = try passes(microBatches, loss)
    let count = Double(microBatches * processes.size)
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

  /// Losses and gradients of all micro-batches, summed.
  private func passes(
    _ microBatches: Int, _ loss: (_ index: Int) throws -> Tensor
  ) throws -> (losses: Double, gradients: [Tensor]) {
    var losses = 0.0
    var gradients: [Tensor] = []
    for index in 0..<microBatches {
      let loss = try loss(index)
      losses += try loss.item()
      let isLast = index == microBatches - 1
      if let reduction {
        // A loss that is not finite does not end the step here: the others wait for these sums.
        reduction.prepare(isFirst: index == 0, isLast: isLast)
        try loss.backward()
      } else {
        guard losses.isFinite else { break }
        try loss.backward()
        gradients = try gathered(gradients, isLast: isLast)
      }
    }
    guard let reduction else { return (losses, gradients) }
    gradients = try zip(optimizer.slots, reduction.finish()).map { slot, sum in
      guard let sum else { throw withoutPart(slot) }
      return sum
    }
    return (try processes.sum([losses])[0], gradients)
  }

  private func withoutPart(_ slot: Optimizer.Slot) -> GroveError {
    GroveError(.argument, slot.name, "had no part in the loss, so it has no gradient")
  }

  /// The sums of the gradients so far. A single micro-batch needs no sum; several are summed in float32.
  private func gathered(_ sums: [Tensor], isLast: Bool) throws -> [Tensor] {
    let new = try optimizer.slots.map { slot in
      guard let gradient = try slot.parameter.working.gradient() else { throw withoutPart(slot) }
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
