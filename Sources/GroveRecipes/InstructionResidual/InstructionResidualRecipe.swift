public import Foundation
import GroveCore
public import GroveCorpus
import GroveTokenizer

/// New text for a model that follows instructions: train the instruct model on it, or its base, and add the residual.
public struct InstructionResidualRecipe: Recipe {
  public init() {}

  public let id = "cpt-vs-instruct"
  public let paper = Paper(
    title:
      "Balancing Continuous Pre-Training and Instruction Fine-Tuning: Optimizing Instruction-Following in LLMs",
    authors: "Jindal et al.", year: 2024, arXiv: "2410.10739")
  public let claim =
    "Continued pre-training of an instruct model makes it forget instructions, the more the longer; continued pre-training "
    + "of its base, plus the difference of instruct model and base, learns the new text as well and keeps the instructions, "
    + "without any tuning."

  public let criteria = [
    Criterion(
      "residual", .mechanism,
      "Added to the base before its first step, the residual gives the instruct model; with a factor of 0 it leaves the "
        + "continued base as it is; no weight differs by more than 1e-5."),
    Criterion(
      "skills", .claim,
      "What the rest rests on: the instruct model follows 80% of the held-out instructions in every seed, its base 20% at "
        + "most."),
    Criterion(
      "recovers", .claim,
      "After the longest continuation: accuracy of the continued base with the residual minus that of the continued instruct "
        + "model; the 95% bootstrap interval over held-out instructions is above 0 in every seed."),
    Criterion(
      "forgets", .claim,
      "The accuracy of the continued instruct model, mean over seeds, falls from each length of the continuation to the "
        + "next, beginning with 0."),
    Criterion(
      "domain", .claim,
      "After the longest continuation, the held-out loss of the two on new text differs by at most 0.05 nats a token in every "
        + "seed."),
    Criterion(
      "peak", .claim,
      "Over the factors of the residual, accuracy after the longest continuation is highest between 0.75 and 1.25 in every "
        + "seed."),
  ]

  public let differences = [
    "A model of 0.16 million parameters, a base of 3 million tokens and up to 1 million new ones, not Llama 3 8B and up to a "
      + "billion. Half of what the base reads is the tasks under other names, so that tuning has little to add.",
    "Twelve synthetic instructions about short lists of letters (upper case, reversed, sorted, counted, as JSON, …), to which "
      + "the base is tuned with the loss on the response; the paper takes released instruct models and IFEval.",
    "An instruction is followed if greedy decoding writes the one right line; no held-out list was trained on.",
    "The new text is the French and the Spanish manual, read in 1.7 passes at most.",
    "Continuations keep to the rate at which the base ended, so that one run gives all lengths.",
    "Residuals between sibling families of models are not tried.",
  ]

  public func config(_ scale: RecipeScale) -> InstructionResidualConfig {
    switch scale {
    case .smoke: .smoke
    case .tiny: .tiny
    case .full: .full
    }
  }

  public func sources(_ config: InstructionResidualConfig, in corpus: URL) throws -> [SourceFile] {
    try ContinuedTexts.sources(config.pretraining, in: corpus)
  }

  public func plan(_ config: InstructionResidualConfig, at scale: RecipeScale) throws -> RecipePlan {
    let settings = config.pretraining
    typealias Arms = InstructionResidualArms
    return RecipePlan(
      arms: [
        settings.plan(Arms.base, steps: settings.baseSteps),
        settings.plan(Arms.instruct, tuning: config.instructions),
        settings.plan(Arms.continuedInstruct, steps: settings.steps),
        settings.plan(Arms.continuedBase, steps: settings.steps), settings.plan(Arms.residual, steps: 0),
      ],
      notes: (scale == .full ? ["Give a folder with the files web and new with --corpus."] : [])
        + ["The arm 'residual' only merges what the others trained."])
  }

  public func measure(_ run: RecipeRun, _ config: InstructionResidualConfig) throws -> RecipeFindings {
    let texts = ContinuedTexts(folder: run.folder.appending(path: "data"), config.pretraining)
    try texts.prepare(corpus: run.corpus, adding: { try config.readTasks.write(to: $0) })
    let shards = texts.made.shards
    let examples = try InstructionExamples(
      config.instructions, tokenizer: Tokenizer(contentsOf: shards.appending(path: Tokenizer.fileName)))
    let tuning = InstructionTuning(examples: examples, device: run.device)
    let arms = run.seeds(config.pretraining.seeds).map {
      InstructionResidualArms(config: config, run: run, shards: shards, tuning: tuning, seed: $0)
    }
    var records = try run.records(arms.map { $0.baseJob() })
    records += try run.records(arms.map { $0.instructJob() })
    records += try run.records(arms.flatMap { $0.continuedJobs() })
    records += try run.records(arms.map { $0.residualJob() })
    return try InstructionResidualJudgement(recipe: self, config: config, records: records).findings()
  }
}
