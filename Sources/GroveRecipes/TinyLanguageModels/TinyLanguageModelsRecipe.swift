public import Foundation
import GroveCore
public import GroveCorpus
import GroveModel
import GroveTensor

/// Tiny language models: pre-training helps even there, and a committee of shallow models does a deep one's work.
public struct TinyLanguageModelsRecipe: Recipe {
  public init() {}

  public let id = "tiny-language-models"
  public let paper = Paper(title: "Tiny language models", authors: "Gross et al.", year: 2025, arXiv: "2507.14871")
  public let claim =
    "Pre-training raises classification accuracy even for tiny encoders, the more the larger the pre-training set and "
    + "the closer its tokens to the task's; a soft committee of shallow encoders does as well as a deep one, sooner."

  public let criteria = [
    Criterion(
      "overlap-measured", .mechanism,
      "The tokens of the section task overlap more with the pre-training text than those of the books task: Σ min(p, q)."
    ),
    Criterion(
      "pretraining-helps", .claim,
      "Deep encoder, section task: accuracy after pre-training on the largest set minus accuracy from scratch, paired over "
        + "at least 5 seeds; the 95% t interval is above 0."),
    Criterion(
      "gap-rises", .claim,
      "Deep encoder, section task: the gap over scratch rises strictly with each pre-training size in at least 4 of 5 "
        + "seeds."),
    Criterion(
      "gap-follows-overlap", .claim,
      "Deep encoder, largest set: the gap on the section task minus the gap on the books task, paired over at least 5 "
        + "seeds; the 95% t interval is above 0."),
    Criterion(
      "committee", .claim,
      "Section task: accuracy of the committee minus that of the pre-trained deep encoder, mean over seeds, is above −1 "
        + "point with its 95% bootstrap interval over held-out documents, and at least −1 point in every seed."),
    Criterion(
      "latency", .claim,
      "The median time of one decision of the committee, members side by side, is below the deep encoder's."),
  ]

  public let differences = [
    "At the scale tiny, width 128 and passages of 64 tokens, not 768 and 128, and no dropout: its draws come from one "
      + "generator of the process, so arms that have it run one at a time. No segment embeddings at any scale.",
    "Pre-training text is LibreOffice's help, 128 to 2,048 passages, 6 epochs; the paper takes 20,000 to 90,000 passages "
      + "of Wikipedia, 50 epochs.",
    "The high-overlap task is the section of a help page, the low-overlap task the group of a book of scripture, 5 "
      + "classes and 20 examples a class each; the paper has FewRel, AGNews and DBpedia. The tasks differ in more than "
      + "their overlap, so that criterion is weaker evidence than a crossed design.",
    "Batch sizes and rates were fixed before the run, on the French help.",
    "The committee sums probabilities of 5 shallow encoders of the same shape. Each is pre-trained once and fine-tuned on "
      + "every seed's examples, so the seeds share their pre-training.",
    "Variants with wider heads or convolutions are not run.",
  ]

  public func config(_ scale: RecipeScale) -> TinyLanguageModelsConfig {
    switch scale {
    case .smoke: .smoke
    case .tiny: .tiny
    case .full: .full
    }
  }

  public func sources(_ config: TinyLanguageModelsConfig, in corpus: URL) throws -> [SourceFile] {
    try RecipeTexts.sources([config.manual, config.scripture], in: corpus)
  }

  public func check(_ config: TinyLanguageModelsConfig, for run: RecipeRun) throws {
    guard config.encoder.dropout > 0, run.workers > 1 else { return }
    throw GroveError(
      .argument, "--workers",
      "dropout of \(config.encoder.dropout) draws from one generator of the whole process, so \(run.workers) arms at a "
        + "time would change each other's draws",
      remedy: "Give --workers 1, or --set encoder.dropout=0.")
  }

  public func plan(_ config: TinyLanguageModelsConfig, at scale: RecipeScale) throws -> RecipePlan {
    let length = config.encoder.contextLength
    let classes = PassageTask.section.classes.count
    let tuning = config.fineTuningSteps(classes: classes) * config.fineTuningBatch * length
    func arm(_ name: String, _ seeds: Int, layers: Int, passages: Int, fineTunings: Int) -> RecipePlan.Arm {
      let shape = config.shape(layers: layers)
      let steps = passages == 0 ? 0 : config.pretrainingSteps(passages)
      let tokens = steps * config.pretrainingBatch * length + fineTunings * tuning
      return RecipePlan.Arm(
        name: name, seeds: seeds, parameters: shape.parameterCount, tokens: tokens,
        operations: Double(tokens) * shape.trainingOperationsPerToken(context: length))
    }
    let deep = config.encoder.layers
    var arms = [arm(TinyLanguageModelsArms.scratch, config.seeds, layers: deep, passages: 0, fineTunings: 2)]
    for size in config.pretrainingSizes {
      let tasks = size == config.pretrainingSizes.last ? 2 : 1
      arms.append(
        arm(TinyLanguageModelsArms.deep(size), config.seeds, layers: deep, passages: size, fineTunings: tasks))
    }
    arms.append(
      arm(
        TinyLanguageModelsArms.member, config.members, layers: config.shallowLayers,
        passages: config.pretrainingSizes.last ?? 0,
        fineTunings: config.seeds))
    arms.append(arm(TinyLanguageModelsArms.latency, 1, layers: deep, passages: 0, fineTunings: 0))
    return RecipePlan(
      arms: arms,
      notes: [
        "Operations count the blocks; the heads are small beside them.",
        "Latency is measured alone, after the others.",
      ])
  }

  public func measure(_ run: RecipeRun, _ config: TinyLanguageModelsConfig) throws -> RecipeFindings {
    let data = try PassageData(corpus: run.corpus, config)
    let arms = TinyLanguageModelsArms(config: config, data: data, run: run)
    let records = try run.records(arms.jobs())
    let latency = try run.records([arms.latency()])  // alone, when nothing else runs
    return try TinyLanguageModelsJudgement(recipe: self, config: config, data: data, records: records + latency)
      .findings()
  }
}
