public import GroveCore

/// What the recipe `attention-free-transformer` trains and measures.
public struct AttentionFreeRecipeConfig: Config {
  /// The models' shape but for how they mix positions, the texts, and how all are trained.
  public var comparison = ComparisonConfig()
  /// Distances from here on have no weight of their own, in the local form and the convolution.
  public var window = 32
  /// Of the product that the weights of pairs of positions are made of.
  public var rank = 64
  /// Lengths of the texts, rising, whose pass is measured.
  public var lengths = [512, 1024, 2048, 4096]

  public init() {
    comparison.model.vocabularySize = 257
    comparison.model.contextLength = 256
    comparison.model.positions.kind = .learned
  }

  public func issues() -> [ConfigIssue] {
    var issues = comparison.issues().under("comparison")
    issues += ConfigIssue.notPositive(["window": window, "rank": rank])
    if lengths.count < 3 || lengths[0] <= 0 || zip(lengths, lengths.dropFirst()).contains(where: >=) {
      issues.append(ConfigIssue("lengths", "\(lengths) are not three or more rising lengths"))
    }
    return issues
  }
}

extension AttentionFreeRecipeConfig {
  /// A few seconds.
  static var smoke: AttentionFreeRecipeConfig {
    var config = AttentionFreeRecipeConfig()
    config.comparison.shrink(to: "scripture", as: "scripture")
    (config.window, config.rank) = (4, 4)
    config.lengths = [64, 128, 256]
    return config
  }

  /// 0.1M parameters, three seeds.
  static var tiny: AttentionFreeRecipeConfig {
    var config = AttentionFreeRecipeConfig()
    config.comparison.seeds = 3
    config.comparison.steps = 400
    config.comparison.warmupSteps = 40
    config.comparison.batchSize = 4
    config.comparison.learningRate = 3e-3
    config.comparison.bytesPerPart = 600_000
    config.comparison.heldOutShare = 0.05
    config.comparison.streams = [
      TextStream("scripture", TextPart("scripture")), TextStream("python", TextPart("python")),
    ]
    return config
  }

  /// The paper's decoder of Enwik8 (§4.2): 12 layers of width 512 on 1,024 characters.
  static var full: AttentionFreeRecipeConfig {
    var config = AttentionFreeRecipeConfig()
    config.comparison.seeds = 1
    config.comparison.model.contextLength = 1024
    config.comparison.model.width = 512
    config.comparison.model.layers = 12
    config.comparison.model.feedForwardWidth = 2048
    (config.comparison.model.attention.heads, config.comparison.model.attention.keyValueHeads) = (8, 8)
    config.comparison.batchSize = 128
    config.comparison.steps = 200_000
    config.comparison.warmupSteps = 4000
    config.comparison.learningRate = 2.5e-4
    config.comparison.heldOutShare = 0.05
    config.comparison.streams = [TextStream("enwik8", TextPart("enwik8"))]
    config.rank = 256
    return config
  }
}
