public import Foundation
import GroveCore
public import GroveCorpus

/// A general encoder that gets the words of a domain as tokens.
public struct BioptimusRecipe: Recipe {
  public init() {}

  public let id = "bioptimus"
  public let paper = Paper(
    title:
      "BIOptimus: Pre-training an Optimal Biomedical Language Model with Curriculum Learning for Named Entity Recognition",
    authors: "Pavlova and Makhlouf", year: 2023, arXiv: "2308.08625")
  public let claim =
    "New tokens of a general encoder that begin with the states which it gives their pieces in context learn faster than new "
    + "tokens that begin at random, and the encoder then finds names better."

  public let criteria = [
    Criterion(
      "expansion", .mechanism,
      "Every new word is one token and was several, and a text of old tokens gives old tokens the scores it gave before, within "
        + "1e-4, in all arms."),
    Criterion(
      "area", .claim,
      "Mean training loss over all steps on medical text, the same batches and masks: contextual minus random, paired over "
        + "seeds; the 95% t interval is below 0."),
    Criterion(
      "order", .claim, "The same mean, over seeds: contextual is below the mean of pieces, and that below random."),
    Criterion(
      "names", .claim,
      "F1 of names of diseases and parts of the body in held-out lines after fine-tuning: contextual minus random, paired over "
        + "seeds; the 95% t interval is above 0."),
  ]

  public let differences = [
    "Two blocks of width 64 that read a software manual (0.1M words) are the general encoder, not BERT-base; the medical text "
      + "is the codes of ICD-10-CM, 0.2M words, not PubMed; 500 tokens are new.",
    "500 steps on medical text. The rate, the same for all arms, was set before the run and not searched; the curriculum's four "
      + "phases have 125 steps each.",
    "Texts are single lines of three to 20 words, of which one is hidden at least: in most of them that is more than the share "
      + "that is asked for.",
    "States are those behind the last block, at about 50 places of a word at most. They are much longer than embeddings; "
      + "an arm that scales them to the embeddings' mean length is reported beside them.",
    "New tokens have no bias in the head at first, in any arm.",
    "Names are labelled by a dictionary: 300 lines to learn from, 1,000 of other categories to judge; the paper has five sets of "
      + "BLURB.",
    "Kinds of masks are compared with 500 steps each and are reported without a criterion. No dropout.",
  ]

  public func config(_ scale: RecipeScale) -> BioptimusConfig {
    switch scale {
    case .smoke: .smoke
    case .tiny: .tiny
    case .full: .full
    }
  }

  public func sources(_ config: BioptimusConfig, in corpus: URL) throws -> [SourceFile] {
    try RecipeTexts.sources([config.general], in: corpus) + MedicalTexts.sources(config.medical, in: corpus)
  }

  public func plan(_ config: BioptimusConfig, at scale: RecipeScale) throws -> RecipePlan {
    func arm(_ name: String, ids: Int, samples: Int) -> RecipePlan.Arm {
      let shape = config.shape(ids)
      let tokens = samples * shape.contextLength
      return RecipePlan.Arm(
        name: name, seeds: config.seeds, parameters: shape.parameterCount, tokens: tokens,
        operations: Double(tokens) * shape.trainingOperationsPerToken(context: shape.contextLength))
    }
    let samples = config.steps * config.batchSize + config.spans.steps * config.spans.batchSize
    return RecipePlan(
      arms: [
        arm(BioptimusArms.general, ids: config.vocabularySize, samples: config.generalSteps * config.batchSize)
      ]
        + (BioptimusArms.beginnings + BioptimusArms.maskings).map {
          arm($0, ids: config.vocabularySize + config.newTokens, samples: samples)
        },
      notes: ["Operations count the blocks, and every passage and line as if it were as long as it may be."])
  }

  public func measure(_ run: RecipeRun, _ config: BioptimusConfig) throws -> RecipeFindings {
    let texts = try MedicalTexts(config.medical, in: run.corpus, documents: config.documents)
    let manual = try RecipeTexts.sources([config.general], in: run.corpus).flatMap { try Self.lines($0.url) }
    let pieces = try WordPieces.learned(
      from: WordPieces.counts(manual), count: config.vocabularySize - WordPieces.special.count)
    let expansion = try VocabularyExpansion(
      WordPieces(pieces), counts: WordPieces.counts(texts.training), newTokens: config.newTokens)
    let spans = try SpanRecognition(
      config.spans, dictionary: texts.names(), training: texts.training, heldOut: texts.heldOut,
      words: config.passageWords)
    let arms = BioptimusArms(config: config, texts: texts, expansion: expansion, spans: spans, run: run)
    let seeds = run.seeds(config.seeds)
    let general = try run.records(seeds.map { arms.generalJob(manual, seed: $0) })
    let others = try run.records(
      seeds.flatMap { seed in (BioptimusArms.beginnings + BioptimusArms.maskings).map { arms.job($0, seed: seed) } })
    return try BioptimusJudgement(
      recipe: self, config: config, expansion: expansion, records: ComparisonRecords(records: general + others)
    ).findings()
  }

  /// The words of each line of a file.
  private static func lines(_ file: URL) throws -> [[String]] {
    let reader = try RecipeTexts.reader(file)
    var lines: [[String]] = []
    while let document = try reader.next() {
      lines += String(decoding: document.text, as: UTF8.self).split(separator: "\n").map(WordText.words)
    }
    return lines
  }
}
