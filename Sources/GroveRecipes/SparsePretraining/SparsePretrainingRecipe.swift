public import Foundation
import GroveCore
public import GroveCorpus
import GroveEval
import GroveModel
import GroveTrain

/// Pre-training with most weights held at 0, and fine-tuning with all of them.
public struct SparsePretrainingRecipe: Recipe {
  public init() {}

  public let id = "spdf"
  public let paper = Paper(
    title: "SPDF: Sparse Pre-training and Dense Fine-tuning for Large Language Models", authors: "Thangarasa et al.",
    year: 2023, arXiv: "2303.10464")
  public let claim =
    "Pre-training may hold half to three quarters of the weights at 0 if fine-tuning lets them all learn; larger models bear "
    + "it better."

  public let criteria = [
    Criterion(
      "zeros", .mechanism,
      "A sparse model has its share of zeros in the matrices of its blocks at the end of pre-training, within 1%, and after "
        + "sparse fine-tuning; after dense fine-tuning less than 5% are left: a hidden unit whose weights are all 0 has no "
        + "gradient."),
    Criterion(
      "operations", .mechanism,
      "Operations of a training token, counted without the zeros, fall with the sparsity, by less than in the blocks alone: "
        + "attention and the vocabulary stay dense."),
    Criterion(
      "dense-tuning", .claim,
      "At the largest sparsity, smaller model: held-out bits per byte of the target after dense minus after sparse "
        + "fine-tuning; the 95% paired bootstrap interval is below 0 in every seed."),
    Criterion(
      "half", .claim,
      "At the smallest sparsity, both sizes: bits per byte of the target after dense fine-tuning within 2% of the dense "
        + "model's, by the 95% t interval of the mean over seeds."),
    Criterion(
      "size", .claim,
      "At the largest sparsity, after dense fine-tuning, the gap to the dense model as a share of its loss is smaller in the "
        + "larger model in every seed."),
  ]

  public let differences = [
    "Models of 0.1 and 0.4 million parameters in the blocks and half a million tokens, not GPT-2 small and GPT-3 XL on the Pile.",
    "The target is a text, entries of a dictionary, judged by its loss; the paper generates from data and summarises. So the "
      + "trend over the difficulty of tasks is left out.",
    "Operations are counted as if a machine skipped the zeros; here they are multiplied.",
  ]

  public func config(_ scale: RecipeScale) -> SparsePretrainingConfig {
    switch scale {
    case .smoke: .smoke
    case .tiny: .tiny
    case .full: .full
    }
  }

  public func sources(_ config: SparsePretrainingConfig, in corpus: URL) throws -> [SourceFile] {
    try ContinuedTexts.sources(config.training, in: corpus)
  }

  /// The two sizes, with what their arms' names begin with.
  static func sizes(_ config: SparsePretrainingConfig) -> [(name: String, model: ModelConfig)] {
    [("small", config.training.model), (config.larger.name, config.sized(config.larger))]
  }

  static func pretrained(_ size: String, _ sparsity: Double) -> String {
    size + "-pretrained-" + String(format: "%g", sparsity)
  }

  static func tuned(_ size: String, _ sparsity: Double, keepsZeros: Bool = false) -> String {
    size + (keepsZeros ? "-sparse-" : "-dense-") + String(format: "%g", sparsity)
  }

  private func comparison(_ config: SparsePretrainingConfig) -> Comparison {
    let general = config.training.streams.map(\.name).filter { $0 != config.target }
    let arms = Self.sizes(config).flatMap { size, model -> [ComparisonArm] in
      func tuning(_ sparsity: Double, keepsZeros: Bool) -> ComparisonArm {
        ComparisonArm(
          Self.tuned(size, sparsity, keepsZeros: keepsZeros), from: Self.pretrained(size, sparsity)
        ) {
          $0.model = model
          $0.model.linear.sparsity = keepsZeros ? sparsity : 0
          $0.data.domains = [config.target]
          $0.training.steps = config.tuningSteps
          $0.training.optimizer.learningRate *= config.tuningRate
        }
      }
      let all = [0] + config.sparsities
      return all.map { sparsity in
        ComparisonArm(Self.pretrained(size, sparsity)) {
          $0.model = model
          $0.model.linear.sparsity = sparsity
          $0.data.domains = general
        }
      } + all.map { tuning($0, keepsZeros: false) } + [tuning(config.sparsest, keepsZeros: true)]
    }
    return Comparison(config: config.training, arms: arms)
  }

  public func plan(_ config: SparsePretrainingConfig, at scale: RecipeScale) throws -> RecipePlan {
    RecipePlan(
      arms: comparison(config).plan(at: scale),
      notes: ["Operations leave out the zeros."]
        + (scale == .full ? ["Give a folder with the files pile and e2e with --corpus."] : []))
  }

  public func measure(_ run: RecipeRun, _ config: SparsePretrainingConfig) throws -> RecipeFindings {
    let records = try comparison(config).records(run) { trained, figures in
      var (zeros, places) = (0, 0)
      for tensor in try trained.model.storedTensors() where tensor.name.contains("_proj.weight") {
        let values = try tensor.stored().contiguous().values(as: Float.self)
        zeros += values.count { $0 == 0 }
        places += values.count
      }
      figures.figures["zeros"] = Double(zeros) / Double(max(places, 1))
      figures.figures["operations"] = trained.config.model.trainingOperationsPerToken
    }
    return try SparsePretrainingJudgement(recipe: self, config: config, records: records).findings()
  }
}
