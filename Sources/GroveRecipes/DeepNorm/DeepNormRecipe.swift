public import Foundation
import GroveCore
public import GroveCorpus
import GroveModel

/// Where the norms stand decides how deep a transformer can be trained: behind each part, before it, or behind with a scaled
/// stream.
public struct DeepNormRecipe: Recipe {
  public init() {}

  public let id = "deepnet-deepnorm"
  public let paper = Paper(
    title: "DeepNet: Scaling Transformers to 1,000 Layers", authors: "Wang et al.", year: 2022, arXiv: "2203.00555")
  public let claim =
    "With DeepNorm the first updates of a model do not grow with its depth, so that it trains where Post-LN fails, and "
    + "better than Pre-LN."

  public let criteria = [
    Criterion(
      "deep-pass", .mechanism,
      "One pass forward and backward through the deepest DeepNorm model (1,000 layers; 100 at smoke): the loss is finite, "
        + "and the gradient of every parameter is finite and not 0."),
    Criterion(
      "initial-weights", .mechanism,
      "At every trained depth the norms of values, outputs and feed-forward matrices are β = (8L)^−¼ times those of Post-LN "
        + "of the same seed, and those of all other matrices the same, within 1e-5."),
    Criterion(
      "update-grows", .claim,
      "Root mean square of the change of the last states when the matrices of the blocks take one step of gradient descent: "
        + "the slope of its logarithm over that of the depth is above 0 for Post-LN; 95% t interval over seeds."),
    Criterion(
      "update-bounded", .claim,
      "The same slope of DeepNorm is at most 0.1 in the mean, and below that of Post-LN; 95% t interval of the paired "
        + "difference over seeds."),
    Criterion(
      "post-fails", .claim,
      "At the largest depth Post-LN ends above 95% of the loss that counts of single tokens give, or with a loss that is no "
        + "number, in every seed."),
    Criterion(
      "deep-trains", .claim,
      "At the largest depth DeepNorm ends at least 0.5 nats a token below the loss that counts of single tokens give, in "
        + "every seed."),
    Criterion(
      "beats-pre", .claim,
      "At the largest depth, bits per byte of DeepNorm minus those of Pre-LN; the 95% paired bootstrap interval over "
        + "held-out documents is below 0 in every seed."),
  ]

  public let differences = [
    "Decoders of width 48 on the bytes of one book, 400 steps of 512 tokens, not encoder-decoders that translate; the claims "
      + "about translation are not checked.",
    "8 and 64 layers are trained; a model of 1,000 layers is passed once and not trained.",
    "All three have Xavier's initial weights; without a gain where DeepNorm has β.",
    "The first update is that of plain gradient descent at a rate of 0.001 by the matrices of the blocks, for which the paper "
      + "derives its bound (§4), measured behind the last norm, so that no arm gains by a larger stream; that of AdamW is given "
      + "beside it.",
    "One rate for all arms and depths, as in the paper: the highest of 1e-4, 3e-4, 4e-4 and 1e-3 at which DeepNorm left the "
      + "loss of single tokens with another seed.",
  ]

  /// The placements that are compared, with the names of their arms.
  static let placements: [(name: String, placement: NormConfig.Placement)] = [
    ("post", .after), ("pre", .before), ("deep", .deep),
  ]

  static func arm(_ name: String, _ depth: Int) -> String { "\(name)-\(depth)" }

  public func config(_ scale: RecipeScale) -> DeepNormConfig {
    switch scale {
    case .smoke: .smoke
    case .tiny: .tiny
    case .full: .full
    }
  }

  public func sources(_ config: DeepNormConfig, in corpus: URL) throws -> [SourceFile] {
    try ContinuedTexts.sources(config.comparison, in: corpus)
  }

  private func comparison(_ config: DeepNormConfig) -> Comparison {
    Comparison(
      config: config.comparison,
      arms: DeepNormRecipe.placements.flatMap { name, placement in
        config.depths.map { depth in
          ComparisonArm(DeepNormRecipe.arm(name, depth)) {
            ($0.model.layers, $0.model.norm.placement) = (depth, placement)
          }
        }
      })
  }

  public func plan(_ config: DeepNormConfig, at scale: RecipeScale) throws -> RecipePlan {
    let settings = config.comparison
    let tokens = settings.batchSize * settings.model.contextLength
    func cost(_ layers: Int) -> Double {
      var shape = settings.model
      shape.layers = layers
      return Double(tokens) * shape.trainingOperationsPerToken
    }
    var deepest = settings.model
    deepest.layers = config.probedDepths.last ?? 0
    let probes = DeepNormRecipe.placements.map { name, _ in
      RecipePlan.Arm(
        name: "update-\(name)", seeds: settings.seeds, parameters: deepest.parameterCount,
        tokens: 2 * tokens * config.probedDepths.count,
        operations: 2 * config.probedDepths.reduce(0) { $0 + cost($1) })
    }
    var pass = settings.model
    (pass.layers, pass.width, pass.feedForwardWidth) = (config.passLayers, config.passWidth, 4 * config.passWidth)
    let passed = RecipePlan.Arm(
      name: "pass", seeds: 1, parameters: pass.parameterCount, tokens: tokens,
      operations: Double(tokens) * pass.trainingOperationsPerToken)
    return RecipePlan(
      arms: comparison(config).plan(at: scale) + probes + [passed],
      notes: scale == .full
        ? ["Give a folder with the file opus-100 with --corpus."]
        : [
          "An arm named update-… takes one step of each of two rules at each of the depths \(config.probedDepths); pass takes none."
        ])
  }

  public func measure(_ run: RecipeRun, _ config: DeepNormConfig) throws -> RecipeFindings {
    let trained = try comparison(config).records(run)
    let shards = ContinuedTexts(folder: run.folder.appending(path: "data"), config.comparison).made.shards
    let probe = DepthProbe(config: config, shards: shards, device: run.device)
    let seeds = run.seeds(config.comparison.seeds)
    var jobs = DeepNormRecipe.placements.flatMap { name, placement in
      seeds.map { seed in
        RecipeRun.Job("update-\(name)", seed: seed) { _ in
          var figures = ArmFigures()
          for rule in DepthProbe.Rule.allCases {
            figures.series["update by \(rule.rawValue)"] = try config.probedDepths.map {
              try probe.firstUpdate($0, placement, by: rule, seed: seed)
            }
          }
          if placement == .deep {
            figures.series["beta error"] = try config.depths.map { try probe.betaError($0, seed: seed) }
          }
          return figures
        }
      }
    }
    jobs.append(
      RecipeRun.Job("pass", seed: seeds[0]) { _ in
        let (loss, lost) = try probe.deepPass()
        return ArmFigures(figures: ["loss": loss, "lost": Double(lost)])
      })
    let probes = try run.records(jobs)
    let unigram = try UnigramLoss.natsPerToken(shards, vocabularySize: config.comparison.model.vocabularySize)
    return try DeepNormJudgement(
      recipe: self, config: config, records: ComparisonRecords(records: trained.records + probes), unigramNats: unigram
    ).findings()
  }
}
