public import GroveCore
import GroveModel

/// What the recipe `lex-xpos` trains and measures.
public struct LengthExtrapolationConfig: Config {
  /// Model, texts and training; `training.model.contextLength` is the length that is trained.
  public var training = ComparisonConfig()
  /// Lengths of the windows in which models are judged; the first is the length that is trained.
  public var lengths = [128, 256, 512, 1024]
  /// Texts of the longest length whose attention is looked at.
  public var observedTexts = 4

  public init() {}

  public func issues() -> [ConfigIssue] {
    var issues = training.issues().under("training")
    let trained = training.model.contextLength
    if lengths.first != trained || lengths.count < 2 || zip(lengths, lengths.dropFirst()).contains(where: { $0 >= $1 })
    {
      issues.append(ConfigIssue("lengths", "\(lengths) do not rise from training.model.contextLength \(trained)"))
    }
    if trained % 2 != 0 {
      issues.append(ConfigIssue("training.model.contextLength", "\(trained) is odd; a block is half of it"))
    }
    if let last = lengths.last, last > 32 * trained {
      issues.append(ConfigIssue("lengths", "\(last) is more than 32 times \(trained), where the decay of xPos ends"))
    }
    issues += ConfigIssue.notPositive(["observedTexts": observedTexts])
    return issues
  }

  /// The length that is trained.
  var trained: Int { lengths[0] }
  /// The longest length that is judged.
  var longest: Int { lengths[lengths.count - 1] }
  /// Positions of a block of blockwise causal attention: half of the trained length.
  var block: Int { trained / 2 }

  /// A few seconds.
  static var smoke: LengthExtrapolationConfig {
    var config = LengthExtrapolationConfig()
    config.training.model.vocabularySize = 257
    config.training.model.contextLength = 32
    config.training.model.width = 16
    config.training.model.layers = 1
    (config.training.model.attention.heads, config.training.model.attention.keyValueHeads) = (2, 2)
    config.training.model.feedForwardWidth = 48
    config.training.steps = 12
    config.training.batchSize = 4
    config.training.warmupSteps = 2
    config.training.bytesPerPart = 20_000
    config.training.heldOutShare = 0.3
    config.training.streams = [TextStream("text", TextPart("scripture"), TextPart("math"))]
    config.lengths = [32, 64, 128]
    config.observedTexts = 2
    return config
  }

  /// 0.1M parameters on 3M bytes, two passes, three seeds.
  static var tiny: LengthExtrapolationConfig {
    var config = LengthExtrapolationConfig()
    config.training.seeds = 3
    config.training.model.vocabularySize = 257
    (config.training.model.attention.heads, config.training.model.attention.keyValueHeads) = (2, 2)
    config.training.steps = 1500
    config.training.batchSize = 16
    config.training.bytesPerPart = 400_000
    config.training.heldOutShare = 0.06
    config.training.streams = [
      TextStream("text", TextPart("scripture"), TextPart("math"), TextPart("dictionary"), TextPart("manual-en"))
    ]
    return config
  }

  /// The paper's: 24 layers of width 1,024 on 1,024 positions of the Pile, judged up to 4,096.
  static var full: LengthExtrapolationConfig {
    var config = LengthExtrapolationConfig()
    config.training.model.vocabularySize = 50_304
    config.training.model.contextLength = 1024
    config.training.model.width = 1024
    config.training.model.layers = 24
    (config.training.model.attention.heads, config.training.model.attention.keyValueHeads) = (16, 16)
    config.training.model.feedForwardWidth = 2736
    config.training.steps = 50_000
    config.training.batchSize = 512
    config.training.learningRate = 3e-4
    config.training.warmupSteps = 500
    config.training.heldOutShare = 0.001
    config.training.streams = [TextStream("text", TextPart("pile"))]
    config.lengths = [1024, 2048, 4096]
    return config
  }
}
