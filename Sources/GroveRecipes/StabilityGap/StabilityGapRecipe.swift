public import Foundation
import GroveCore
public import GroveCorpus

/// The stability gap: what a model knew falls when its pre-training goes on with other text, and what helps.
public struct StabilityGapRecipe: Recipe {
  public init() {}

  public let id = "stability-gap"
  public let paper = Paper(
    title: "Efficient Continual Pre-training by Mitigating the Stability Gap", authors: "Guo et al.", year: 2024,
    arXiv: "2406.14833")
  public let claim =
    "When pre-training goes on with the text of a domain, accuracy first falls and then recovers; several passes over a "
    + "subset, the best-scored subset, and a mixture with the shares of the old text each end better than one pass."

  public let criteria = [
    Criterion(
      "probes", .mechanism,
      "At step 0 every probe of all arms of a seed gives the same scores; one pass reads no sequence of the domain twice; "
        + "the share of spoiled documents in the best-scored subset is at most half of that in the domain."),
    Criterion(
      "domain-dip", .claim,
      "One pass, re-warmed: at that checkpoint of the first 10% of the steps whose domain accuracy is lowest on every "
        + "second held-out document, the accuracy on the other documents minus that at step 0 has a 95% bootstrap "
        + "interval below 0, in every seed."),
    Criterion("old-dip", .claim, "The same for the accuracy on old text."),
    Criterion(
      "subset", .claim,
      "Mean of the three accuracies at the end, re-warmed: four passes over a random subset minus one pass; the 95% t "
        + "interval over seeds is above 0."),
    Criterion("best", .claim, "The same for four passes over the best-scored subset."),
    Criterion("mixture", .claim, "The same for the mixture."),
    Criterion(
      "shallower", .claim,
      "How far the mean of the three accuracies falls below step 0 within the first 10% of the steps, re-warmed: one pass "
        + "minus the mixture; the 95% t interval over seeds is above 0."),
  ]

  public let differences = [
    "Models of 0.1 million parameters, a base of 1.2 million tokens and continuations of 0.3 million, not OpenLLaMA-3B "
      + "and 50 billion tokens of medical text.",
    "The domain is the manual in French and Spanish, and a tenth of what the base reads is other pages of it; the paper's is "
      + "medicine. Its tasks are next tokens of held-out pages, of held-out old text, and a pattern to copy.",
    "Three in ten training documents of the domain are spoiled (the letters of each word in a random order), so that there "
      + "is a better part to find. The score is the bits per byte under the first seed's base.",
    "Each remedy is tried alone; the paper combines them. In the mixture the domain takes the place of the English "
      + "manual, as it takes that of the web text in the paper; it is then read 0.6 times as much.",
    "Each arm runs with the rate warmed up again and with the floor of the base's rate, to part the two effects.",
    "AdamW begins each continuation with moments of zero.",
  ]

  public func config(_ scale: RecipeScale) -> StabilityGapConfig {
    switch scale {
    case .smoke: .smoke
    case .tiny: .tiny
    case .full: .full
    }
  }

  public func sources(_ config: StabilityGapConfig, in corpus: URL) throws -> [SourceFile] {
    try ContinuedTexts.sources(config.pretraining, in: corpus)
  }

  public func plan(_ config: StabilityGapConfig, at scale: RecipeScale) throws -> RecipePlan {
    let settings = config.pretraining
    return RecipePlan(
      arms: [settings.plan(GapArm.base, steps: settings.baseSteps)]
        + GapArm.all.map { settings.plan($0.name, steps: settings.steps) },
      notes: scale == .full
        ? ["Give a folder with the files web, books and medical with --corpus."]
        : ["All arms start from the base of their seed; the base of the first seed scores the domain's documents."])
  }

  public func measure(_ run: RecipeRun, _ config: StabilityGapConfig) throws -> RecipeFindings {
    let settings = config.pretraining
    let texts = ContinuedTexts(folder: run.folder.appending(path: "data"), settings)
    try texts.prepare(corpus: run.corpus)
    let seeds = run.seeds(settings.seeds)
    let bases = try run.records(
      seeds.map { seed in
        RecipeRun.Job(GapArm.base, seed: seed) { place in
          let arm = GapArm.base(config, seed: seed)
          let folder = try arm.train(settings, run, shards: texts.made.shards, in: place)
          return try arm.figures(folder, settings, run, shards: texts.made.shards)
        }
      })
    func end(_ seed: Int) -> URL { StreamRun.end(GapArm.base(config, seed: seed), of: run) }
    let subsets = DomainSubsets(folder: run.folder.appending(path: "subsets"), texts, config)
    try subsets.prepare(scoredBy: end(seeds[0]), device: run.device)
    let shards = subsets.made.shards
    let others = try run.records(
      GapArm.all.flatMap { arm in
        seeds.map { seed in
          let stream = arm.run(config, seed: seed, base: end(seed))
          return RecipeRun.Job(arm.name, seed: seed) { place in
            let folder = try stream.train(settings, run, shards: shards, in: place)
            var result = try stream.figures(folder, settings, run, shards: shards)
            result.figures["passes"] = try arm.passes(config, shards: shards)
            try GapArm.probe(folder, config, run, shards: shards, into: &result)
            return result
          }
        }
      })
    return try StabilityGapJudgement(
      recipe: self, config: config, junk: subsets.junkShares(), records: StreamRecords(records: bases + others)
    ).findings()
  }
}
