public import Foundation
import GroveCluster
import GroveCore
public import GroveCorpus

/// Experts of groups of languages from a multilingual seed, and new languages without forgetting.
public struct CrossLingualExpertsRecipe: Recipe {
  public init() {}

  public let id = "x-elm"
  public let paper = Paper(
    title: "Breaking the Curse of Multilinguality with Cross-lingual Expert Language Models", authors: "Blevins et al.",
    year: 2024, arXiv: "2401.10440")
  public let claim =
    "At equal cost experts of groups of languages beat a dense multilingual model in every language, and a new language is "
    + "best begun from the expert of its nearest relatives, which leaves the others as they were."

  public let criteria = [
    Criterion(
      "costs", .mechanism,
      "With its seed phase every forest has trained on as many tokens as each dense model, within 1%; and the weights of the "
        + "experts are the same files, byte for byte, before and after a new language is added."),
    Criterion(
      "languages", .claim,
      "The one expert of a language's typological group minus the better dense model: bits per byte as the mean over "
        + "languages, the 95% paired bootstrap interval over held-out documents is below 0 in every seed; and the mean over "
        + "seeds is below 0 in all languages but one at most."),
    Criterion(
      "random-clusters", .claim,
      "Experts of random clusters minus those of typological groups, both weighed by the posterior: above 0 in every seed."
    ),
    Criterion(
      "relative", .claim,
      "A new language, from the expert of the nearest language's group minus from the seed, with equal tokens: below 0 in "
        + "every seed."),
    Criterion(
      "forgetting", .claim,
      "The dense model after it was trained on the new language minus before, mean over the old languages: above 0 in every "
        + "seed."),
  ]

  public let differences = [
    "Models of 0.4 million parameters and 1.5 million tokens, not XGLM-1.7B and 21 billion.",
    "A manual in five languages (German, English, Spanish, Korean, Russian), in three groups, and French as the new one; the "
      + "paper has sixteen, and four new ones. No page stands in two languages.",
    "The seed is half of the dense run, not a model that was trained before; experts go on along its schedule, in steps of "
      + "half as many sequences, and are compared with the better of two dense models with either.",
    "Groups and relatives come from URIEL's features of syntax; features that are unknown of a language are left out.",
    "Clusters of words are found on pieces of 2,048 bytes, once for all seeds.",
    "Each adapted model has as many tokens as an expert, along the expert's part of the schedule. The dense model that is "
      + "adapted is the one whose run the seed is taken from.",
  ]

  public func config(_ scale: RecipeScale) -> CrossLingualExpertsConfig {
    switch scale {
    case .smoke: .smoke
    case .tiny: .tiny
    case .full: .full
    }
  }

  public func sources(_ config: CrossLingualExpertsConfig, in corpus: URL) throws -> [SourceFile] {
    try ContinuedTexts.sources(config.training, in: corpus)
  }

  public func plan(_ config: CrossLingualExpertsConfig, at scale: RecipeScale) throws -> RecipePlan {
    typealias Arm = CrossLingualExpertsArm
    let settings = config.training
    let rest = Double(settings.tokens) * (1 - settings.seedShare)
    return RecipePlan(
      arms: settings.plan(dense: DenseArm.batchSizes(settings))
        + Arm.Division.allCases.map { settings.plan(experts: $0.rawValue, seedShare: settings.seedShare) }
        + Arm.Origin.allCases.map {
          settings.plan(Arm.adapted($0), seeds: settings.seeds, tokens: Int((rest / Double(config.clusters)).rounded()))
        },
      notes: scale == .full
        ? ["Give a folder with a file for each language, called by its code, with --corpus."]
        : ["The seed is a checkpoint of the dense run; forests count the tokens of their experts alone."])
  }

  public func measure(_ run: RecipeRun, _ config: CrossLingualExpertsConfig) throws -> RecipeFindings {
    typealias Arm = CrossLingualExpertsArm
    let settings = config.training
    let texts = ContinuedTexts(folder: run.folder.appending(path: "data"), settings)
    try texts.prepare(corpus: run.corpus, dividing: { try divide(config, $0, texts.split) })
    let (made, shards) = (texts.made, texts.made.shards)
    let text = try ExpertText(settings, shards: shards, domains: config.languages + [config.added])
    let seeds = run.seeds(settings.seeds)
    let arm = Arm(config, run, made, text)
    let dense = try run.records(
      DenseArm.all(settings, domains: config.languages, seedShares: [settings.seedShare]).flatMap { arm in
        seeds.map { arm.job(settings, run, seed: $0, shards: shards, text: text) }
      })
    let forests = try run.records(
      Arm.Division.allCases.flatMap { division in seeds.map { arm.forest(division, seed: $0) } })
    let adapted = try run.records(
      Arm.Origin.allCases.flatMap { origin in seeds.map { arm.adapted(origin, seed: $0) } })
    return try CrossLingualExpertsJudgement(
      recipe: self, config: config,
      records: ExpertRecords(records: dense + forests + adapted, documents: text.judged.documents)
    ).findings()
  }

  /// Writes the documents of the languages once more for every division but the monolingual one.
  private func divide(_ config: CrossLingualExpertsConfig, _ made: RecipeTexts, _ split: SplitRule) throws {
    typealias Arm = CrossLingualExpertsArm
    let groups = try config.groups
    try made.divide(
      config.languages, as: Arm.Division.typology.rawValue, into: config.clusters, split: split
    ) { document in groups.firstIndex { $0.contains(document.domain) } ?? 0 }
    try made.divide(
      config.languages, as: Arm.Division.random.rawValue, into: config.clusters, split: split
    ) { RecipeTexts.randomPart(of: $0.id, config.clusters) }
    try Arm.words(config).make(config.languages, config.clustering, in: made, split: split)
  }
}
