public import GroveCore

/// What recipes about continued pre-training share: a model, the texts, and the run that everything goes on from.
public struct ContinuedPretrainingConfig: Config, DecoderShape, TextStreamSettings {
  /// Trainings of each arm.
  public var seeds = 1
  /// Width of the residual stream, C. That of the feed-forward layers is 8/3 of it, rounded up to a multiple of 8.
  public var width = 48
  /// Blocks, L.
  public var layers = 2
  /// Heads of attention, H. They divide the width into parts of even width.
  public var heads = 4
  /// Ids of the models, and the most that the tokenizer learns; at least 257, for 256 bytes and the end of text.
  public var vocabularySize = 1024
  /// Positions of a training sequence, T.
  public var contextLength = 128
  /// Sequences of a step, B.
  public var batchSize = 8
  /// The peak of the base's schedule, and the unit of the others'.
  public var learningRate = 5e-3
  /// The rate at the end of a schedule as a share of its peak; times `learningRate`, what the arms without a re-warm-up
  /// keep to.
  public var floorShare = 0.1
  /// Steps of the base, a hundredth of them its warm-up.
  public var baseSteps = 1200
  /// Steps of a continuation.
  public var steps = 400
  /// Warm-up of a continuation, as a share of its steps.
  public var warmupShare = 0.01
  /// Regular validations of a run, beside those after its first steps.
  public var validations = 20
  /// Held-out tokens of each stream that judge a run while it trains; all of them judge its end.
  public var validationTokens = 4096
  /// Share of the documents that are held out.
  public var heldOutShare = 0.12
  /// Documents are taken from a file until it has given a stream so many bytes; 0 takes all.
  public var bytesPerPart = 0
  /// The texts.
  public var streams: [TextStream] = []

  public init() {}

  public func issues() -> [ConfigIssue] {
    var issues = ConfigIssue.notPositive([
      "seeds": seeds, "batchSize": batchSize, "baseSteps": baseSteps, "steps": steps, "validations": validations,
      "validationTokens": validationTokens,
    ])
    issues += shapeIssues()
    issues += ConfigIssue.notPositive(["learningRate": learningRate])
    if !(0 < floorShare && floorShare < 1) {
      issues.append(ConfigIssue("floorShare", "\(floorShare) is outside (0, 1)"))
    }
    if !(0..<1).contains(warmupShare) { issues.append(ConfigIssue("warmupShare", "\(warmupShare) is outside [0, 1)")) }
    return issues + textIssues()
  }

  /// What an arm of so many steps costs.
  func plan(_ name: String, steps: Int) -> RecipePlan.Arm {
    plan(name, seeds: seeds, tokens: steps * batchSize * contextLength)
  }
}
