public import GroveCore
public import GroveModel
public import GroveTensor

/// How to take a fixed number of optimisation steps of any module towards any loss, in memory: for heads, probes and short arms.
/// Runs that write checkpoints belong to `Trainer`.
public struct ObjectiveTraining: Config {
  /// What to do with a step whose loss or gradient is not finite.
  public enum NonFiniteStep: String, Codable, Sendable, CaseIterable {
    /// It ends the training with an error.
    case stop
    /// It moves no weight: that a training goes to pieces can be what is to be found out.
    case skip
  }

  public var optimizer = OptimizerConfig()
  /// Of the learning rate, over the steps that `run` is given.
  public var schedule = ScheduleConfig()
  /// Largest norm of the gradient of all parameters together; 0 does not clip.
  public var gradientClip = 1.0
  /// A step without a finite loss or gradient.
  public var nonFiniteStep = NonFiniteStep.stop

  public init() {}

  public func issues() -> [ConfigIssue] {
    var issues: [ConfigIssue] = []
    if !(gradientClip >= 0) { issues.append(ConfigIssue("gradientClip", "\(gradientClip) is negative")) }
    return issues + optimizer.issues().under("optimizer") + schedule.issues().under("schedule")
  }

  /// Trains a module that is prepared for training, and gives the loss of every step.
  /// - Parameters:
  ///   - steps: a warm-up that is longer ends with them.
  ///   - random: of dropout; a step draws from its own split.
  ///   - loss: the mean loss of a step, counted from 0, that every parameter of the module has a part in.
  ///   - onStep: told the step done, from 1, and its loss; what it throws ends the training.
  /// - Throws: `GroveError` if a loss or gradient is not finite, unless such steps are skipped.
  public func run(
    _ module: some Module, steps: Int, random: RandomKey, loss: (_ step: Int, _ mode: Mode) throws -> Tensor,
    onStep: (_ step: Int, _ lossNats: Double) throws -> Void = { _, _ in }
  ) throws -> [Double] {
    var schedule = schedule
    schedule.warmupSteps = min(schedule.warmupSteps, steps)
    let step = TrainingStep(
      optimizer: try Optimizer(optimizer, parameters: module.parameters()), gradientClip: gradientClip)
    return try (0..<steps).map { index in
      let rate = optimizer.learningRate * schedule.factor(step: index, of: steps)
      let result = try step(microBatches: 1, learningRate: rate) { _ in
        try loss(index, .training(random: random.split(index)))
      }
      if nonFiniteStep == .stop, let problem = result.problem {
        throw GroveError(.mismatch, "step \(index + 1)", problem, remedy: "Lower the learning rate, or clip more.")
      }
      try onStep(index + 1, result.lossNats)
      return result.lossNats
    }
  }
}
