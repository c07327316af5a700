public import Foundation
import GroveCore
public import GroveCorpus

/// All heads share one head of keys and values: a small cache, fast decoding, and what it costs in quality.
public struct MultiQueryRecipe: Recipe {
  public init() {}

  public let id = "multi-query-attention"
  public let paper = Paper(
    title: "Fast Transformer Decoding: One Write-Head is All You Need", authors: "Shazeer", year: 2019,
    arXiv: "1911.02150")
  public let claim =
    "With one head of keys and values for all heads of queries the cache shrinks by their number and decoding is much faster, "
    + "at a small loss of quality, smaller than that of models with as small a cache that leave heads out."

  static let timing = "latency"

  public let criteria = [
    Criterion(
      "cache", .mechanism,
      "The cache of a position takes exactly 1/H of the bytes with one head of keys and values, H being the heads, and all arms "
        + "have the same number of parameters."),
    Criterion(
      "cached-is-full", .mechanism,
      "Every trained model, fed token by token from its cache, gives the scores that it gives for the whole text, within 1e-3."
    ),
    Criterion(
      "throughput", .claim,
      "Greedy decoding of all texts at the longest context, models in turn: the median time of multi-head over that of "
        + "multi-query is at least 1.5, and the 95% bootstrap interval of the ratio over the rounds is above 1."),
    Criterion(
      "quality", .claim,
      "Nats a token of held-out text, multi-query minus multi-head: the 95% t interval over seeds ends at 0.05 or below."
    ),
    Criterion(
      "beats-one-head", .claim,
      "Bits per byte, multi-query minus the model of one head with as small a cache: the 95% paired bootstrap interval over "
        + "held-out documents is below 0 in every seed."),
  ]

  public let differences = [
    "Decoders of 0.3 million parameters on 1.2 million tokens, not an encoder-decoder of 211 million on WMT14 or a decoder of 192 "
      + "million on the Billion-Word Benchmark.",
    "Decoding is timed on one core of a CPU with random weights, 32 texts, and 32 tokens at the end of each context; in the "
      + "paper on a TPU with 1,024 texts of 128 tokens.",
    "Rotary positions.",
    "The paper's smaller models have one, two or four heads of several widths; here there is one, as wide as a head of the "
      + "others.",
  ]

  public func config(_ scale: RecipeScale) -> MultiQueryConfig {
    switch scale {
    case .smoke: .smoke
    case .tiny: .tiny
    case .full: .full
    }
  }

  public func sources(_ config: MultiQueryConfig, in corpus: URL) throws -> [SourceFile] {
    try ContinuedTexts.sources(config.training, in: corpus)
  }

  private func comparison(_ config: MultiQueryConfig) -> Comparison {
    Comparison(
      config: config.training,
      arms: MultiQueryArm.all(config.training.model).map { arm in
        ComparisonArm(arm.rawValue) { $0.model = arm.changed($0.model) }
      })
  }

  public func plan(_ config: MultiQueryConfig, at scale: RecipeScale) throws -> RecipePlan {
    let timed = RecipePlan.Arm(
      name: Self.timing, seeds: 1, parameters: config.training.model.parameterCount, tokens: 0, operations: 0)
    return RecipePlan(
      arms: comparison(config).plan(at: scale) + [timed],
      notes: ["The arm \(Self.timing) times decoding, on a CPU; it comes last, alone."]
        + (scale == .full ? ["Give a folder with the file billion-words with --corpus."] : []))
  }

  public func measure(_ run: RecipeRun, _ config: MultiQueryConfig) throws -> RecipeFindings {
    let records = try comparison(config).records(run) { trained, figures in
      try MultiQueryProbe(trained: trained).add(to: &figures)
    }
    // After the others, which would be measured with it.
    let timing = try run.records([
      RecipeRun.Job(Self.timing, seed: run.firstSeed) { _ in
        try MultiQueryDecoding(config: config).measure(MultiQueryArm.all(config.training.model))
      }
    ])
    return try MultiQueryJudgement(recipe: self, config: config, records: records, timing: timing[0]).findings()
  }
}
