public import GroveCore
import GroveModel

/// What the recipe `polyglot-ko` trains and measures.
public struct MonolingualModelConfig: Config {
  /// Texts, the model of the middle size, and training; each stream is a language.
  public var training = ComparisonConfig()
  /// The stream of the language that is judged.
  public var language = "ko"
  /// Smaller and larger models of that language, beside that of `training`, from small to large.
  public var sizes: [ModelSize] = []
  /// Ids of the tokenizers that are compared.
  public var tokenizerSize = 1024

  public init() {}

  public func issues() -> [ConfigIssue] {
    var issues = training.issues().under("training") + training.issues("language", naming: [language])
    if training.streams.count < 2 { issues.append(ConfigIssue("training.streams", "one language cannot be mixed")) }
    if sizes.count != 2 {
      issues.append(ConfigIssue("sizes", "\(sizes.count) sizes are not a smaller and a larger one"))
    }
    for (index, size) in sizes.enumerated() {
      issues += (size.issues() + sized(size).issues()).under("sizes.\(index)")
    }
    let widths = (sizes.prefix(1).map(\.width) + [training.model.width] + sizes.dropFirst().map(\.width))
    if zip(widths, widths.dropFirst()).contains(where: { $0 >= $1 }) {
      issues.append(ConfigIssue("sizes", "the widths \(widths) do not rise"))
    }
    if tokenizerSize < 257 { issues.append(ConfigIssue("tokenizerSize", "\(tokenizerSize) is below 257")) }
    return issues
  }

  /// The model in another size.
  func sized(_ size: ModelSize) -> ModelConfig { training.model(size, feedForwardWidth: 4 * size.width) }

  /// A few seconds.
  static var smoke: MonolingualModelConfig {
    var config = tiny
    config.training.seeds = 1
    config.training.model.vocabularySize = 320
    config.training.model.contextLength = 32
    config.training.steps = 12
    config.training.batchSize = 4
    config.training.warmupSteps = 2
    config.training.bytesPerPart = 12_000
    config.training.heldOutShare = 0.3
    config.training.streams = ["ko", "en", "de"].map { TextStream($0, TextPart("manual-\($0)")) }
    config.training.model = config.sized(ModelSize("", width: 24, layers: 1, heads: 2))
    config.sizes = [
      ModelSize("small", width: 16, layers: 1, heads: 2), ModelSize("large", width: 32, layers: 1, heads: 2),
    ]
    config.tokenizerSize = 400
    return config
  }

  /// 0.1M parameters and 0.4M tokens, three passes over the Korean text; the longest arm six times that.
  static var tiny: MonolingualModelConfig {
    var config = MonolingualModelConfig()
    config.training.seeds = 3
    config.training.model.vocabularySize = 1024
    // The block of GPT-NeoX: both parts read the same stream.
    config.training.model.norm.placement = .parallel
    config.training.model.norm.kind = .layer
    config.training.model.feedForward.form = .plain
    config.training.model.feedForward.activation = .gelu
    config.training.model.attention.bias = .all
    config.training.model.feedForward.bias = .yes
    config.training.model.positions.rotaryShare = 0.5
    config.training.model = config.sized(ModelSize("", width: 64, layers: 2, heads: 4))
    config.training.steps = 400
    config.training.heldOutShare = 0.12
    config.training.streams = ["ko", "en", "de", "es", "fr", "ru"].map { TextStream($0, TextPart("manual-\($0)")) }
    config.sizes = [
      ModelSize("small", width: 32, layers: 2, heads: 4), ModelSize("large", width: 128, layers: 2, heads: 4),
    ]
    return config
  }

  /// The report's 1.3B, with the 3.8B and the 5.8B beside it, on 213 billion tokens of 1,024 × 2,048 a step.
  static var full: MonolingualModelConfig {
    var config = tiny
    config.training.seeds = 1
    config.training.model.vocabularySize = 30_080
    config.training.model.contextLength = 2048
    config.training.model = config.sized(ModelSize("", width: 2048, layers: 24, heads: 16))
    config.training.steps = 102_000
    config.training.batchSize = 1024
    config.training.learningRate = 2e-4
    config.training.warmupSteps = 1000
    config.training.heldOutShare = 0.001
    config.training.streams = ["ko", "en", "de", "es", "fr", "ru"].map { TextStream($0, TextPart($0)) }
    config.sizes = [
      ModelSize("small", width: 1024, layers: 24, heads: 16), ModelSize("large", width: 3072, layers: 32, heads: 24),
    ]
    config.tokenizerSize = 30_000
    return config
  }
}
