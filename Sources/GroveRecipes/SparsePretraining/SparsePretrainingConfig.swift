public import GroveCore
import GroveModel

/// What the recipe `spdf` trains and measures.
public struct SparsePretrainingConfig: Config {
  /// Texts, the smaller model, and pre-training.
  public var training = ComparisonConfig()
  /// A larger model, which may bear the zeros better.
  public var larger = ModelSize()
  /// The stream that the models are tuned to; they are pre-trained on all others.
  public var target = "target"
  /// Shares of the places that are 0 in pre-training, rising; the last is also tuned with its zeros.
  public var sparsities = [0.5, 0.75]
  /// Steps of fine-tuning, and its rate as a share of that of pre-training.
  public var tuningSteps = 150
  public var tuningRate = 0.3

  public init() {}

  public func issues() -> [ConfigIssue] {
    var issues = training.issues().under("training") + training.issues("target", naming: [target])
    if training.streams.count < 2 { issues.append(ConfigIssue("training.streams", "there is none beside the target")) }
    issues += (larger.issues() + sized(larger).issues()).under("larger")
    if larger.width <= training.model.width {
      issues.append(ConfigIssue("larger.width", "\(larger.width) is not above \(training.model.width)"))
    }
    if sparsities.isEmpty || zip([0] + sparsities, sparsities + [1]).contains(where: { $0 >= $1 }) {
      issues.append(ConfigIssue("sparsities", "\(sparsities) do not rise between 0 and 1"))
    }
    if tuningSteps <= training.warmupSteps {
      issues.append(
        ConfigIssue("tuningSteps", "\(tuningSteps) are not more than the warm-up's \(training.warmupSteps)"))
    }
    issues += ConfigIssue.notPositive(["tuningRate": tuningRate])
    return issues
  }

  /// The model in another size.
  func sized(_ size: ModelSize) -> ModelConfig {
    training.model(size, feedForwardWidth: (8 * size.width / 3 + 7) / 8 * 8)
  }

  /// The largest share of zeros.
  var sparsest: Double { sparsities[sparsities.count - 1] }
}

extension SparsePretrainingConfig {
  /// A few seconds.
  static var smoke: SparsePretrainingConfig {
    var config = tiny
    config.training.seeds = 1
    config.training.model.vocabularySize = 320
    config.training.model.contextLength = 32
    config.training.model = config.sized(ModelSize("", width: 16, layers: 1, heads: 2))
    (config.training.steps, config.training.batchSize, config.training.warmupSteps) = (10, 4, 2)
    config.training.bytesPerPart = 12_000
    config.training.heldOutShare = 0.3
    config.larger = ModelSize("large", width: 24, layers: 1, heads: 2)
    config.tuningSteps = 6
    return config
  }

  /// 0.1M and 0.4M parameters in the blocks, 0.5M tokens, three seeds.
  static var tiny: SparsePretrainingConfig {
    var config = SparsePretrainingConfig()
    config.training.seeds = 3
    config.training.model.vocabularySize = 1024
    config.training.model = config.sized(ModelSize("", width: 64, layers: 2, heads: 4))
    config.training.steps = 500
    config.training.learningRate = 5e-3
    config.training.streams = [
      TextStream("general", TextPart("manual-en"), TextPart("scripture"), TextPart("math")),
      TextStream("target", TextPart("dictionary")),
    ]
    config.larger = ModelSize("large", width: 128, layers: 2, heads: 4)
    return config
  }

  /// The paper's GPT-2 small and GPT-3 XL, at Chinchilla's tokens of the smaller.
  static var full: SparsePretrainingConfig {
    var config = tiny
    config.training.seeds = 1
    config.training.model.vocabularySize = 50_304
    config.training.model.contextLength = 2048
    config.training.model = config.sized(ModelSize("", width: 768, layers: 12, heads: 12))
    (config.training.steps, config.training.batchSize, config.training.warmupSteps) = (9537, 128, 200)
    config.training.learningRate = 6e-4
    config.training.heldOutShare = 0.001
    config.training.streams = [TextStream("general", TextPart("pile")), TextStream("target", TextPart("e2e"))]
    config.larger = ModelSize("large", width: 2048, layers: 24, heads: 16)
    config.tuningSteps = 3000
    return config
  }
}
