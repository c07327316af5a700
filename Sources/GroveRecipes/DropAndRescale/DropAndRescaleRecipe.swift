public import Foundation
import GroveCore
public import GroveCorpus
import GroveTokenizer

/// How much of what tuning added to a model can be dropped at random, and what that does to merged models.
public struct DropAndRescaleRecipe: Recipe {
  public init() {}

  public let id = "dare-merge"
  public let paper = Paper(
    title: "Language Models are Super Mario: Absorbing Abilities from Homologous Models as a Free Lunch",
    authors: "Yu et al.", year: 2023, arXiv: "2311.03099")
  public let claim =
    "Nine tenths of what fine-tuning added to the weights can be dropped at random if the rest is rescaled, more in larger "
    + "models, but not of what continued pre-training added; and models can be merged after such dropping without loss."

  public let criteria = [
    Criterion(
      "deltas", .mechanism,
      "Dropping at p = 0.9 with rescaling leaves unmoved a share of 0.9 of the numbers that tuning moved, within 0.01, and "
        + "the mean magnitude of the task vector as it was, within 10%, for every model."),
    Criterion(
      "skills", .claim,
      "What the rest rests on: every tuned model of the largest size answers 80% of the held-out questions of its task, and "
        + "its base 20% at most."),
    Criterion(
      "keeps", .claim,
      "Largest size, p = 0.9, rescaled: accuracy, mean over tasks, is at most 3 points below that of the tuned models in "
        + "every seed."),
    Criterion(
      "rescale", .claim,
      "Largest size, p = 0.9: accuracy with rescaling minus without; the 95% bootstrap interval over held-out questions is "
        + "above 0 in every seed."),
    Criterion(
      "weights", .claim,
      "Largest size: accuracy after dropping 90% of the task vector minus that after dropping 10% of the tuned weights "
        + "themselves, both rescaled; the same interval is above 0 in every seed."),
    Criterion(
      "merge", .claim,
      "Largest size: accuracy on both tasks of two task vectors that are added after dropping at p = 0.5, minus without "
        + "dropping; the lower end of the 95% bootstrap interval over questions, pairs and seeds is above −1 point."),
    Criterion(
      "continued", .claim,
      "Largest size, p = 0.9, rescaled: the share of the gain over the base that is left, tuned models (accuracy) minus "
        + "continued pre-training (bits per byte); the 95% t interval over seeds is above 0."),
    Criterion(
      "size", .claim,
      "The share of the gain that is left, mean over the rates: largest minus smallest size; the 95% t interval over seeds "
        + "is above 0."),
  ]

  public let differences = [
    "Models of 0.05 and 0.16 million parameters, not 7 and 13 billion; a base of 2 million tokens. Half of what it reads is the "
      + "tasks under other names, so that tuning has little to add, as it has in a large model.",
    "The tasks are synthetic: lists of letters to write in upper case, sorted, doubled, counted. Tuning takes 500 steps "
      + "of 32 examples with the loss on the response, at the rate at which the base ended; all weights are trained.",
    "An answer is right if greedy decoding writes it to the end of its line; no list of the questions was trained on.",
    "All tensors take part in dropping, also embeddings and norms. Accuracies are means over three draws of the mask.",
    "Two task vectors are added with weights of 1; the paper searches for weights.",
    "Continued pre-training is 0.3 million tokens of the French manual; its gain is measured in bits per byte.",
    "Fisher and RegMean merging are left out; no criterion needs them.",
  ]

  public func config(_ scale: RecipeScale) -> DropAndRescaleConfig {
    switch scale {
    case .smoke: .smoke
    case .tiny: .tiny
    case .full: .full
    }
  }

  public func sources(_ config: DropAndRescaleConfig, in corpus: URL) throws -> [SourceFile] {
    try ContinuedTexts.sources(config.pretraining, in: corpus)
  }

  public func plan(_ config: DropAndRescaleConfig, at scale: RecipeScale) throws -> RecipePlan {
    RecipePlan(
      arms: config.sizes.flatMap { size in
        let settings = config.pretraining.shaped(as: size)
        let base = settings.plan(DropAndRescaleArms.base(size), steps: settings.baseSteps)
        let merged = settings.plan(DropAndRescaleArms.merged(size), steps: 0)
        return [base, settings.plan(DropAndRescaleArms.continued(size), steps: settings.steps)]
          + config.tasks.map {
            settings.plan(DropAndRescaleArms.tuned(size, $0), tuning: config.instructions)
          } + [merged]
      },
      notes: scale == .full
        ? ["Give a folder with the files web and other with --corpus.", Self.tokenNote]
        : [Self.tokenNote])
  }

  private static let tokenNote =
    "Tuned models start from the base of their seed; their tokens are an upper bound, since lists differ in length."

  public func measure(_ run: RecipeRun, _ config: DropAndRescaleConfig) throws -> RecipeFindings {
    let texts = ContinuedTexts(folder: run.folder.appending(path: "data"), config.pretraining)
    try texts.prepare(corpus: run.corpus, adding: { try config.readTasks.write(to: $0) })
    let shards = texts.made.shards
    let examples = try InstructionExamples(
      config.instructions, tokenizer: Tokenizer(contentsOf: shards.appending(path: Tokenizer.fileName)))
    let tuning = InstructionTuning(examples: examples, device: run.device)
    let arms = config.sizes.reversed().flatMap { size in
      run.seeds(config.pretraining.seeds).map { seed in
        DropAndRescaleArms(config: config, run: run, shards: shards, tuning: tuning, size: size, seed: seed)
      }
    }
    let bases = try run.records(arms.map { $0.baseJob() })
    let trained = try run.records(arms.flatMap { $0.trainedJobs() })
    let merged = try run.records(arms.map { $0.mergedJob() })
    return try DropAndRescaleJudgement(recipe: self, config: config, records: bases + trained + merged).findings()
  }
}
