public import Foundation
import GroveCore
public import GroveCorpus
import GroveModel

/// Attention without products of queries and keys, in its four forms, against attention: loss and memory.
public struct AttentionFreeRecipe: Recipe {
  public init() {}

  public let id = "attention-free-transformer"
  public let paper = Paper(
    title: "An Attention Free Transformer", authors: "Zhai et al.", year: 2021, arXiv: "2105.14103")
  public let claim =
    "Gated means of the values, weighted by keys and learned weights of places, predict text about as well as attention, with "
    + "memory that grows with the length of the text and not with its square."

  public let criteria = [
    Criterion(
      "decoding", .mechanism,
      "Every trained model gives the scores of one pass also token by token with a cache, within 1e-3 of the largest score."
    ),
    Criterion(
      "local-close", .claim,
      "Bits per byte of the local form minus those of attention are at most 0.08 in every seed."),
    Criterion(
      "local-beats-simple", .claim,
      "Bits per byte of the local form minus those of the form without weights of places; the 95% paired bootstrap interval "
        + "over held-out documents is below 0 in every seed."),
    Criterion(
      "memory", .claim,
      "Bytes that a pass forward and backward of one text holds at most, a block of one layer: the slope of their logarithm over "
        + "that of the length is at most 1.2 for the local form, the convolution and the form without weights, and at least "
        + "1.7 for attention that makes all its weights."),
  ]

  public let differences = [
    "Decoders of 0.1 million parameters on the bytes of a book and of programs, 0.4 million tokens, not 12 to 24 layers on Enwik8; "
      + "classes of images (CIFAR-10, ImageNet) are not checked.",
    "All arms have learned vectors of positions and the gated feed-forward layers of LLaMA.",
    "The weights of places of the local form have a window of 32 and a rank of 64; the paper's has a rank of 256.",
    "Attention runs here in a fused kernel that never holds its weights. The criterion about memory compares with attention that "
      + "does, as in the paper's time; the figures give both.",
  ]

  /// The arms: attention, then the forms.
  static let arms = ["attention", "full", "local", "convolution", "simple"]

  /// What an arm changes of the shape.
  static func change(_ shape: inout ModelConfig, to arm: String, _ config: AttentionFreeRecipeConfig) {
    guard let form = AttentionFreeConfig.Form(rawValue: arm) else { return }
    shape.attention.kind = .attentionFree
    (shape.attention.free.form, shape.attention.free.window) = (form, config.window)
    shape.attention.free.rank = config.rank
  }

  public func config(_ scale: RecipeScale) -> AttentionFreeRecipeConfig {
    switch scale {
    case .smoke: .smoke
    case .tiny: .tiny
    case .full: .full
    }
  }

  public func sources(_ config: AttentionFreeRecipeConfig, in corpus: URL) throws -> [SourceFile] {
    try ContinuedTexts.sources(config.comparison, in: corpus)
  }

  private func comparison(_ config: AttentionFreeRecipeConfig) -> Comparison {
    Comparison(
      config: config.comparison,
      arms: AttentionFreeRecipe.arms.map { arm in
        ComparisonArm(arm) { AttentionFreeRecipe.change(&$0.model, to: arm, config) }
      })
  }

  /// A model of one block whose pass is measured.
  private func measured(_ arm: String, length: Int, _ config: AttentionFreeRecipeConfig) -> ModelConfig {
    var shape = config.comparison.model
    (shape.layers, shape.contextLength) = (1, length)
    AttentionFreeRecipe.change(&shape, to: arm, config)
    return shape
  }

  public func plan(_ config: AttentionFreeRecipeConfig, at scale: RecipeScale) throws -> RecipePlan {
    let longest = measured("full", length: config.lengths.last ?? 0, config)
    let memory = RecipePlan.Arm(
      name: "memory", seeds: 1, parameters: longest.parameterCount, tokens: 0, operations: 0)
    return RecipePlan(
      arms: comparison(config).plan(at: scale) + [memory],
      notes: scale == .full
        ? ["Give a folder with the file enwik8 with --corpus."]
        : ["The arm memory passes one text of each of the lengths \(config.lengths) through one block of each kind."])
  }

  public func measure(_ run: RecipeRun, _ config: AttentionFreeRecipeConfig) throws -> RecipeFindings {
    let trained = try comparison(config).records(run) { trained, figures in
      let length = trained.config.model.contextLength
      let ids = trained.text.documents.flatMap(\.tokens).prefix(length).map { Int64($0) }
      try trained.model.prepare(.float32, training: false, device: run.device)
      figures.figures["cache error"] = try CachedScores.error(Array(ids), under: trained.model, device: run.device)
    }
    // Alone, since the count of bytes is that of the whole process.
    let memory = try run.records([
      RecipeRun.Job("memory", seed: run.firstSeed) { _ in
        var figures = ArmFigures()
        for arm in AttentionFreeRecipe.arms {
          figures.series["bytes, \(arm)"] = try config.lengths.map {
            Double(try PassMemory.peakBytes(self.measured(arm, length: $0, config), device: run.device))
          }
        }
        figures.series["bytes, \(AttentionFreeJudgement.heldWeights)"] = try config.lengths.map {
          let shape = self.measured("attention", length: $0, config)
          return Double(try PassMemory.peakBytes(shape, holdsWeights: true, device: run.device))
        }
        return figures
      }
    ])
    return try AttentionFreeJudgement(
      recipe: self, config: config, records: ComparisonRecords(records: trained.records + memory)
    ).findings()
  }
}
