public import Foundation
import GroveCore
public import GroveCorpus
import GroveTrain

/// Continued pre-training after the rate has decayed: warm it up again, how fast, how high, or not at all.
public struct RewarmRecipe: Recipe {
  public init() {}

  public let id = "rewarm"
  public let paper = Paper(
    title: "Continual Pre-Training of Large Language Models: How to (re)warm your model?", authors: "Gupta et al.",
    year: 2023, arXiv: "2308.04014")
  public let claim =
    "Warming the learning rate up again first raises the loss on old and new text, then wins on the new text, also "
    + "against training from scratch; the length of the warm-up hardly matters, and a higher peak trades the old text "
    + "for the new."

  public let criteria = [
    Criterion(
      "schedules", .mechanism,
      "The learning rate of every step of every arm is that of the definition, computed apart, within 1e-9; all arms of a "
        + "seed that go on from the base on new text have the bit-identical loss in their first batch; and the rate of "
        + "the base has come down to its floor."),
    Criterion(
      "spike", .claim,
      "Re-warmed: within the first 5% of the steps the held-out loss exceeds that of the base by more than 0.5%, on the "
        + "old and on the new text, in every seed."),
    Criterion(
      "spike-without-shift", .claim,
      "Re-warmed on the old text alone: the same on the old text, in every seed."),
    Criterion(
      "beats-constant", .claim,
      "New text at the end: bits per byte of the re-warmed arm minus those of the arm that keeps to the floor of the rate; "
        + "the 95% paired bootstrap interval over held-out documents is below 0 in every seed."),
    Criterion(
      "beats-scratch", .claim,
      "The same against training from scratch on the new text with the same schedule."),
    Criterion(
      "warmup-length", .claim,
      "New text at the end: over the warm-ups longer than 0, the largest mean over seeds minus the smallest is below the "
        + "standard deviation over seeds of the re-warmed arm, or below 0.5% of its mean."),
    Criterion(
      "trade-off", .claim,
      "Over the peaks, Spearman's correlation of the peak with the bits per byte at the end is below 0 on the new text "
        + "and above 0 on the old, in every seed."),
  ]

  public let differences = [
    "Models of 0.1 million parameters, a base of 1.2 million tokens (under three passes) and 0.4 million tokens of new text "
      + "(one pass at most), not Pythia-410M, 300 and 297 billion.",
    "Old and new text are disjoint documents of the same four kinds, 85% and 15% of each, for the mild shift from the "
      + "Pile to SlimPajama.",
    "AdamW begins each continuation with moments of zero.",
    "All continuations start from the end of the base; the paper also starts from earlier checkpoints.",
    "The criterion for the spike asks for 0.5%, since a maximum over several steps exceeds the start by chance.",
  ]

  public func config(_ scale: RecipeScale) -> RewarmConfig {
    switch scale {
    case .smoke: .smoke
    case .tiny: .tiny
    case .full: .full
    }
  }

  public func sources(_ config: RewarmConfig, in corpus: URL) throws -> [SourceFile] {
    try ContinuedTexts.sources(config.pretraining, in: corpus)
  }

  public func plan(_ config: RewarmConfig, at scale: RecipeScale) throws -> RecipePlan {
    let settings = config.pretraining
    return RecipePlan(
      arms: [settings.plan(RewarmArm.base, steps: settings.baseSteps)]
        + RewarmArm.all(config).map { settings.plan($0.name, steps: $0.length * settings.steps) },
      notes: scale == .full
        ? ["Give a folder with the files pile and slimpajama with --corpus."]
        : ["All arms but the base and those from scratch start from the base of their seed."])
  }

  public func measure(_ run: RecipeRun, _ config: RewarmConfig) throws -> RecipeFindings {
    let settings = config.pretraining
    let texts = ContinuedTexts(folder: run.folder.appending(path: "data"), settings)
    try texts.prepare(corpus: run.corpus)
    let seeds = run.seeds(settings.seeds)
    let shards = texts.made.shards
    @Sendable func job(_ arm: StreamRun) -> RecipeRun.Job {
      RecipeRun.Job(arm.name, seed: arm.seed) { place in
        let folder = try arm.train(settings, run, shards: shards, in: place)
        return try arm.figures(folder, settings, run, shards: shards)
      }
    }
    let bases = try run.records(seeds.map { job(RewarmArm.base(config, seed: $0)) })
    let others = try run.records(
      RewarmArm.all(config).flatMap { arm in
        seeds.map { seed in
          job(arm.run(config, seed: seed, base: StreamRun.end(RewarmArm.base(config, seed: seed), of: run)))
        }
      })
    return try RewarmJudgement(recipe: self, config: config, records: StreamRecords(records: bases + others)).findings()
  }
}
