public import Foundation
import GroveCore
public import GroveCorpus
import GroveModel

/// Encoders in which most positions take light branches, beside one in which all are treated alike.
public struct ConditionalRecipe: Recipe {
  public init() {}

  public let id = "colt5-conditional"
  public let paper = Paper(
    title: "CoLT5: Faster Long-Range Transformers with Conditional Computation",
    authors: "Ainslie et al.", year: 2023,
    arXiv: "2303.09752")
  public let claim =
    "An encoder that gives heavy branches to a sixteenth of the positions alone, chosen by learned routers, answers questions "
    + "about long texts as well as one that treats all positions alike, in less time."

  public let criteria = [
    Criterion(
      "gather", .mechanism,
      "On held-out texts every router chooses as many different positions as its share of the text says; and with random "
        + "weights, at the longest length that is timed, a training step of the conditional arm holds at most 0.75 of the "
        + "bytes of the dense arm's, and its encoder's pass counts at most 0.75 of the operations."),
    Criterion(
      "step-time", .claim,
      "At the longest length that is timed, arms in turn: the median time of a training step is at most 0.75 of the dense "
        + "arm's, and the 95% bootstrap interval of the ratio over the rounds is below 1."),
    Criterion(
      "accuracy", .claim,
      "Held-out accuracy, mean over seeds and both kinds of questions: at most 2 points below the dense arm's."
    ),
    Criterion(
      "learned-routing", .claim,
      "Held-out accuracy, learned routing minus random: the 95% t interval over seeds is above 0."),
  ]

  public let differences = [
    "Eight facts, each an id of its own, hidden in the bytes of a manual, and questions that take one fact or two, not SCROLLS; "
      + "all questions of a text are put to the decoder, in SCROLLS one stands in front of the text.",
    "Two blocks of width 64 on texts of 2,048 positions after ones of 64 and 256, five seeds; the models that are timed have four "
      + "blocks of width 128. In the paper 12 to 24 blocks on 16,384 positions.",
    "The dense arm has local attention without LongT5's global tokens, and no arm was pre-trained by UL2.",
    "The decoder has one block, without a gate; its attention to the encoder has one head of keys and values in every arm, "
      + "in the paper in CoLT5 alone.",
    "In training light attention sees 31 positions to each side and the soft choice has 20 rounds; what is timed has the paper's "
      + "127 and 50.",
    "Random routing has positions of its own for every layer and router, in place of the paper's evenly spread ones; its "
      + "heavy branches have no weights.",
    "The soft choice of k positions sums to k; the authors let it sum to a little more in training.",
  ]

  public func config(_ scale: RecipeScale) -> ConditionalConfig {
    switch scale {
    case .smoke: .smoke
    case .tiny: .tiny
    case .full: .full
    }
  }

  public func sources(_ config: ConditionalConfig, in corpus: URL) throws -> [SourceFile] {
    try RecipeTexts.sources([config.text], in: corpus)
  }

  public func plan(_ config: ConditionalConfig, at scale: RecipeScale) throws -> RecipePlan {
    let arms = ConditionalArm.allCases.map { arm in
      let model = arm.shaped(config.model)
      let texts = config.stages.map { ($0.steps * $0.batchSize, $0.length) }
      return RecipePlan.Arm(
        name: arm.rawValue, seeds: config.seeds, parameters: model.parameterCount,
        tokens: texts.reduce(0) { $0 + $1.0 * $1.1 },
        operations: texts.reduce(0) { sum, texts in
          sum + Double(texts.0)
            * model.trainingOperations(sourceLength: texts.1, targetLength: NeedleTexts.facts)
        })
    }
    let timed = ConditionalArm.conditional.shaped(config.timedModel)
    return RecipePlan(
      arms: arms + [
        RecipePlan.Arm(
          name: ConditionalArm.costs, seeds: 1, parameters: timed.parameterCount, tokens: 0,
          operations: 0)
      ],
      notes: ["Operations count the positions that a branch reads; the choice itself is left out."])
  }

  public func measure(_ run: RecipeRun, _ config: ConditionalConfig) throws -> RecipeFindings {
    let records = try run.records(
      ConditionalArm.allCases.flatMap { arm in
        run.seeds(config.seeds).map { seed in
          RecipeRun.Job(arm.rawValue, seed: seed) { _ in try arm.train(config, seed: seed, run) }
        }
      })
    // Alone, since its times and its memory are those of the whole process.
    let costs = try run.records([
      RecipeRun.Job(ConditionalArm.costs, seed: run.firstSeed) { _ in
        try ConditionalArm.costs(config)
      }
    ])
    return try ConditionalJudgement(
      recipe: self, config: config, records: ComparisonRecords(records: records), costs: costs[0]
    ).findings()
  }
}
