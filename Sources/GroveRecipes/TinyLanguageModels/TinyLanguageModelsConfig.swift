public import GroveCore
public import GroveModel
public import GroveTrain

/// What the recipe `tiny-language-models` trains and measures.
public struct TinyLanguageModelsConfig: Config {
  /// The file of the corpus that is pre-trained on, and whose sections are the classes of the high-overlap task.
  public var manual = "manual-en"
  /// The file whose groups of books are the classes of the low-overlap task.
  public var scripture = "scripture"
  /// The deep encoder. The shallow one has `shallowLayers` and is otherwise the same; the tokenizer gives the vocabulary.
  public var encoder = EncoderConfig()
  /// Blocks of a member of the committee.
  public var shallowLayers = 1
  /// The most ids that the tokenizer learns; at least 259, for 256 bytes, the end of text, the class and the mask.
  public var vocabularySize = 1024
  /// Passages to pre-train on, ascending.
  public var pretrainingSizes: [Int] = []
  /// Passes over the passages.
  public var pretrainingEpochs = 6
  /// Passages of a step.
  public var pretrainingBatch = 8
  /// Share of the tokens that are guessed (Devlin et al. 2018 §3.1).
  public var maskedShare = 0.15
  /// Optimizer and schedule of pre-training; its steps follow from the passages and epochs.
  public var pretraining = ObjectiveTraining()
  /// Labelled passages of a class to fine-tune on, drawn anew for each seed.
  public var examplesPerClass = 20
  /// Passes over the labelled passages.
  public var fineTuningEpochs = 10
  /// Labelled passages of a step.
  public var fineTuningBatch = 10
  /// Optimizer and schedule of fine-tuning; its steps follow from the examples and epochs.
  public var fineTuning = ObjectiveTraining()
  /// Held-out passages of a class, at most.
  public var testPassagesPerClass = 60
  /// Trainings of each deep encoder, and draws of labelled passages; fewer than 5 decide nothing on pre-training.
  public var seeds = 5
  /// Shallow encoders in the committee.
  public var members = 5
  /// Timed decisions of the deep encoder and of the committee.
  public var timedRounds = 60

  public init() {}

  public func issues() -> [ConfigIssue] {
    var issues = ConfigIssue.notPositive([
      "shallowLayers": shallowLayers, "pretrainingEpochs": pretrainingEpochs, "pretrainingBatch": pretrainingBatch,
      "examplesPerClass": examplesPerClass, "fineTuningEpochs": fineTuningEpochs, "fineTuningBatch": fineTuningBatch,
      "testPassagesPerClass": testPassagesPerClass, "seeds": seeds, "members": members, "timedRounds": timedRounds,
    ])
    if pretrainingSizes.isEmpty || zip(pretrainingSizes, pretrainingSizes.dropFirst()).contains(where: { $0 >= $1 })
      || pretrainingSizes.contains(where: { $0 <= 0 })
    {
      issues.append(ConfigIssue("pretrainingSizes", "\(pretrainingSizes) do not ascend from a positive number"))
    }
    if !(0..<1).contains(maskedShare) || maskedShare == 0 {
      issues.append(ConfigIssue("maskedShare", "\(maskedShare) is outside (0, 1)"))
    }
    if vocabularySize < 259 { issues.append(ConfigIssue("vocabularySize", "\(vocabularySize) is below 259")) }
    return issues + shape(layers: encoder.layers).issues().under("encoder")
      + pretraining.issues().under("pretraining") + fineTuning.issues().under("fineTuning")
  }

  /// The encoder with so many layers.
  func shape(layers: Int) -> EncoderConfig {
    var shape = encoder
    shape.layers = layers
    shape.vocabularySize = vocabularySize
    return shape
  }

  /// Steps of pre-training on so many passages.
  func pretrainingSteps(_ passages: Int) -> Int { max(1, pretrainingEpochs * passages / pretrainingBatch) }

  /// Steps of fine-tuning with so many classes.
  func fineTuningSteps(classes: Int) -> Int {
    max(1, fineTuningEpochs * classes * examplesPerClass / fineTuningBatch)
  }
}

extension TinyLanguageModelsConfig {
  /// One seed, two layers, for a few seconds.
  static var smoke: TinyLanguageModelsConfig {
    var config = tiny
    config.encoder.width = 32
    config.encoder.heads = 2
    config.encoder.feedForwardWidth = 64
    config.encoder.layers = 2
    config.encoder.contextLength = 24
    config.vocabularySize = 320
    config.pretrainingSizes = [16, 32]
    config.pretrainingEpochs = 1
    config.pretrainingBatch = 8
    config.examplesPerClass = 4
    config.fineTuningEpochs = 1
    config.testPassagesPerClass = 4
    config.seeds = 1
    config.members = 2
    config.timedRounds = 4
    config.pretraining.schedule.warmupSteps = 0
    config.fineTuning.schedule.warmupSteps = 0
    return config
  }

  static var tiny: TinyLanguageModelsConfig {
    var config = TinyLanguageModelsConfig()
    config.encoder.contextLength = 64
    config.encoder.width = 128
    config.encoder.heads = 4
    config.encoder.feedForwardWidth = 512
    config.encoder.layers = 6
    config.pretrainingSizes = [128, 512, 2048]
    config.pretraining = .encoder(learningRate: 1e-3, warmup: 80)
    config.pretraining.optimizer.beta2 = 0.98
    config.fineTuning = .encoder(learningRate: 5e-4, warmup: 5)
    return config
  }

  /// The paper's setting: BERT-6 with 12 heads of 64 on 20,000 to 90,000 passages of 128 tokens, 50 epochs.
  static var full: TinyLanguageModelsConfig {
    var config = tiny
    config.encoder.contextLength = 128
    config.encoder.width = 768
    config.encoder.heads = 12
    config.encoder.feedForwardWidth = 3072
    config.encoder.dropout = 0.1
    config.vocabularySize = 30_522
    config.pretrainingSizes = [20_000, 40_000, 90_000]
    config.pretrainingEpochs = 50
    config.pretrainingBatch = 32
    config.pretraining = .encoder(learningRate: 1e-4, warmup: 1000)
    config.fineTuning = .encoder(learningRate: 2e-5, warmup: 5)
    config.testPassagesPerClass = 1000
    return config
  }
}
