public import GroveCore
import GroveModel

/// What the recipe `sltrain` trains and measures.
public struct SparseLowRankConfig: Config {
  /// The dense model, the texts, and how all are trained.
  public var comparison = ComparisonConfig()
  /// Of the low-rank part, in all arms that have one.
  public var rank = 16
  /// What the low-rank part is multiplied by, times its rank.
  public var scale = 4.0
  /// Shares of the places that have a number, rising; the first is the paper's.
  public var densities = [0.03, 0.05, 0.1]

  public init() { comparison.model.family = .grove }

  public func issues() -> [ConfigIssue] {
    var issues = comparison.issues().under("comparison")
    issues += ConfigIssue.notPositive(["rank": rank])
    if !(scale > 0 && scale.isFinite) { issues.append(ConfigIssue("scale", "\(scale) is not positive")) }
    let isRising = zip(densities, densities.dropFirst()).allSatisfy(<)
    if densities.count < 2 || !isRising || !densities.allSatisfy({ $0 > 0 && $0 < 1 }) {
      issues.append(ConfigIssue("densities", "\(densities) are not two or more rising shares between 0 and 1"))
    }
    return issues
  }

  /// The matrices of an arm.
  func linear(_ form: LinearConfig.Form, density: Double? = nil) -> LinearConfig {
    var linear = LinearConfig()
    (linear.form, linear.rank, linear.scale) = (form, rank, scale)
    if let density { linear.density = density }
    return linear
  }
}

extension SparseLowRankConfig {
  /// A few seconds.
  static var smoke: SparseLowRankConfig {
    var config = SparseLowRankConfig()
    config.comparison.model.vocabularySize = 320
    config.comparison.shrink(to: "manual-en", as: "manual")
    config.rank = 4
    return config
  }

  /// 0.1M parameters, three seeds, 0.4M tokens of the manual.
  static var tiny: SparseLowRankConfig {
    var config = SparseLowRankConfig()
    config.comparison.seeds = 3
    config.comparison.steps = 400
    config.comparison.warmupSteps = 40
    config.comparison.heldOutShare = 0.05
    config.comparison.streams = [TextStream("manual", TextPart("manual-en"))]
    return config
  }

  /// The paper's smallest: LLaMA-60M on 1.1 billion tokens of C4 (§5).
  static var full: SparseLowRankConfig {
    var config = SparseLowRankConfig()
    config.comparison.seeds = 1
    config.comparison.model.vocabularySize = 32_000
    config.comparison.model.contextLength = 256
    config.comparison.model.width = 512
    config.comparison.model.layers = 8
    (config.comparison.model.attention.heads, config.comparison.model.attention.keyValueHeads) = (8, 8)
    config.comparison.model.feedForwardWidth = 1376
    config.comparison.model.tiedEmbeddings = false
    config.comparison.batchSize = 512
    config.comparison.steps = 11_000
    config.comparison.warmupSteps = 1100
    config.comparison.heldOutShare = 0.001
    config.comparison.streams = [TextStream("c4", TextPart("c4"))]
    (config.rank, config.scale) = (128, 32)
    return config
  }

  /// LLaMA-7B, dense or as the paper trains it: rank 1024, 5% of the places (§5.3).
  static func sevenBillion(_ form: LinearConfig.Form) -> ModelConfig {
    var shape = ModelConfig()
    shape.vocabularySize = 32_000
    (shape.width, shape.layers, shape.feedForwardWidth) = (4096, 32, 11_008)
    (shape.attention.heads, shape.attention.keyValueHeads) = (32, 32)
    shape.tiedEmbeddings = false
    (shape.linear.form, shape.linear.rank, shape.linear.density) = (form, 1024, 0.05)
    return shape
  }
}
