public import GroveCore

/// What the recipe `deepnet-deepnorm` trains and measures.
public struct DeepNormConfig: Config {
  /// The models' shape but for their layers, the texts, and how all are trained.
  public var comparison = ComparisonConfig()
  /// Layers of the models that are trained, rising.
  public var depths = [8, 64]
  /// Layers of the models whose first step is measured, rising.
  public var probedDepths = [6, 12, 24, 48, 96]
  /// What the gradient is multiplied by in the measured step.
  public var probedRate = 1e-3
  /// Layers of the model that is passed forward and backward once.
  public var passLayers = 1000
  /// Width of that model.
  public var passWidth = 16

  public init() {
    comparison.model.vocabularySize = 257
    comparison.model.contextLength = 64
    comparison.model.width = 48
    comparison.model.feedForwardWidth = 192
    (comparison.model.norm.kind, comparison.model.positions.kind) = (.layer, .learned)
    (comparison.model.feedForward.form, comparison.model.feedForward.activation) = (.plain, .relu)
    (comparison.model.feedForward.bias, comparison.model.attention.bias) = (.yes, .all)
    comparison.model.initialization = .xavier
    // 1/√C, as the authors' code draws vectors of tokens.
    comparison.model.initialDeviation = 0.144
  }

  public func issues() -> [ConfigIssue] {
    var issues = comparison.issues().under("comparison")
    for (field, depths, least) in [("depths", depths, 2), ("probedDepths", probedDepths, 3)] {
      let isRising = depths.allSatisfy { $0 > 0 } && zip(depths, depths.dropFirst()).allSatisfy(<)
      if depths.count < least || !isRising {
        issues.append(ConfigIssue(field, "\(depths) are not \(least) or more rising numbers of layers"))
      }
    }
    if !(probedRate > 0 && probedRate.isFinite) {
      issues.append(ConfigIssue("probedRate", "\(probedRate) is not a positive number"))
    }
    issues += ConfigIssue.notPositive(["passLayers": passLayers, "passWidth": passWidth])
    if passWidth > 0, passWidth % comparison.model.attention.heads != 0 {
      issues.append(
        ConfigIssue("passWidth", "\(passWidth) is not a multiple of the \(comparison.model.attention.heads) heads"))
    }
    return issues
  }
}

extension DeepNormConfig {
  var deepest: Int { depths.last ?? 0 }

  /// A few seconds.
  static var smoke: DeepNormConfig {
    var config = DeepNormConfig()
    config.comparison.shrink(to: "scripture", as: "scripture")
    config.depths = [2, 6]
    config.probedDepths = [2, 4, 8]
    config.passLayers = 100
    return config
  }

  /// 8 and 64 layers of width 48, three seeds.
  static var tiny: DeepNormConfig {
    var config = DeepNormConfig()
    config.comparison.seeds = 3
    config.comparison.steps = 400
    config.comparison.warmupSteps = 60
    config.comparison.learningRate = 4e-4
    config.comparison.bytesPerPart = 600_000
    config.comparison.heldOutShare = 0.05
    config.comparison.streams = [TextStream("scripture", TextPart("scripture"))]
    return config
  }

  /// The paper's width and depths on OPUS-100 (§5), as decoders.
  static var full: DeepNormConfig {
    var config = DeepNormConfig()
    config.comparison.seeds = 1
    config.comparison.model.vocabularySize = 64_000
    config.comparison.model.contextLength = 512
    config.comparison.model.width = 512
    config.comparison.model.feedForwardWidth = 2048
    (config.comparison.model.attention.heads, config.comparison.model.attention.keyValueHeads) = (8, 8)
    config.comparison.model.initialDeviation = 0.044
    config.comparison.batchSize = 256
    config.comparison.steps = 100_000
    config.comparison.warmupSteps = 4000
    config.comparison.learningRate = 1e-3
    config.comparison.heldOutShare = 0.001
    config.comparison.streams = [TextStream("opus-100", TextPart("opus-100"))]
    config.depths = [12, 48, 100, 200, 1000]
    return config
  }
}
