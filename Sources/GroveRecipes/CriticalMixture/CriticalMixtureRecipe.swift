public import Foundation
import GroveCore
public import GroveCorpus
import GroveTrain

/// How much of a new domain a model can be trained on before it forgets what it knew, and the laws that predict it.
public struct CriticalMixtureRecipe: Recipe {
  public init() {}

  public let id = "cmr-scaling-law"
  public let paper = Paper(
    title: "CMR Scaling Law: Predicting Critical Mixture Ratios for Continual Pre-training of Language Models",
    authors: "Gu et al.", year: 2024, arXiv: "2407.17467")
  public let claim =
    "Losses in continued pre-training follow power laws of tokens and of the share of the new domain; so the critical "
    + "mixture ratio, the largest share that leaves the general loss within a tolerance, can be predicted. It grows with "
    + "tokens and with the model's size, and is larger for a domain that is closer to the general text."

  public let criteria = [
    Criterion(
      "mixtures", .mechanism,
      "The share of new sequences that each run read, counted in its order of data, is its ratio within 0.005; the rate of "
        + "every step is that of the definition, computed apart, within 1e-9."),
    Criterion(
      "fits", .claim,
      "Mean over seeds, from 0.1 T to T: a power of tokens fits the domain loss, and a sum of two the general loss, with a "
        + "coefficient of determination of 0.95 or more, for every size, domain and ratio above 0."),
    Criterion(
      "leave-one-out", .claim,
      "At T, each loss at a ratio above 0 is predicted from the laws at the other ratios, by a power law of the share of the "
        + "text in question, with an error of at most 2%, for every size and domain."),
    Criterion(
      "near-over-far", .claim,
      "The critical ratio at T is larger for the near domain than for the far one, with a bootstrap probability over seeds "
        + "of 0.9 or more, in every size. The tolerance is 0.05 nats a token, or three deviations over seeds if that is "
        + "more."),
    Criterion(
      "rises", .claim,
      "The critical ratio at T is larger than at half of T, with the same probability, for every size and domain."),
    Criterion(
      "size", .claim,
      "The critical ratio at T is larger for the larger model, with the same probability, for both domains."),
    Criterion(
      "extrapolation", .claim,
      "A power law of tokens, fitted to the critical ratios from a quarter of T to T, predicts the one found at 2T within "
        + "0.05, for every size and domain."),
  ]

  public let differences = [
    "Models of 0.04 and 0.1 million parameters, a base of 1.2 million tokens and T of 0.2 million, not 460M to 3.1B, 200 and "
      + "20 billion.",
    "The base has read the English manual and scripture. The near domain is English definitions; the far one the French "
      + "manual and Python. The paper's are finance and scientific papers.",
    "The rate is constant from the base's warm-up to the end of every run, and the moments are kept: nothing changes but the "
      + "text, and a loss at T does not depend on how much further the run goes.",
    "The critical ratio is where the fitted general losses cross the tolerance, on lines between the ratios; the largest "
      + "ratio that was tried is a lower bound only.",
    "Extrapolation to 2T is tested; the paper does not.",
  ]

  public func config(_ scale: RecipeScale) -> CriticalMixtureConfig {
    switch scale {
    case .smoke: .smoke
    case .tiny: .tiny
    case .full: .full
    }
  }

  public func sources(_ config: CriticalMixtureConfig, in corpus: URL) throws -> [SourceFile] {
    try ContinuedTexts.sources(config.pretraining, in: corpus)
  }

  public func plan(_ config: CriticalMixtureConfig, at scale: RecipeScale) throws -> RecipePlan {
    RecipePlan(
      arms: config.sizes.map { size in
        let settings = config.settings(size)
        return settings.plan(CriticalMixtureArm.base(size), steps: settings.baseSteps)
      }
        + CriticalMixtureArm.all(config).map { arm in
          let settings = config.settings(arm.size)
          return settings.plan(arm.name, steps: 2 * settings.steps)
        },
      notes: scale == .full
        ? ["Give a folder with the files web, finance and science with --corpus."]
        : ["All arms of a size start from the base of their seed and run to 2T."])
  }

  public func measure(_ run: RecipeRun, _ config: CriticalMixtureConfig) throws -> RecipeFindings {
    let texts = ContinuedTexts(folder: run.folder.appending(path: "data"), config.pretraining)
    try texts.prepare(corpus: run.corpus)
    let shards = texts.made.shards
    let seeds = run.seeds(config.pretraining.seeds)
    let bases = try run.records(
      config.sizes.reversed().flatMap { size in
        seeds.map { seed in
          let (arm, settings) = (CriticalMixtureArm.base(size, config, seed: seed), config.settings(size))
          return RecipeRun.Job(arm.name, seed: seed) { place in
            let folder = try arm.train(settings, run, shards: shards, in: place)
            return try arm.figures(folder, settings, run, shards: shards)
          }
        }
      })
    let others = try run.records(
      CriticalMixtureArm.all(config).flatMap { arm in
        seeds.map { seed in
          let settings = config.settings(arm.size)
          let base = StreamRun.end(CriticalMixtureArm.base(arm.size, config, seed: seed), of: run)
          let stream = arm.run(config, seed: seed, base: base)
          return RecipeRun.Job(arm.name, seed: seed) { place in
            let folder = try stream.train(settings, run, shards: shards, in: place)
            var result = try stream.figures(folder, settings, run, shards: shards)
            result.figures["read share"] = try arm.readShare(config, seed: seed, shards: shards)
            return result
          }
        }
      })
    return try CriticalMixtureJudgement(
      recipe: self, config: config, records: StreamRecords(records: bases + others)
    ).findings()
  }
}
