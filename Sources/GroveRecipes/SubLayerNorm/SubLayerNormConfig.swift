public import GroveCore
import GroveModel
import GroveTrain

/// What the recipe `magneto-subln` trains and measures.
public struct SubLayerNormConfig: Config {
  /// The shape of all models, the texts, and how all are trained; its steps and batches are those of the causal models. The rate
  /// is each of `rates`.
  public var comparison = ComparisonConfig()
  /// Peaks of the schedule that each placement of the norms is trained with, rising.
  public var rates = [2e-3, 8e-3, 3.2e-2]
  /// Windows of a step of the masked models.
  public var maskedBatch = 16
  /// Steps of the masked models.
  public var maskedSteps = 300
  /// Share of the tokens that they guess.
  public var maskedShare = 0.15
  /// Held-out windows that judge them.
  public var maskedTests = 128
  /// Places of a row of an image.
  public var imageSide = 12
  /// Places of a row of a patch.
  public var patchSide = 2
  /// Share of an image's places that are turned.
  public var imageNoise = 0.05
  /// Images of a step.
  public var imageBatch = 16
  /// Steps of the classifiers of images.
  public var imageSteps = 150
  /// Held-out images that judge them.
  public var imageTests = 500

  public init() {
    comparison.model.vocabularySize = 257
    comparison.model.contextLength = 48
    comparison.model.width = 32
    comparison.model.layers = 12
    comparison.model.feedForwardWidth = 128
    (comparison.model.attention.heads, comparison.model.attention.keyValueHeads) = (4, 4)
    (comparison.model.norm.kind, comparison.model.positions.kind) = (.layer, .learned)
    (comparison.model.feedForward.form, comparison.model.feedForward.activation) = (.plain, .gelu)
    (comparison.model.feedForward.bias, comparison.model.attention.bias) = (.yes, .all)
    comparison.model.initialization = .xavier
    // 1/√C, as the authors' code draws vectors of tokens.
    comparison.model.initialDeviation = 0.177
  }

  public func issues() -> [ConfigIssue] {
    var issues = comparison.issues().under("comparison")
    if rates.count < 2 || !rates.allSatisfy({ $0 > 0 && $0.isFinite }) || !zip(rates, rates.dropFirst()).allSatisfy(<) {
      issues.append(ConfigIssue("rates", "\(rates) are not two or more rising rates"))
    }
    issues += ConfigIssue.notPositive([
      "maskedBatch": maskedBatch, "maskedTests": maskedTests, "imageBatch": imageBatch, "imageTests": imageTests,
    ])
    for (field, value) in [
      ("comparison.steps", comparison.steps), ("maskedSteps", maskedSteps), ("imageSteps", imageSteps),
    ] where value < 10 {
      issues.append(ConfigIssue(field, "\(value) is below 10; what is stable is judged by tenths of the steps"))
    }
    if !(maskedShare > 0 && maskedShare < 1) {
      issues.append(ConfigIssue("maskedShare", "\(maskedShare) is outside (0, 1)"))
    }
    if !(0..<0.5).contains(imageNoise) {
      issues.append(ConfigIssue("imageNoise", "\(imageNoise) is outside [0, 0.5)"))
    }
    if !(1...3).contains(patchSide) { issues.append(ConfigIssue("patchSide", "\(patchSide) is outside 1...3")) }
    if imageSide <= 0 || imageSide % max(patchSide, 1) != 0 {
      issues.append(ConfigIssue("imageSide", "\(imageSide) is not a positive multiple of patchSide \(patchSide)"))
    }
    return issues
  }
}

extension SubLayerNormConfig {
  var images: GlyphImages { GlyphImages(side: imageSide, patch: patchSide, noise: imageNoise) }

  /// The encoder of a placement, in the shape of the causal models.
  func encoder(_ placement: NormConfig.Placement, vocabularySize: Int, length: Int) -> EncoderConfig {
    let model = comparison.model
    var config = EncoderConfig()
    config.family = .grove
    (config.vocabularySize, config.contextLength) = (vocabularySize, length)
    (config.width, config.layers, config.heads) = (model.width, model.layers, model.attention.heads)
    (config.feedForwardWidth, config.activation) = (model.feedForwardWidth, model.feedForward.activation)
    (config.normEpsilon, config.initialDeviation) = (model.normEpsilon, model.initialDeviation)
    (config.parts.placement, config.parts.initialization) = (placement, .xavier)
    config.parts.pooling = .mean
    return config
  }

  /// How an encoder is trained with a rate: as the causal models are.
  func training(_ rate: Double) -> ObjectiveTraining {
    var training = ObjectiveTraining()
    training.optimizer.learningRate = rate
    training.schedule.shape = .cosine
    (training.schedule.warmupSteps, training.schedule.finalShare) = (comparison.warmupSteps, comparison.floorShare)
    // A run that goes to pieces is a result.
    training.nonFiniteStep = .skip
    return training
  }

  /// A few seconds.
  static var smoke: SubLayerNormConfig {
    var config = SubLayerNormConfig()
    config.comparison.shrink(to: "scripture", as: "scripture")
    config.comparison.model.layers = 2
    config.comparison.steps = 10
    (config.rates, config.imageSide) = ([2e-3, 8e-3], 8)
    (config.maskedBatch, config.maskedSteps, config.maskedTests) = (4, 10, 8)
    (config.imageBatch, config.imageSteps, config.imageTests) = (4, 10, 20)
    return config
  }

  /// 12 layers of width 32, five seeds.
  static var tiny: SubLayerNormConfig {
    var config = SubLayerNormConfig()
    config.comparison.seeds = 5
    config.comparison.batchSize = 8
    config.comparison.steps = 150
    config.comparison.warmupSteps = 15
    config.comparison.bytesPerPart = 400_000
    config.comparison.heldOutShare = 0.05
    config.comparison.streams = [TextStream("scripture", TextPart("scripture"))]
    return config
  }

  /// The paper's causal models (§3.1): 24 layers of width 1,024, 2,048 tokens, half a million tokens a step.
  static var full: SubLayerNormConfig {
    var config = SubLayerNormConfig()
    config.comparison.seeds = 5
    config.comparison.model.vocabularySize = 50_304
    config.comparison.model.contextLength = 2048
    config.comparison.model.width = 1024
    config.comparison.model.layers = 24
    config.comparison.model.feedForwardWidth = 4096
    (config.comparison.model.attention.heads, config.comparison.model.attention.keyValueHeads) = (16, 16)
    config.comparison.model.initialDeviation = 0.031
    config.comparison.batchSize = 256
    config.comparison.steps = 250_000
    config.comparison.warmupSteps = 375
    config.comparison.heldOutShare = 0.001
    config.comparison.streams = [TextStream("text", TextPart("text"))]
    config.rates = [5e-4, 1e-3, 2e-3, 4e-3, 8e-3]
    (config.maskedBatch, config.maskedSteps, config.maskedTests) = (256, 125_000, 2048)
    (config.imageSide, config.imageBatch, config.imageSteps, config.imageTests) = (24, 1024, 10_000, 10_000)
    return config
  }
}
