public import GroveCore
public import GroveModel
public import GroveTrain

/// What the recipe `biomedical-tokenization` trains and measures.
public struct BiomedicalTokenizationConfig: Config {
  /// Twins.
  public var seeds = 1
  /// Folder of the medical texts, seen from the corpus, unless it is absolute.
  public var medical = "../medical"
  /// Categories of the classification that are read, evenly over all; 0 for all.
  public var documents = 0
  /// Ids of both vocabularies.
  public var vocabularySize = 3000
  public var segmenter = CharacterSegmenterConfig()
  /// Both encoders; `vocabularySize` here is not read.
  public var encoder = EncoderConfig()
  /// Words of a passage at most; a line has one or more.
  public var passageWords = 20
  public var masking = MaskingConfig()
  public var batchSize = 64
  public var steps = 700
  public var pretraining = ObjectiveTraining()
  /// Held-out passages with a hidden word, at most.
  public var maskedWords = 2000
  /// Terms whose title is looked for, and titles among which it is.
  public var linkedTerms = 2000
  public var spans = SpanRecognitionConfig()
  /// Differences of shares within it count as none.
  public var margin = 0.03

  public init() {}

  public func issues() -> [ConfigIssue] {
    var issues = ConfigIssue.notPositive([
      "seeds": seeds, "passageWords": passageWords, "batchSize": batchSize, "steps": steps, "maskedWords": maskedWords,
      "linkedTerms": linkedTerms,
    ])
    if documents < 0 { issues.append(ConfigIssue("documents", "\(documents) is negative")) }
    if !(margin > 0 && margin < 1) { issues.append(ConfigIssue("margin", "\(margin) is outside (0, 1)")) }
    if vocabularySize < 200 { issues.append(ConfigIssue("vocabularySize", "\(vocabularySize) is below 200")) }
    if encoder.contextLength <= passageWords {
      issues.append(
        ConfigIssue("passageWords", "\(passageWords) words do not fit in \(encoder.contextLength) positions"))
    }
    return issues + segmenter.issues().under("segmenter") + masking.issues().under("masking")
      + pretraining.issues().under(
        "pretraining") + spans.issues().under("spans") + shape.issues().under("encoder")
  }

  /// The encoder with the recipe's vocabulary.
  var shape: EncoderConfig {
    var shape = encoder
    shape.vocabularySize = vocabularySize
    return shape
  }
}

extension BiomedicalTokenizationConfig {
  /// A few seconds.
  static var smoke: BiomedicalTokenizationConfig {
    var config = tiny
    config.seeds = 1
    config.documents = 150
    config.vocabularySize = 500
    (config.segmenter.width, config.segmenter.layers, config.segmenter.heads) = (16, 1, 2)
    (config.segmenter.words, config.segmenter.steps, config.segmenter.batchSize) = (500, 10, 16)
    (config.encoder.width, config.encoder.layers, config.encoder.feedForwardWidth) = (16, 1, 32)
    (config.batchSize, config.steps, config.maskedWords, config.linkedTerms) = (4, 8, 20, 50)
    (config.spans.sentences, config.spans.tests, config.spans.epochs) = (16, 16, 1)
    return config
  }

  /// Eight twins of two blocks of width 64.
  static var tiny: BiomedicalTokenizationConfig {
    var config = BiomedicalTokenizationConfig()
    config.seeds = 8
    (config.encoder.width, config.encoder.layers, config.encoder.heads, config.encoder.feedForwardWidth) = (
      64, 2, 4, 256
    )
    config.encoder.contextLength = 64
    config.masking.unit = .word
    config.segmenter.training = .encoder(learningRate: 2e-3, warmup: 100)
    config.pretraining = .encoder(learningRate: 2e-3, warmup: 80)
    config.pretraining.optimizer.beta2 = 0.98
    config.spans.training = .encoder(learningRate: 1e-3, warmup: 10)
    return config
  }

  /// The paper's: BERT-base on abstracts of PubMed with the vocabulary of BioVocabBERT; masks of single tokens.
  static var full: BiomedicalTokenizationConfig {
    var config = tiny
    config.vocabularySize = 80_181
    (config.encoder.width, config.encoder.layers, config.encoder.heads) = (768, 12, 12)
    (config.encoder.feedForwardWidth, config.encoder.contextLength) = (3072, 128)
    config.passageWords = 90
    config.masking.unit = .token
    (config.segmenter.width, config.segmenter.layers, config.segmenter.heads) = (768, 12, 12)
    (config.batchSize, config.steps) = (8192, 63_000)
    config.pretraining = .encoder(learningRate: 6e-4, warmup: 6300)
    config.pretraining.optimizer.beta2 = 0.98
    config.spans.training = .encoder(learningRate: 3e-5, warmup: 10)
    return config
  }
}
