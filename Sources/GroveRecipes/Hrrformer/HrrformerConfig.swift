public import GroveCore
import GroveModel
public import GroveTrain

/// What the recipe `hrrformer` trains and measures.
public struct HrrformerConfig: Config {
  /// Trainings of each arm.
  public var seeds = 1
  /// Width of the residual stream, C.
  public var width = 64
  /// Blocks, L.
  public var layers = 1
  /// Heads, H; a head of C/H places binds keys and values.
  public var heads = 4
  /// Hidden width of the feed-forward layers; half of the width, as the authors have it.
  public var feedForwardWidth = 32
  /// Files of the corpus whose bytes are told apart, a class each.
  public var kinds: [String] = []
  /// Bytes of a text.
  public var textLength = 256
  /// The most tokens of an expression of nested lists.
  public var listLength = 64
  /// Lists in lists.
  public var listDepth = 3
  /// Held-out texts or expressions for each class.
  public var heldOutPerClass = 40
  public var batchSize = 16
  public var steps = 600
  /// How often a training is judged, at equal distances: the authors' epochs.
  public var evaluations = 20
  public var training = ObjectiveTraining()
  /// Lengths whose training step is timed.
  public var timedLengths = [256, 512, 1024, 2048]
  /// Times that each is measured.
  public var timedRounds = 3

  public init() {}

  public func issues() -> [ConfigIssue] {
    var issues = training.issues().under("training")
    issues += ConfigIssue.notPositive([
      "seeds": seeds, "textLength": textLength, "listDepth": listDepth, "heldOutPerClass": heldOutPerClass,
      "batchSize": batchSize, "evaluations": evaluations, "timedRounds": timedRounds,
    ])
    if listLength < 8 { issues.append(ConfigIssue("listLength", "\(listLength) is below 8")) }
    if steps < evaluations { issues.append(ConfigIssue("steps", "\(steps) cannot be judged \(evaluations) times")) }
    if kinds.count < 2 || Set(kinds).count != kinds.count {
      issues.append(ConfigIssue("kinds", "\(kinds) are not two or more different files"))
    }
    if timedLengths.count < 3 || timedLengths != Array(Set(timedLengths)).sorted() || timedLengths[0] <= 0 {
      issues.append(ConfigIssue("timedLengths", "\(timedLengths) are not three or more rising lengths"))
    }
    return issues + encoder(.holographic, vocabulary: 256, length: textLength).issues()
  }

  /// The encoder with one kind of attention.
  func encoder(_ attention: AttentionConfig.Kind, vocabulary: Int, length: Int) -> EncoderConfig {
    var config = EncoderConfig()
    config.family = .grove
    (config.vocabularySize, config.contextLength) = (vocabulary, length)
    (config.width, config.layers, config.heads, config.feedForwardWidth) = (width, layers, heads, feedForwardWidth)
    (config.parts.placement, config.parts.attention, config.parts.pooling) = (.before, attention, .mean)
    config.parts.initialization = .xavier
    return config
  }
}

extension HrrformerConfig {
  /// A few seconds.
  static var smoke: HrrformerConfig {
    var config = HrrformerConfig()
    (config.width, config.heads, config.feedForwardWidth) = (16, 2, 16)
    config.kinds = ["python", "scripture"]
    (config.textLength, config.listLength, config.listDepth) = (48, 16, 2)
    (config.heldOutPerClass, config.batchSize, config.steps, config.evaluations) = (4, 4, 8, 2)
    (config.timedLengths, config.timedRounds) = ([16, 32, 64], 1)
    return config
  }

  /// One layer of width 64, five seeds.
  static var tiny: HrrformerConfig {
    var config = HrrformerConfig()
    config.seeds = 5
    config.kinds = ["python", "scripture", "dictionary", "math", "manual-en"]
    config.training.optimizer.learningRate = 2e-3
    config.training.optimizer.weightDecay = 0
    config.training.schedule.warmupSteps = 20
    config.timedLengths = [256, 512, 1024, 2048, 4096, 8192]
    return config
  }

  /// The authors' ListOps: six layers of width 512.
  static var full: HrrformerConfig {
    var config = tiny
    (config.width, config.layers, config.heads, config.feedForwardWidth) = (512, 6, 8, 256)
    (config.textLength, config.listLength, config.listDepth) = (4096, 2000, 10)
    (config.batchSize, config.steps, config.heldOutPerClass) = (32, 60_000, 200)
    config.training.optimizer.learningRate = 1e-3
    return config
  }
}
