public import GroveCore
import GroveModel

/// What the recipe `multi-query-attention` trains and measures.
public struct MultiQueryConfig: Config {
  /// Model, texts and training; the model is the one whose heads have keys and values of their own.
  public var training = ComparisonConfig()
  /// Positions of prompt and text at which decoding is timed, rising; the last decides.
  public var decodedContexts = [128, 512, 1024]
  /// Texts side by side.
  public var decodedTexts = 32
  /// Tokens of each that are generated and timed, at the end of the context.
  public var decodedTokens = 32
  /// Measurements of each context and model, after one that does not count.
  public var timedRounds = 7

  public init() {
    training.model.vocabularySize = 512
    training.model.width = 96
    (training.model.attention.heads, training.model.attention.keyValueHeads) = (8, 8)
    training.model.feedForward.form = .plain
    training.model.feedForward.activation = .relu
    training.model.feedForwardWidth = 384
  }

  public func issues() -> [ConfigIssue] {
    var issues = training.issues().under("training")
    let attention = training.model.attention
    if attention.heads < 2 || attention.keyValueHeads != attention.heads || attention.headWidth > 0 {
      issues.append(
        ConfigIssue(
          "training.model.attention.keyValueHeads", "the model has a key and value head for each of its heads"))
    }
    if training.model.feedForward.form != .plain {
      issues.append(
        ConfigIssue("training.model.feedForward.form", "a plain layer takes what is saved to the last number"))
    }
    issues += ConfigIssue.notPositive(["decodedTokens": decodedTokens])
    let rises = zip(decodedContexts, decodedContexts.dropFirst()).allSatisfy { $0 < $1 }
    if decodedContexts.isEmpty || !rises || decodedContexts.contains(where: { $0 <= decodedTokens }) {
      issues.append(
        ConfigIssue("decodedContexts", "\(decodedContexts) do not rise from above decodedTokens \(decodedTokens)"))
    }
    issues += ConfigIssue.notPositive(["decodedTexts": decodedTexts])
    if timedRounds < 2 { issues.append(ConfigIssue("timedRounds", "\(timedRounds) are too few for an interval")) }
    return issues
  }

  /// A few seconds.
  static var smoke: MultiQueryConfig {
    var config = MultiQueryConfig()
    config.training.model.vocabularySize = 320
    config.training.model.contextLength = 32
    config.training.model.width = 32
    config.training.model.layers = 1
    config.training.model.feedForwardWidth = 64
    (config.training.model.attention.heads, config.training.model.attention.keyValueHeads) = (4, 4)
    config.training.steps = 10
    config.training.batchSize = 4
    config.training.warmupSteps = 2
    config.training.bytesPerPart = 20_000
    config.training.heldOutShare = 0.3
    config.training.streams = [TextStream("text", TextPart("scripture"), TextPart("math"))]
    config.decodedContexts = [24, 48]
    config.decodedTexts = 2
    config.decodedTokens = 8
    config.timedRounds = 2
    return config
  }

  /// 0.3M parameters on 1.2M tokens, three seeds.
  static var tiny: MultiQueryConfig {
    var config = MultiQueryConfig()
    config.training.seeds = 3
    config.training.steps = 600
    config.training.batchSize = 16
    config.training.streams = [
      TextStream("text", TextPart("scripture"), TextPart("math"), TextPart("dictionary"), TextPart("manual-en"))
    ]
    return config
  }

  /// The paper's language model: 6 layers of width 1,024 with 8 heads of 128 on the Billion-Word Benchmark.
  static var full: MultiQueryConfig {
    var config = MultiQueryConfig()
    config.training.model.vocabularySize = 32_000
    config.training.model.contextLength = 256
    config.training.model.width = 1024
    config.training.model.layers = 6
    config.training.model.feedForwardWidth = 8192
    config.training.steps = 136_000
    config.training.batchSize = 256
    config.training.learningRate = 1e-3
    config.training.warmupSteps = 10_000
    config.training.heldOutShare = 0.001
    config.training.streams = [TextStream("text", TextPart("billion-words"))]
    config.decodedTexts = 128
    return config
  }
}
