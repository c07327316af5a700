public import GroveCore
public import GroveTrain

/// How a model is tuned to instructions, and on how many it is judged.
public struct InstructionConfig: Config {
  /// Letters that lists are made of, from "a" on.
  public var letters = 16
  /// Letters of the shortest list.
  public var shortest = 2
  /// Letters of the longest list; no letter comes twice.
  public var longest = 4
  /// Steps of a tuning.
  public var steps = 400
  /// Examples of a step, B.
  public var batchSize = 32
  /// Held-out lists that judge each task.
  public var tests = 200
  /// Optimizer and schedule of a tuning.
  public var training = ObjectiveTraining()

  public init() {
    training.optimizer.learningRate = 2e-3
    // What moves a weight is the task alone, so that a difference of weights says what was learned.
    training.optimizer.weightDecay = 0
    training.schedule.warmupSteps = 20
  }

  public func issues() -> [ConfigIssue] {
    var issues = ConfigIssue.notPositive(["steps": steps, "batchSize": batchSize, "tests": tests])
    if !(1...26).contains(letters) { issues.append(ConfigIssue("letters", "\(letters) is outside 1...26")) }
    if !(1 <= shortest && shortest <= longest && longest <= letters) {
      issues.append(ConfigIssue("longest", "there are no lists of \(shortest) to \(longest) of \(letters) letters"))
    } else if Double(tests) > 0.05 * lists {
      issues.append(ConfigIssue("tests", "\(tests) are too many to hold out of \(Int(lists)) lists"))
    }
    return issues + training.issues().under("training")
  }

  /// Lists of the longest kind.
  private var lists: Double { (0..<longest).reduce(1) { $0 * Double(letters - $1) } }
}

extension ContinuedPretrainingConfig {
  /// What a tuning to instructions costs at most.
  func plan(_ name: String, tuning: InstructionConfig) -> RecipePlan.Arm {
    // A response of JSON has some five tokens a letter; prompts have one or two.
    let tokens = tuning.steps * tuning.batchSize * (16 + 8 * tuning.longest)
    return RecipePlan.Arm(
      name: name, seeds: seeds, parameters: model.parameterCount, tokens: tokens,
      operations: Double(tokens) * model.trainingOperationsPerToken)
  }
}
