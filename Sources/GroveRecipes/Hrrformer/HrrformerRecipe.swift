public import Foundation
import GroveCore
public import GroveCorpus
import GroveEval
import GroveModel
import GroveReport

/// Classifiers whose attention binds keys and values, beside ordinary ones.
public struct HrrformerRecipe: Recipe {
  public init() {}

  public let id = "hrrformer"
  public let paper = Paper(
    title: "Recasting Self-Attention with Holographic Reduced Representations", authors: "Alam et al.", year: 2023,
    arXiv: "2305.19534")
  public let claim =
    "Attention by holographic reduced representations classifies about as well as attention by products, in fewer epochs, in "
    + "time and memory that grow with the length of the text."

  public let criteria = [
    Criterion(
      "binding", .mechanism,
      "In the sum of one pair of vectors of width 64 a key finds its value with a cosine above 0.99, and the cosine falls "
        + "with 2, 4 and 8 pairs."),
    Criterion(
      "linear", .claim,
      "Over the lengths that are timed, the exponent of a training step's time is at most 1.2, and of its memory at most 1.1; "
        + "of attention by products, at least 1.7 between the two longest."),
    Criterion(
      "accuracy", .claim,
      "Held-out accuracy at the end, mean over seeds: at most 3 points below that of attention by products, on bytes and on "
        + "lists."),
    Criterion(
      "epochs", .claim,
      "The evaluation at which 95% of a training's own best accuracy is reached comes earlier than with attention by products "
        + "in at least four of five seeds (in all, with fewer), on bytes and on lists."),
  ]

  public let differences = [
    "One layer of width 64 for a minute, not six of width 512 for twenty epochs on the Long Range Arena; texts are told apart "
      + "by the file that they are from, expressions of lists have 64 tokens at most.",
    "A sum that a query is unbound from leaves out padding; in the authors' code it takes part.",
    "Norms stand before each part, and the states of a text are averaged; the authors' initial weights are not known to us, "
      + "and both arms have Xavier's.",
    "No label smoothing; a cosine schedule in place of a decay by epochs.",
    "The hardware's 370-fold is not looked for; the ratio that was measured is printed.",
  ]

  public func config(_ scale: RecipeScale) -> HrrformerConfig {
    switch scale {
    case .smoke: .smoke
    case .tiny: .tiny
    case .full: .full
    }
  }

  public func sources(_ config: HrrformerConfig, in corpus: URL) throws -> [SourceFile] {
    try RecipeTexts.sources(config.kinds, in: corpus)
  }

  public func plan(_ config: HrrformerConfig, at scale: RecipeScale) throws -> RecipePlan {
    RecipePlan(
      arms: HrrformerArm.all.map { arm in
        let encoder = arm.encoder(config)
        let tokens = config.steps * config.batchSize * encoder.contextLength
        return RecipePlan.Arm(
          name: arm.name, seeds: config.seeds, parameters: encoder.parameterCount, tokens: tokens,
          operations: Double(tokens) * encoder.trainingOperationsPerToken(context: encoder.contextLength))
      } + [
        RecipePlan.Arm(
          name: HrrformerArm.costs, seeds: 1, parameters: HrrformerArm.all[0].encoder(config).parameterCount, tokens: 0,
          operations: 0)
      ],
      notes: ["Operations are counted as for attention by products, and lists as if each had the most tokens."])
  }

  public func measure(_ run: RecipeRun, _ config: HrrformerConfig) throws -> RecipeFindings {
    let records = try run.records(
      HrrformerArm.all.flatMap { arm in
        run.seeds(config.seeds).map { seed in
          RecipeRun.Job(arm.name, seed: seed) { _ in try arm.train(config, seed: seed, run) }
        }
      })
    // Alone, since its times and its memory are those of the whole process.
    let costs = try run.records([
      RecipeRun.Job(HrrformerArm.costs, seed: run.firstSeed) { _ in try HrrformerArm.costs(config) }
    ])
    return try HrrformerJudgement(recipe: self, config: config, records: records, costs: costs[0]).findings()
  }
}
