public import Foundation
import GroveCore
public import GroveCorpus

/// Twins of an encoder, one with a vocabulary of morphemes.
public struct BiomedicalTokenizationRecipe: Recipe {
  public init() {}

  public let id = "biomedical-tokenization"
  public let paper = Paper(
    title: "Biomedical Language Models are Robust to Sub-optimal Tokenization", authors: "Jiménez Gutiérrez et al.",
    year: 2023, arXiv: "2306.17649")
  public let claim =
    "A vocabulary of the morphemes that a segmenter finds cuts medical words far better than one of frequent pieces, and an "
    + "encoder that is pre-trained with it is no better for it."

  public let criteria = [
    Criterion(
      "vocabularies", .mechanism,
      "Both vocabularies have the same number of ids and not the same pieces, and the pieces of every test word spell it."
    ),
    Criterion(
      "segmentation", .claim,
      "F1 of the morphemes of held-out medical words: the vocabulary of morphemes is at least 15 points above the standard one."
    ),
    Criterion(
      "masked-words", .claim,
      "Held-out hidden words of which all pieces are guessed: the difference of the twins, paired over seeds, lies within ±3 "
        + "points by two one-sided t tests at 5% (90% interval); otherwise nothing is decided, unless it lies outside."),
    Criterion(
      "linking", .claim, "Terms whose nearest title is their own: the same of their share, without any training for it."
    ),
    Criterion(
      "names", .claim, "Names of diseases and parts of the body in held-out lines, after fine-tuning: the same of F1."),
  ]

  public let differences = [
    "Two blocks of width 64 on single lines of the codes of ICD-10-CM, 0.2M words, for 700 steps of 64 lines, not BERT-base on "
      + "PubMed; both vocabularies have 3,000 ids, the paper's 30,522 and 80,181. Steps and rates were chosen on another seed.",
    "Words are hidden whole, the same in both twins; the paper hides tokens. A word counts as guessed if all its pieces are "
      + "right; how many there are, the model sees from the masks. Neither twin has dropout.",
    "The segmenter is a small encoder of letters with their neighbours, trained from nothing on 20,000 words that stand neither in the codes nor in "
      + "the demo's manual; the paper fine-tunes CANINE. Morphemes are those of the shared task of 2022, borders moved to how "
      + "the word is spelled.",
    "The general vocabulary that the paper adds is here the text's own words that the segmenter leaves whole. The standard "
      + "vocabulary is of byte pair merges; both cut words by the longest piece.",
    "Terms are linked among 2,000 titles of the classification by the mean of last states; UMLS and the paper's sets of names "
      + "are not free. Names are labelled by a dictionary: 300 lines to learn from, 1,000 of other categories to judge.",
    "One segmenter serves all seeds.",
  ]

  public func config(_ scale: RecipeScale) -> BiomedicalTokenizationConfig {
    switch scale {
    case .smoke: .smoke
    case .tiny: .tiny
    case .full: .full
    }
  }

  public func sources(_ config: BiomedicalTokenizationConfig, in corpus: URL) throws -> [SourceFile] {
    try MedicalTexts.sources(config.medical, in: corpus)
  }

  public func plan(_ config: BiomedicalTokenizationConfig, at scale: RecipeScale) throws -> RecipePlan {
    let segmenter = config.segmenter.encoder
    let letters = config.segmenter.steps * config.segmenter.batchSize * segmenter.contextLength
    let shape = config.shape
    let tokens =
      (config.steps * config.batchSize + config.spans.steps * config.spans.batchSize) * shape.contextLength
    let twins = [BiomedicalTokenizationArms.standard, BiomedicalTokenizationArms.morphemes].map { name in
      RecipePlan.Arm(
        name: name, seeds: config.seeds, parameters: shape.parameterCount, tokens: tokens,
        operations: Double(tokens) * shape.trainingOperationsPerToken(context: shape.contextLength))
    }
    return RecipePlan(
      arms: [
        RecipePlan.Arm(
          name: BiomedicalTokenizationArms.segmenter, seeds: 1, parameters: segmenter.parameterCount, tokens: letters,
          operations: Double(letters) * segmenter.trainingOperationsPerToken(context: segmenter.contextLength))
      ] + twins,
      notes: ["Operations count the blocks, and every passage, line and word as if it were as long as it may be."])
  }

  public func measure(_ run: RecipeRun, _ config: BiomedicalTokenizationConfig) throws -> RecipeFindings {
    let texts = try MedicalTexts(config.medical, in: run.corpus, documents: config.documents)
    let arms = BiomedicalTokenizationArms(config: config, texts: texts, run: run)
    let segmenter = try run.records([arms.segmenterJob()])
    let (standard, morphemes) = try arms.vocabularies()
    let tasks = try BiomedicalTasks(config, texts)
    let twins = try run.records(
      run.seeds(config.seeds).flatMap { seed in
        [
          arms.twin(BiomedicalTokenizationArms.standard, standard, tasks, seed: seed),
          arms.twin(BiomedicalTokenizationArms.morphemes, morphemes, tasks, seed: seed),
        ]
      })
    return try BiomedicalTokenizationJudgement(
      recipe: self, config: config, records: ComparisonRecords(records: segmenter + twins), standard: standard,
      morphemes: morphemes, tests: try texts.morphemes().tests
    ).findings()
  }
}
