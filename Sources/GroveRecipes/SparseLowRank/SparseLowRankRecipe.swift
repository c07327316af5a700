public import Foundation
import GroveCore
public import GroveCorpus
import GroveModel
import GroveTensor
import GroveTrain

/// Pre-training with matrices of low rank plus a sparse matrix at random places, against low rank alone and dense ones.
public struct SparseLowRankRecipe: Recipe {
  public init() {}

  public let id = "sltrain"
  public let paper = Paper(
    title: "SLTrain: a sparse plus low-rank approach for parameter and memory efficient pretraining",
    authors: "Han et al.",
    year: 2024, arXiv: "2406.02214")
  public let claim =
    "A few per cent of random places, added to low rank, close most of the gap to dense pre-training; with moments of 8 bits and "
    + "updates matrix by matrix a 7B model needs up to 73% less memory."

  public let criteria = [
    Criterion(
      "counts", .mechanism,
      "Every model has as many trained numbers as the arithmetic says, and every matrix the number of sparse ones that its "
        + "density gives."),
    Criterion(
      "saving-7b", .mechanism,
      "By arithmetic, LLaMA-7B with rank 1024, 5% of the places, bfloat16, moments of 8 bits and one gradient at a time needs 73% "
        + "less than dense in bfloat16 with all gradients, within 3 points."),
    Criterion(
      "recovers", .claim,
      "Perplexity, at the smallest density: (low rank − sparse plus low rank) / (low rank − dense) is at least 0.3 in every seed, "
        + "and the 95% paired bootstrap interval of bits per byte, low rank minus sparse plus low rank, is above 0 in every seed."
    ),
    Criterion("monotone", .claim, "The mean perplexity over seeds falls from each density to the next."),
    Criterion(
      "memory-measured", .claim,
      "Bytes of tensors held after a backward pass, by every arm's model and optimizer: within 5% of the arithmetic."),
  ]

  public let differences = [
    "A model of 0.1 million parameters, width 64 and rank 16, on 0.4 million tokens of one manual, not LLaMA-60M to 7B on C4.",
    "The memory of 7B is arithmetic (weights, gradients, moments, places); neither moments of 8 bits nor updates matrix by matrix "
      + "are run. ReLoRA and GaLore, which the paper compares with, are not.",
    "One rate of 3e-3 for all arms, the paper's for SLTrain; none was tuned.",
    "The low-rank part is weighted by 1/4, as in the paper's smallest model.",
  ]

  static let dense = "dense"
  static let lowRank = "low-rank"

  static func sparse(_ density: Double) -> String { "sparse-" + String(format: "%g", density) }

  public func config(_ scale: RecipeScale) -> SparseLowRankConfig {
    switch scale {
    case .smoke: .smoke
    case .tiny: .tiny
    case .full: .full
    }
  }

  public func sources(_ config: SparseLowRankConfig, in corpus: URL) throws -> [SourceFile] {
    try ContinuedTexts.sources(config.comparison, in: corpus)
  }

  private func comparison(_ config: SparseLowRankConfig) -> Comparison {
    let arms = [
      ComparisonArm(SparseLowRankRecipe.dense),
      ComparisonArm(SparseLowRankRecipe.lowRank) { $0.model.linear = config.linear(.lowRank) },
    ]
    return Comparison(
      config: config.comparison,
      arms: arms
        + config.densities.map { density in
          ComparisonArm(SparseLowRankRecipe.sparse(density)) {
            $0.model.linear = config.linear(.sparseLowRank, density: density)
          }
        })
  }

  public func plan(_ config: SparseLowRankConfig, at scale: RecipeScale) throws -> RecipePlan {
    let memory = RecipePlan.Arm(
      name: "memory", seeds: 1, parameters: config.comparison.model.parameterCount, tokens: 0, operations: 0)
    return RecipePlan(
      arms: comparison(config).plan(at: scale) + [memory],
      notes: scale == .full
        ? ["Give a folder with the file c4 with --corpus."]
        : ["The arm memory passes one text through each model once and counts bytes."])
  }

  public func measure(_ run: RecipeRun, _ config: SparseLowRankConfig) throws -> RecipeFindings {
    let comparison = comparison(config)
    let trained = try comparison.records(run) { trained, figures in
      let shape = trained.config.model
      figures.figures["expected parameters"] = Double(shape.parameterCount)
      let sparse = try trained.model.parameters().filter { $0.name.hasSuffix("sparse_values") }
      figures.figures["sparse numbers"] = Double(sparse.reduce(0) { $0 + $1.parameter.elementCount })
      figures.figures["expected sparse numbers"] = Double(TrainingMemory(shape).places)
    }
    // Alone, since the count of bytes is that of the whole process.
    let memory = try run.records([
      RecipeRun.Job("memory", seed: run.firstSeed) { _ in
        var figures = ArmFigures()
        for arm in comparison.arms {
          let settings = comparison.runConfig(
            arm, seed: run.firstSeed, scale: run.scale, device: run.device == .cpu, shards: "")
          figures.figures["expected, \(arm.name)"] = TrainingMemory(settings.model).bytes(.float32)
          figures.figures["held, \(arm.name)"] = Double(try self.heldBytes(settings, device: run.device))
        }
        return figures
      }
    ])
    return try SparseLowRankJudgement(
      recipe: self, config: config, records: ComparisonRecords(records: trained.records + memory),
      arms: comparison.arms.map(\.name)
    ).findings()
  }

  /// Bytes of the tensors of a model, its optimizer and its gradients after a backward pass in float32.
  private func heldBytes(_ settings: RunConfig, device: Device) throws -> Int {
    let before = try Torch.memory().liveBytes
    let model = try makeModel(settings.model, weights: .random(RandomKey(seed: 0)))
    try model.prepare(.float32, training: true, device: device)
    let optimizer = try Optimizer(settings.training.optimizer, model: model)
    try PassMemory.pass(model, device: device)
    return try withExtendedLifetime(optimizer) { try Torch.memory().liveBytes - before }
  }
}
