public import Foundation
import GroveCore
public import GroveCorpus
import GroveEval
import GroveModel

/// A model for one language beside models of many.
public struct MonolingualModelRecipe: Recipe {
  public init() {}

  static let alone = "alone"
  static let mixed = "mixed"
  static let mixedWhole = "mixed-same-text"

  public let id = "polyglot-ko"
  public let paper = Paper(
    title: "A Technical Report for Polyglot-Ko: Open-Source Large-Scale Korean Language Models", authors: "Ko et al.",
    year: 2023, arXiv: "2306.02254")
  public let claim =
    "A model of Korean alone is better at Korean than one of many languages and the same size; it gets better with size; and "
    + "a tokenizer that respects morphemes needs no more tokens."

  public let criteria = [
    Criterion(
      "tokenizers", .mechanism,
      "All three tokenizers give back every held-out Korean document to the byte, and are of one size."),
    Criterion(
      "equal-tokens", .mechanism,
      "The Korean model and the mixed one are trained for as many steps of as many tokens; the mixed one that sees as much "
        + "Korean, for as many times more as there are languages."),
    Criterion(
      "alone", .claim,
      "Korean, bits per byte: the Korean model is at least 2% below the mixed one of equal tokens in the mean over seeds, and "
        + "the 95% paired bootstrap interval over held-out documents is below 0 in every seed."),
    Criterion(
      "same-text", .claim,
      "Korean, bits per byte: the Korean model minus the mixed one that sees as much Korean; the interval is below 0 in every "
        + "seed."),
    Criterion(
      "morphemes", .claim,
      "Tokens for each character of held-out Korean text: the tokenizer trained on morphemes needs at most as many as the plain "
        + "one of Korean, and fewer than that of the mixture."),
    Criterion("sizes", .claim, "Korean, bits per byte: lower with each of three sizes, in every seed."),
  ]

  public let differences = [
    "Models of 0.1 million parameters on 0.4 million tokens of a software manual, six languages; the report's are of 1.3 to 12.8 "
      + "billion on 863 GB of Korean, against XGLM-7.5B.",
    "Morphemes are cut by a list of particles and endings, not by MeCab; the models themselves share one tokenizer of all six "
      + "languages, so that their losses differ by the data alone.",
    "The Korean manual holds some English: pages that were not translated.",
    "KOBEST's scores would be chance at this size and are left out.",
  ]

  public func config(_ scale: RecipeScale) -> MonolingualModelConfig {
    switch scale {
    case .smoke: .smoke
    case .tiny: .tiny
    case .full: .full
    }
  }

  public func sources(_ config: MonolingualModelConfig, in corpus: URL) throws -> [SourceFile] {
    try ContinuedTexts.sources(config.training, in: corpus)
  }

  private func comparison(_ config: MonolingualModelConfig) -> Comparison {
    let (language, names) = (config.language, config.training.streams.map(\.name))
    let equal = Dictionary(uniqueKeysWithValues: names.map { ($0, 1.0) })
    return Comparison(
      config: config.training,
      arms: [
        ComparisonArm(Self.alone) { $0.data.domains = [language] },
        ComparisonArm(Self.mixed) { $0.data.weights = equal },
        ComparisonArm(Self.mixedWhole) {
          $0.data.weights = equal
          $0.training.steps *= names.count
        },
      ]
        + config.sizes.map { size in
          ComparisonArm(Self.alone(size)) {
            $0.model = config.sized(size)
            $0.data.domains = [language]
          }
        })
  }

  static func alone(_ size: ModelSize) -> String { "alone-\(size.name)" }

  public func plan(_ config: MonolingualModelConfig, at scale: RecipeScale) throws -> RecipePlan {
    RecipePlan(
      arms: comparison(config).plan(at: scale) + [
        RecipePlan.Arm(name: TokenizerComparison.arm, seeds: 1, parameters: 0, tokens: 0, operations: 0)
      ],
      notes: scale == .full ? ["Give a folder with a file for each language, called by its code, with --corpus."] : [])
  }

  public func measure(_ run: RecipeRun, _ config: MonolingualModelConfig) throws -> RecipeFindings {
    let records = try comparison(config).records(run) { trained, figures in
      figures.figures["steps"] = Double(trained.config.training.steps)
    }
    let texts = ContinuedTexts(folder: run.folder.appending(path: "data"), config.training)
    let tokenizers = try run.records([
      RecipeRun.Job(TokenizerComparison.arm, seed: run.firstSeed) {
        try TokenizerComparison(texts: texts, config: config).figures(in: $0)
      }
    ])
    return try MonolingualModelJudgement(
      recipe: self, config: config, records: records, tokenizers: tokenizers[0]
    ).findings()
  }
}
