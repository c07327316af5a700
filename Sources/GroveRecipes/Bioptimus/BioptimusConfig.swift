public import GroveCore
public import GroveModel
public import GroveTrain

/// What the recipe `bioptimus` trains and measures.
public struct BioptimusConfig: Config {
  /// Trainings of each arm.
  public var seeds = 1
  /// The file of the corpus that the general encoder learns from.
  public var general = "manual-en"
  /// Folder of the medical texts, seen from the corpus, unless it is absolute.
  public var medical = "../medical"
  /// Categories of the classification that are read, evenly over all; 0 for all.
  public var documents = 0
  /// Ids of the general vocabulary.
  public var vocabularySize = 2000
  /// Words that become tokens.
  public var newTokens = 500
  /// Places of a new word whose states are averaged, about.
  public var occurrences = 50
  /// The general encoder; `vocabularySize` here is not read.
  public var encoder = EncoderConfig()
  /// Words of a passage at most; a line has one or more.
  public var passageWords = 20
  public var batchSize = 64
  /// Steps of the general encoder.
  public var generalSteps = 500
  /// Steps on medical text; a multiple of the curriculum's phases.
  public var steps = 500
  public var pretraining = ObjectiveTraining()
  public var continued = ObjectiveTraining()
  /// Held-out passages with a hidden word, at most.
  public var maskedWords = 2000
  public var spans = SpanRecognitionConfig()

  public init() {}

  public func issues() -> [ConfigIssue] {
    var issues = ConfigIssue.notPositive([
      "seeds": seeds, "newTokens": newTokens, "occurrences": occurrences, "passageWords": passageWords,
      "batchSize": batchSize, "generalSteps": generalSteps, "steps": steps, "maskedWords": maskedWords,
    ])
    if documents < 0 { issues.append(ConfigIssue("documents", "\(documents) is negative")) }
    if vocabularySize < 200 { issues.append(ConfigIssue("vocabularySize", "\(vocabularySize) is below 200")) }
    if encoder.contextLength <= passageWords {
      issues.append(
        ConfigIssue("passageWords", "\(passageWords) words do not fit in \(encoder.contextLength) positions"))
    }
    if !steps.isMultiple(of: Self.phases.count) {
      issues.append(ConfigIssue("steps", "\(steps) is no multiple of the curriculum's \(Self.phases.count) phases"))
    }
    return issues + pretraining.issues().under("pretraining") + continued.issues().under("continued")
      + spans.issues().under("spans") + shape(vocabularySize).issues().under("encoder")
  }

  /// The encoder with so many ids.
  func shape(_ vocabularySize: Int) -> EncoderConfig {
    var shape = encoder
    shape.vocabularySize = vocabularySize
    return shape
  }

  /// What the paper's four phases hide (§4.3).
  static let phases: [MaskingConfig] = [
    masking(.token, 0.15, .mixed), masking(.word, 0.15, .mixed), masking(.word, 0.2, .mixed),
    masking(.word, 0.2, .mask),
  ]

  private static func masking(
    _ unit: MaskingConfig.Unit, _ share: Double, _ corruption: MaskingConfig.Corruption
  ) -> MaskingConfig {
    var masking = MaskingConfig()
    (masking.unit, masking.share, masking.corruption) = (unit, share, corruption)
    return masking
  }
}

extension BioptimusConfig {
  /// A few seconds.
  static var smoke: BioptimusConfig {
    var config = tiny
    config.seeds = 1
    config.documents = 150
    (config.vocabularySize, config.newTokens, config.occurrences) = (500, 20, 4)
    (config.encoder.width, config.encoder.layers, config.encoder.feedForwardWidth) = (16, 1, 32)
    (config.batchSize, config.generalSteps, config.steps, config.maskedWords) = (4, 8, 8, 20)
    (config.spans.sentences, config.spans.tests, config.spans.epochs) = (16, 16, 1)
    return config
  }

  /// Two blocks of width 64, three seeds.
  static var tiny: BioptimusConfig {
    var config = BioptimusConfig()
    config.seeds = 3
    (config.encoder.width, config.encoder.layers, config.encoder.heads, config.encoder.feedForwardWidth) = (
      64, 2, 4, 256
    )
    (config.encoder.contextLength, config.encoder.segments) = (64, 1)
    config.pretraining = .encoder(learningRate: 2e-3, warmup: 100)
    config.continued = .encoder(learningRate: 1e-3, warmup: 25)
    (config.spans.epochs, config.spans.batchSize) = (4, 32)
    config.spans.training = .encoder(learningRate: 1e-3, warmup: 10)
    return config
  }

  /// BERT-base, on abstracts of PubMed in the paper; a smaller first rate than in its own pre-training.
  static var full: BioptimusConfig {
    var config = tiny
    (config.vocabularySize, config.newTokens) = (28_996, 30_000)
    (config.encoder.width, config.encoder.layers, config.encoder.heads) = (768, 12, 12)
    (config.encoder.feedForwardWidth, config.encoder.contextLength, config.passageWords) = (3072, 512, 360)
    (config.batchSize, config.generalSteps, config.steps) = (256, 1_000_000, 200_000)
    config.pretraining = .encoder(learningRate: 1e-4, warmup: 10_000)
    config.continued = .encoder(learningRate: 1e-4, warmup: 10_000)
    config.spans.training = .encoder(learningRate: 5e-5, warmup: 10)
    return config
  }
}
