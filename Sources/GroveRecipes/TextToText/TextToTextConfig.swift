public import GroveCore
public import GroveCorpus
public import GroveModel
public import GroveTrain

/// What the recipe `t5-text-to-text` trains and measures.
public struct TextToTextConfig: Config {
  /// Trainings of each arm.
  public var seeds = 1
  /// Files of the corpus that are pre-trained on, as they are and cleaned. Tasks are of those named manual-en, scripture and
  /// dictionary.
  public var files = ["manual-en", "scripture", "dictionary", "python", "math"]
  /// Ids that the tokenizer learns, sentinels included.
  public var vocabularySize = 1024
  /// Tokens of a passage, and of a question.
  public var length = 64
  /// The most tokens of an answer.
  public var answerLength = 12
  /// The encoder-decoder; the tokenizer says how many ids it has.
  public var model = EncoderDecoderConfig()
  public var corruption = SpanCorruption()
  public var cleaning = PageCleaning()
  public var pretraining = ObjectiveTraining()
  public var pretrainingSteps = 100
  /// Passages of a step.
  public var pretrainingBatch = 32
  public var fineTuning = ObjectiveTraining()
  /// Steps for each task.
  public var fineTuningSteps = 60
  public var fineTuningBatch = 16
  /// Examples of each task; those of a task with classes are spread over them evenly.
  public var examples = 200
  /// Held-out ones, likewise.
  public var heldOutExamples = 100

  public init() {}

  public func issues() -> [ConfigIssue] {
    var issues = ConfigIssue.notPositive([
      "seeds": seeds, "pretrainingSteps": pretrainingSteps, "pretrainingBatch": pretrainingBatch,
      "fineTuningSteps": fineTuningSteps, "fineTuningBatch": fineTuningBatch, "examples": examples,
      "heldOutExamples": heldOutExamples, "answerLength": answerLength,
    ])
    if length < 16 { issues.append(ConfigIssue("length", "\(length) is below 16")) }
    for name in ["manual-en", "scripture", "dictionary"] where !files.contains(name) {
      issues.append(ConfigIssue("files", "\(name) is not among them, which a task is made of"))
    }
    if vocabularySize < 512 {
      issues.append(ConfigIssue("vocabularySize", "\(vocabularySize) is below 512"))
    }
    var shape = model
    shape.vocabularySize = max(vocabularySize, 1)
    if shape.routing.kind != .none {
      issues.append(ConfigIssue("model.routing.kind", "there is no arm for it"))
    }
    issues += shape.issues().under("model") + corruption.issues().under("corruption")
    issues += cleaning.issues().under("cleaning") + pretraining.issues().under("pretraining")
    return issues + fineTuning.issues().under("fineTuning")
  }

  /// The encoder-decoder over so many ids.
  func model(vocabulary: Int) -> EncoderDecoderConfig {
    var shape = model
    shape.vocabularySize = vocabulary
    return shape
  }

  /// A decoder with the parts of the encoder-decoder's blocks, and as many of them as its encoder has.
  func decoder(vocabulary: Int) -> ModelConfig {
    var shape = ModelConfig()
    shape.family = .grove
    (shape.vocabularySize, shape.contextLength) = (vocabulary, length + answerLength)
    (shape.width, shape.layers, shape.feedForwardWidth) = (
      model.width, model.layers, model.feedForwardWidth
    )
    (shape.attention.heads, shape.attention.keyValueHeads, shape.attention.headWidth) = (
      model.heads, model.heads, model.headWidth
    )
    (shape.feedForward.form, shape.feedForward.activation) = (.plain, .relu)
    (shape.norm.kind, shape.norm.placement) = (.rootMeanSquare, .before)
    shape.positions.kind = .buckets
    (shape.positions.buckets, shape.positions.longestDistance) = (
      model.buckets, model.longestDistance
    )
    shape.initialDeviation = 1 / Double(model.width).squareRoot()
    shape.residualInitialization = .plain
    return shape
  }

  /// Operations of pre-training one passage, by the encoder-decoder on the two sides of a corrupted one and by the decoder.
  func operationsOfPassage(vocabulary: Int) -> (encoderDecoder: Double, decoder: Double) {
    let sides = corruption.lengths(of: length)
    var decoder = decoder(vocabulary: vocabulary)
    decoder.contextLength = length
    return (
      model(vocabulary: vocabulary).trainingOperations(
        sourceLength: sides.source, targetLength: sides.target),
      Double(length) * decoder.trainingOperationsPerToken
    )
  }
}

extension TextToTextConfig {
  /// A few seconds.
  static var smoke: TextToTextConfig {
    var config = tiny
    config.seeds = 1
    (config.vocabularySize, config.length) = (512, 32)
    config.model.width = 16
    (config.model.heads, config.model.headWidth, config.model.feedForwardWidth) = (2, 8, 64)
    (config.pretrainingSteps, config.pretrainingBatch) = (4, 4)
    (config.fineTuningSteps, config.fineTuningBatch, config.examples, config.heldOutExamples) = (
      3, 4, 20, 20
    )
    return config
  }

  /// Two blocks of width 64 for the encoder and for the decoder, on passages of 64 tokens.
  static var tiny: TextToTextConfig {
    var config = TextToTextConfig()
    config.seeds = 5
    (
      config.model.width, config.model.heads, config.model.headWidth, config.model.feedForwardWidth
    ) = (64, 4, 16, 256)
    (config.model.layers, config.model.decoderLayers, config.model.longestDistance) = (2, 2, 64)
    config.model.initialFactor = 0.5
    (config.pretrainingSteps, config.fineTuningSteps) = (600, 120)
    config.pretraining = training(rate: 3e-3, warmup: 50)
    config.fineTuning = training(rate: 2e-3, warmup: 5)
    config.fineTuning.schedule.shape = .constant
    return config
  }

  /// T5 base: twelve blocks of width 768 on both sides, texts of 512 tokens, 2¹⁹ steps of 128, the tasks with 2¹⁸ steps.
  static var full: TextToTextConfig {
    var config = tiny
    (config.vocabularySize, config.length, config.answerLength) = (32_128, 512, 62)
    (
      config.model.width, config.model.heads, config.model.headWidth, config.model.feedForwardWidth
    ) = (
      768, 12, 64, 3072
    )
    (config.model.layers, config.model.decoderLayers, config.model.longestDistance) = (12, 12, 128)
    config.model.dropout = 0.1
    (config.pretrainingSteps, config.pretrainingBatch) = (1 << 19, 128)
    (config.fineTuningSteps, config.fineTuningBatch) = (1 << 18, 128)
    config.pretraining = training(rate: 1e-2, warmup: 10_000)
    config.pretraining.schedule.shape = .inverseSquareRoot
    (config.examples, config.heldOutExamples) = (100_000, 2000)
    return config
  }

  private static func training(rate: Double, warmup: Int) -> ObjectiveTraining {
    var training = ObjectiveTraining()
    training.optimizer.learningRate = rate
    training.optimizer.weightDecay = 0
    training.schedule.warmupSteps = warmup
    return training
  }
}
