public import Foundation
import GroveCore
public import GroveCorpus
import GroveModel

/// Attention that reads about √n keys of n, in two patterns, against attention that reads all.
public struct SparseTransformerRecipe: Recipe {
  public init() {}

  public let id = "sparse-transformer"
  public let paper = Paper(
    title: "Generating Long Sequences with Sparse Transformers", authors: "Child et al.", year: 2019,
    arXiv: "1904.10509")
  public let claim =
    "Attention factorised into sparse patterns costs n·√n instead of n² and loses nothing against dense attention; on text the "
    + "fixed pattern beats the strided one, and activations that are made again in the backward pass save most of the "
    + "memory."

  static let patterns: [AttentionConfig.Pattern] = [.full, .fixed, .strided]
  static let costs = "latency"

  /// The name of a pattern's arm.
  static func arm(_ pattern: AttentionConfig.Pattern) -> String { pattern == .full ? "dense" : pattern.rawValue }

  /// Whether a query sees a key, as section 4.3 of the paper defines it: the union of both sets of positions.
  static func sees(_ attention: AttentionConfig, query: Int, key: Int) -> Bool {
    if key > query { return false }
    let (l, c) = (attention.block, attention.summary)
    switch attention.pattern {
    case .fixed: return key / l == query / l || (l - c..<l).contains(key % l)
    case .strided: return key > query - l || (query - key) % l == 0
    case .full, .blockwise: return true
    }
  }

  public let criteria = [
    Criterion(
      "pattern", .mechanism,
      "Every trained model has weights on no position that the paper's definition hides, and its block-gathered attention "
        + "gives the scores of attention that makes all weights and masks them, within 1e-3."),
    Criterion(
      "operations", .mechanism,
      "Over the timed lengths the keys that the arithmetic reads for a whole text grow with an exponent of 1.6 at most for both "
        + "patterns, and of 2 for dense attention."),
    Criterion(
      "gradients", .mechanism,
      "Activations made again give every gradient of the trained models within 1e-5 of the largest of its parameter."),
    Criterion(
      "time", .claim,
      "Median time of one layer over the timed lengths, patterns measured in turn: exponent of 1.65 at most for both patterns, "
        + "and of 1.85 at least for dense attention."),
    Criterion(
      "fixed-like-dense", .claim,
      "Bits per byte of the fixed pattern minus dense: the 95% paired bootstrap interval over held-out documents ends at 0.02 "
        + "or below, in every seed."),
    Criterion(
      "fixed-beats-strided", .claim,
      "Bits per byte of the fixed minus those of the strided pattern: the interval is below 0 in every seed."),
    Criterion(
      "memory", .claim,
      "The most memory that a training step of the dense model, deepened, takes for what is not weights is at least 40% less "
        + "with recomputation."),
  ]

  public let differences = [
    "Models of 0.1 million parameters on 1.6 million bytes in windows of 1,024, not 95 million on enwik8 in windows of "
      + "12,288; blocks of 32, of which the last 4 positions are seen later.",
    "Each head sees the union of the two sets that the paper also gives to alternating layers or to different heads.",
    "Rotary positions, not learned ones of row and column.",
    "Blocks are gathered by tensor operations and rest on one softmax; there are no kernels of our own.",
    "Images and sound, where the paper finds the strided pattern better, are not tried.",
    "Recomputation is measured in a dense model of 8 layers.",
  ]

  public func config(_ scale: RecipeScale) -> SparseTransformerConfig {
    switch scale {
    case .smoke: .smoke
    case .tiny: .tiny
    case .full: .full
    }
  }

  public func sources(_ config: SparseTransformerConfig, in corpus: URL) throws -> [SourceFile] {
    try ContinuedTexts.sources(config.training, in: corpus)
  }

  private func comparison(_ config: SparseTransformerConfig) -> Comparison {
    Comparison(
      config: config.training,
      arms: Self.patterns.map { pattern in ComparisonArm(Self.arm(pattern)) { $0.model.attention.pattern = pattern } })
  }

  public func plan(_ config: SparseTransformerConfig, at scale: RecipeScale) throws -> RecipePlan {
    let measured = RecipePlan.Arm(
      name: Self.costs, seeds: 1, parameters: config.training.model.parameterCount, tokens: 0, operations: 0)
    return RecipePlan(
      arms: comparison(config).plan(at: scale) + [measured],
      notes: ["The arm \(Self.costs) times attention and weighs a training step, on a CPU; it comes last, alone."]
        + (scale == .full ? ["Give a folder with the file enwik8 with --corpus."] : []))
  }

  public func measure(_ run: RecipeRun, _ config: SparseTransformerConfig) throws -> RecipeFindings {
    let records = try comparison(config).records(run) { trained, figures in
      try SparseTransformerProbe(config: config, trained: trained).add(to: &figures)
    }
    // After the others, which would be measured with it.
    let costs = try run.records([
      RecipeRun.Job(Self.costs, seed: run.firstSeed) { _ in try SparseTransformerCost(config: config).measure() }
    ])
    return try SparseTransformerJudgement(recipe: self, config: config, records: records, costs: costs[0]).findings()
  }
}
