public import GroveCore
import GroveModel

/// What recipes about continued pre-training share: a model, the texts, and the run that everything goes on from.
public struct ContinuedPretrainingConfig: Config {
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
    var issues: [ConfigIssue] = []
    for (field, value) in [
      ("seeds", seeds), ("width", width), ("layers", layers), ("contextLength", contextLength),
      ("batchSize", batchSize), ("baseSteps", baseSteps), ("steps", steps), ("validations", validations),
      ("validationTokens", validationTokens),
    ] where value <= 0 { issues.append(ConfigIssue(field, "\(value) is not positive")) }
    if heads <= 0 || width % max(2 * heads, 1) != 0 {
      issues.append(ConfigIssue("heads", "\(heads) heads do not divide width \(width) into even parts"))
    }
    if vocabularySize < 257 { issues.append(ConfigIssue("vocabularySize", "\(vocabularySize) is below 257")) }
    if !(learningRate > 0) { issues.append(ConfigIssue("learningRate", "\(learningRate) is not positive")) }
    for (field, value) in [("floorShare", floorShare), ("heldOutShare", heldOutShare)]
    where !(0 < value && value < 1) { issues.append(ConfigIssue(field, "\(value) is outside (0, 1)")) }
    if !(0..<1).contains(warmupShare) { issues.append(ConfigIssue("warmupShare", "\(warmupShare) is outside [0, 1)")) }
    if bytesPerPart < 0 { issues.append(ConfigIssue("bytesPerPart", "\(bytesPerPart) is negative")) }
    if streams.isEmpty { issues.append(ConfigIssue("streams", "there is none to read")) }
    for (index, stream) in streams.enumerated() { issues += stream.issues().under("streams.\(index)") }
    if Set(streams.map(\.name)).count != streams.count {
      issues.append(ConfigIssue("streams", "two have the same name"))
    }
    return issues
  }

  /// The shape of all models.
  var model: ModelConfig {
    var model = ModelConfig()
    model.vocabularySize = vocabularySize
    model.contextLength = contextLength
    model.width = width
    model.layers = layers
    model.attention.heads = heads
    model.attention.keyValueHeads = heads
    model.feedForwardWidth = (8 * width / 3 + 7) / 8 * 8
    return model
  }

  /// What an arm of so many steps costs.
  func plan(_ name: String, steps: Int) -> RecipePlan.Arm {
    let tokens = steps * batchSize * contextLength
    return RecipePlan.Arm(
      name: name, seeds: seeds, parameters: model.parameterCount, tokens: tokens,
      operations: Double(tokens) * model.trainingOperationsPerToken)
  }

  /// What is wrong with a field that names streams.
  func issues(_ field: String, naming names: [String]) -> [ConfigIssue] {
    names.filter { name in !streams.contains { $0.name == name } }.map {
      ConfigIssue(field, "there is no stream '\($0)' among \(streams.map(\.name).joined(separator: ", "))")
    }
  }
}
