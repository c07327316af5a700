public import Foundation
import GroveCore
public import GroveCorpus
import GroveModel

/// One place of the norms for every kind of model: Sub-LN against Pre-LN and Post-LN over rising rates.
public struct SubLayerNormRecipe: Recipe {
  public init() {}

  public let id = "magneto-subln"
  public let paper = Paper(title: "Foundation Transformers", authors: "Wang et al.", year: 2022, arXiv: "2210.06423")
  public let claim =
    "With a second norm inside each part and initial weights that grow with the logarithm of the depth, one transformer is as "
    + "stable and at least as good for each kind of task as the variant in use there."

  public let criteria = [
    Criterion(
      "initial-weights", .mechanism,
      "The norms of values, outputs and feed-forward matrices of Sub-LN are γ = √(ln 2L) times those of Pre-LN of the same seed, "
        + "and those of all other matrices the same, within 1e-5."),
    Criterion(
      "inner-norms", .mechanism,
      "In each domain Sub-LN has 2·L·(C + F) more trained numbers than Pre-LN, the gains and biases of its inner norms, and "
        + "Post-LN 2·C fewer, for it has no norm behind the last block."),
    Criterion(
      "stable-rate", .claim,
      "In at least two of the three domains the largest stable rate of Sub-LN is at least that of Pre-LN. A rate is stable if "
        + "in every seed every step is applied with a finite loss, and the mean training loss of the last tenth of the steps is "
        + "at least 2% below the loss without context, and above the best tenth by at most 5% of that. Without context: counts "
        + "of single bytes; for images, all digits alike."),
    Criterion(
      "not-worse", .claim,
      "In at least two of the three domains the 95% t interval over seeds of the held-out loss of Sub-LN minus that of Pre-LN, "
        + "each at the rate where its mean is lowest, does not lie above 0."),
    Criterion("better", .claim, "In at least one domain that interval lies below 0."),
    Criterion(
      "against-post", .claim,
      "In the masked domain, where Post-LN is the usual variant, both hold against Post-LN: the largest stable rate is at least "
        + "as high, and the interval does not lie above 0."),
  ]

  public let differences = [
    "Models of 12 layers and width 32 (0.15 million parameters) that take 150 steps, the masked ones 300, five seeds: bytes of "
      + "one book for the causal and the masked models, not GPT of up to 72 layers and BERT.",
    "The images are drawn digits of 12 × 12 places in black and white, with patches of 2 × 2 that are looked up in a table; the "
      + "paper has ImageNet. Translation, speech and images with text are not checked.",
    "All arms have Xavier's initial weights; Pre-LN and Post-LN without a gain.",
    "Three rates in steps of four, up to 3.2e-2 rather than 8e-3: with another seed and the end points tried before the run, some "
      + "placements trained at each and some did not.",
    "The rate of each arm is chosen by the held-out loss that is then compared, for all arms alike.",
  ]

  public func config(_ scale: RecipeScale) -> SubLayerNormConfig {
    switch scale {
    case .smoke: .smoke
    case .tiny: .tiny
    case .full: .full
    }
  }

  public func sources(_ config: SubLayerNormConfig, in corpus: URL) throws -> [SourceFile] {
    try ContinuedTexts.sources(config.comparison, in: corpus)
  }

  private func comparison(_ config: SubLayerNormConfig) -> Comparison {
    Comparison(
      config: config.comparison,
      arms: SubLayerNormArm.all(config, .causal).map { arm in
        ComparisonArm(arm.name) {
          $0.model.norm.placement = arm.norms.placement
          $0.training.optimizer.learningRate = arm.rate
        }
      })
  }

  private func encoderArms(_ config: SubLayerNormConfig) -> [SubLayerNormArm] {
    SubLayerNormArm.all(config, .masked) + SubLayerNormArm.all(config, .images)
  }

  public func plan(_ config: SubLayerNormConfig, at scale: RecipeScale) throws -> RecipePlan {
    RecipePlan(
      arms: comparison(config).plan(at: scale) + encoderArms(config).map { $0.plan(config) },
      notes: scale == .full ? ["Give a folder with the file text with --corpus."] : [])
  }

  public func measure(_ run: RecipeRun, _ config: SubLayerNormConfig) throws -> RecipeFindings {
    let causal = try comparison(config).records(run)
    let shards = ContinuedTexts(folder: run.folder.appending(path: "data"), config.comparison).made.shards
    let encoders = SubLayerNormEncoders(config: config, run: run, shards: shards)
    let others = try run.records(
      encoderArms(config).flatMap { arm in
        run.seeds(config.comparison.seeds).map { seed in
          RecipeRun.Job(arm.name, seed: seed) { _ in try encoders.train(arm, seed: seed) }
        }
      })
    let unigram = try UnigramLoss.natsPerToken(shards, vocabularySize: config.comparison.model.vocabularySize)
    return try SubLayerNormJudgement(
      recipe: self, config: config, records: ComparisonRecords(records: causal.records + others), unigramNats: unigram,
      firstSeed: run.firstSeed
    ).findings()
  }
}
