public import Foundation
import GroveCore
public import GroveCorpus

/// Branch, train, merge: experts of domains from one seed, mixed by Bayes, averaged, added and removed.
public struct BranchTrainMergeRecipe: Recipe {
  public init() {}

  public let id = "btm"
  public let paper = Paper(
    title: "Branch-Train-Merge: Embarrassingly Parallel Training of Expert Language Models", authors: "Li et al.",
    year: 2022, arXiv: "2208.03306")
  public let claim =
    "At equal cost an ensemble of domain experts that branched from a common seed predicts better than a dense model, in "
    + "and out of domain; experts of random parts do not, averages need the common seed, and a new expert is best begun "
    + "from the posterior-weighted average of the others."

  public let criteria = [
    Criterion(
      "costs", .mechanism,
      "With its seed phase every forest has trained on as many tokens as each dense model, within 1%; the weights of the "
        + "experts are the same files, byte for byte, before and after others are added."),
    Criterion(
      "in-domain", .claim,
      "Ensemble with cached prior, seed phase of half the tokens: bits per byte as the mean over the trained domains minus "
        + "those of the better dense model; the 95% paired bootstrap interval over held-out documents is below 0 in every "
        + "seed."),
    Criterion(
      "out-of-domain", .claim,
      "The same on the domains that nothing was trained on: above 0 in no seed, and the mean over seeds is at most 0."),
    Criterion(
      "random-splits", .claim,
      "The ensemble of experts of random parts minus that of domain experts, trained domains: above 0 in every seed."),
    Criterion(
      "seed-phase", .claim,
      "The ensemble without a seed phase minus that with half the tokens, trained domains: above 0 in every seed."),
    Criterion(
      "posterior-average", .claim,
      "One model, the average of the experts weighted by the domain's posterior, minus the uniform average, trained "
        + "domains: below 0 in every seed."),
    Criterion(
      "no-shared-seed", .claim,
      "The perplexity a token of the uniform average of experts without a common seed is at least twice that of experts "
        + "with one, trained domains, in every seed."),
    Criterion(
      "removing", .claim,
      "Without one expert, for each of them in every seed: the loss on its own domain rises (interval above 0), and the "
        + "mean over the other trained domains by less than a tenth of that."),
    Criterion(
      "adding", .claim,
      "An expert alone on its new domain, begun from the posterior-weighted average, minus one begun from the uniform "
        + "average, and minus one begun from the seed, mean over the new domains: both below 0 in every seed."),
  ]

  public let differences = [
    "Models of 0.4 million parameters and 1.5 million tokens, not 125M to 1.3B parameters and up to 80,000 updates.",
    "Five domains (two languages of a manual, theorems, Python, scripture) and two left out (a third language, a "
      + "dictionary), not 8 and 8, or 64. One tokenizer is trained on all of them, those left out included.",
    "A seed is a checkpoint of the dense run, as its schedule stands there, and the experts go on along that schedule. "
      + "They take steps of half as many sequences, since a small expert needs many; a second dense model has those "
      + "steps too, and the forest is compared with the better one, chosen on the judging documents.",
    "Muon, not Adam, for the matrices, with moments of zero after the branch.",
    "Priors and weights are estimated on held-out documents that do not judge, at most 8,192 tokens a domain, not 100 "
      + "sequences.",
    "Averages are compared at half a seed phase; without one, experts begin from different random weights.",
  ]

  public func config(_ scale: RecipeScale) -> BranchTrainMergeConfig {
    switch scale {
    case .smoke: .smoke
    case .tiny: .tiny
    case .full: .full
    }
  }

  public func sources(_ config: BranchTrainMergeConfig, in corpus: URL) throws -> [SourceFile] {
    try ContinuedTexts.sources(config.training, in: corpus)
  }

  public func plan(_ config: BranchTrainMergeConfig, at scale: RecipeScale) throws -> RecipePlan {
    let settings = config.training
    let rest = Double(settings.tokens) * (1 - settings.seedShare) / Double(config.domains.count)
    let added = Int(rest.rounded()) * config.added.count
    let forests = config.seedShares.map {
      settings.plan(experts: BranchTrainMergeArm.forest($0), seedShare: $0)
    }
    return RecipePlan(
      arms: settings.plan(dense: DenseArm.batchSizes(settings)) + forests
        + [settings.plan(experts: BranchTrainMergeArm.random, seedShare: settings.seedShare)]
        + BranchTrainMergeArm.Origin.allCases.map {
          settings.plan(BranchTrainMergeArm.added($0), seeds: settings.seeds, tokens: added)
        },
      notes: scale == .full
        ? ["Give a folder with a file for each of the sixteen domains with --corpus."]
        : ["Seeds are checkpoints of the dense run; forests count the tokens of their experts alone."])
  }

  public func measure(_ run: RecipeRun, _ config: BranchTrainMergeConfig) throws -> RecipeFindings {
    let settings = config.training
    let texts = ContinuedTexts(folder: run.folder.appending(path: "data"), settings)
    let count = config.domains.count
    try texts.prepare(
      corpus: run.corpus,
      dividing: { made in
        try made.divide(config.domains, as: BranchTrainMergeArm.random, into: count, split: texts.split) {
          RecipeTexts.randomPart(of: $0.id, count)
        }
      })
    let shards = texts.made.shards
    let text = try ExpertText(settings, shards: shards, domains: config.domains + config.added)
    let seeds = run.seeds(settings.seeds)
    let arm = BranchTrainMergeArm(config, run, shards: shards, text: text)
    let dense = try run.records(
      DenseArm.all(settings, domains: config.domains, seedShares: config.seedShares).flatMap { arm in
        seeds.map { arm.job(settings, run, seed: $0, shards: shards, text: text) }
      })
    let shares = config.seedShares.sorted()
    let forests = try run.records(
      shares.flatMap { share in seeds.map { arm.forest(share, seed: $0) } } + seeds.map { arm.random(seed: $0) })
    let added = try run.records(
      BranchTrainMergeArm.Origin.allCases.flatMap { origin in seeds.map { arm.added(origin, seed: $0) } })
    return try BranchTrainMergeJudgement(
      recipe: self, config: config,
      records: ExpertRecords(records: dense + forests + added, documents: text.judged.documents)
    ).findings()
  }
}
