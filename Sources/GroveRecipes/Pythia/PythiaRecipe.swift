public import Foundation
import GroveCore
public import GroveCorpus
import GroveModel

/// Pythia: models of many sizes on one order of data, so that what they learn can be traced to when they saw it.
public struct PythiaRecipe: Recipe {
  public init() {}

  public let id = "pythia"
  public let paper = Paper(
    title: "Pythia: A Suite for Analyzing Large Language Models Across Training and Scaling",
    authors: "Biderman et al.", year: 2023, arXiv: "2304.01373")
  public let claim =
    "Where in training a sequence stands has little effect on whether it is memorised (§3.2), and how often a term "
    + "occurs predicts accuracy in larger models (§3.3)."

  public let criteria = [
    Criterion(
      "batches", .mechanism,
      "The batches of log-spaced steps, reconstructed from the run's folder alone, are bit-identical for all sizes of a "
        + "seed and after a restart; the restarted run ends with the same weights; the loss of a reconstructed batch "
        + "under the checkpoint before it is within 0.001 nats of the loss in the metrics."),
    Criterion(
      "poisson", .claim,
      "Largest size: the dispersion index of memorised sequences per bin of the last pass, mean over seeds, is in "
        + "[0.7, 1.4]. Undecided with fewer memorised sequences than bins."),
    Criterion(
      "no-trend", .claim,
      "Largest size: the slope of memorised sequences over the bins, summed over seeds, has p > 0.05. Undecided if the "
        + "test would find a rate that doubles from the first bin to the last with a power below 0.8."),
    Criterion(
      "frequency", .claim,
      "Largest size: Spearman's correlation of an operand's count and its accuracy is above 0.3 in every seed."),
    Criterion(
      "frequency-grows", .claim,
      "That correlation minus the smallest size's, mean over seeds, has a 95% bootstrap interval over operands above 0, "
        + "and is positive in every seed."),
  ]

  public let differences = [
    "LLaMA blocks with tied embeddings at learning rates that fall with size, not GPT-NeoX blocks.",
    "Several passes over little text instead of one pass over the Pile: so small a model memorises nothing that it sees "
      + "once. The order that counts is that of the last pass; each pass has its own.",
    "The prompt and the continuation are 6 tokens each at the scale tiny, not 32: the continuation must be within reach "
      + "of the model. The number was fixed before the run, on other text (German help and scripture).",
    "The arithmetic is planted: additions whose first operand occurs 1 to 256 times a pass, asked without examples. The "
      + "paper counts operands in the Pile and asks multiplications and additions with 0 to 16 examples.",
    "The pronoun intervention (§3.1) and the deduplicated suite are not run.",
  ]

  public func config(_ scale: RecipeScale) -> PythiaConfig {
    switch scale {
    case .smoke: .smoke
    case .tiny: .tiny
    case .full: .full
    }
  }

  public func sources(_ config: PythiaConfig, in corpus: URL) throws -> [SourceFile] {
    try PythiaData.sources(config, in: corpus)
  }

  public func plan(_ config: PythiaConfig, at scale: RecipeScale) throws -> RecipePlan {
    let bytesPerToken = 2.8
    let lines = 7 * config.arithmetic.lineCount
    let text = Double(config.bytesPerDomain * config.domains.count) / bytesPerToken
    let readsAll = config.bytesPerDomain == 0 || config.domains.isEmpty
    let pile = 143_000 * 1024 * 2048
    let tokens = scale == .full ? pile : config.passes * (Int(text) + lines)
    func arm(_ name: String, _ size: PythiaSize, seeds: Int) -> RecipePlan.Arm {
      let model = PythiaArm.model(size, config)
      return RecipePlan.Arm(
        name: name, seeds: seeds, parameters: model.parameterCount, tokens: tokens,
        operations: Double(tokens) * model.trainingOperationsPerToken)
    }
    let smallest = config.sizes[0]
    return RecipePlan(
      arms: config.sizes.map { arm($0.name, $0, seeds: config.seeds) }
        + [arm(PythiaRecipe.restarted(smallest), smallest, seeds: 1)],
      notes: scale == .full
        ? ["One pass over the Pile, 143,000 steps of 1,024 × 2,048 tokens; give its files with --corpus."]
        : [
          "Tokens assume \(bytesPerToken) bytes a token and 7 tokens a line of arithmetic; whole steps are taken.",
          "The smallest size is trained once more with a restart, to show that nothing changes.",
        ] + (readsAll ? ["Tokens count the arithmetic alone: how much is in the corpus is known once it is read."] : [])
    )
  }

  public func measure(_ run: RecipeRun, _ config: PythiaConfig) throws -> RecipeFindings {
    let data = PythiaData(folder: run.folder.appending(path: "data"), config: config)
    try data.prepare(corpus: run.corpus)
    let seeds = run.seeds(config.seeds)
    // The largest first: it takes longest.
    var jobs = config.sizes.reversed().flatMap { size in
      seeds.map { seed in
        RecipeRun.Job(size.name, seed: seed) {
          try PythiaArm(size: size, seed: seed, data: data, run: run).figures(in: $0, restartingAt: nil)
        }
      }
    }
    let smallest = config.sizes[0]
    jobs.append(
      RecipeRun.Job(PythiaRecipe.restarted(smallest), seed: seeds[0]) {
        try PythiaArm(size: smallest, seed: seeds[0], data: data, run: run).figures(in: $0, restartingAt: 0.4)
      })
    let records = try run.records(jobs)
    return try PythiaJudgement(recipe: self, config: config, data: data, records: records).findings()
  }

  static func restarted(_ size: PythiaSize) -> String { "\(size.name)-restarted" }
}
