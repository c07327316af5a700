import Foundation
import GroveCore
import GroveForest

/// The forests of the recipe `btm`, and what is measured with each.
struct BranchTrainMergeArm: Sendable {
  /// What a new expert branches from.
  enum Origin: String, CaseIterable, Sendable {
    /// The experts' average, weighted by their posterior on development documents of the new domain.
    case posterior
    /// The experts' average.
    case uniform
    /// What the experts themselves branched from.
    case seed
  }

  /// The names of series.
  static let posterior = "posterior"
  static let cached = "cached prior"
  static let uniformAverage = "uniform average"
  static let posteriorAverage = "posterior average"
  static let argmaxAverage = "argmax average"
  static func without(_ expert: String) -> String { "without \(expert)" }
  static let random = "random"

  let config: BranchTrainMergeConfig
  let run: RecipeRun
  let shards: URL
  let text: ExpertText
  private var settings: ExpertTrainingConfig { config.training }

  init(_ config: BranchTrainMergeConfig, _ run: RecipeRun, shards: URL, text: ExpertText) {
    self.config = config
    self.run = run
    self.shards = shards
    self.text = text
  }

  /// "forest-0.5": after a seed phase of half the tokens.
  static func forest(_ share: Double) -> String { "forest-" + String(format: "%g", share) }
  /// "added-posterior".
  static func added(_ origin: Origin) -> String { "added-\(origin.rawValue)" }

  private func arm(_ share: Double) -> ExpertArm {
    ExpertArm(name: BranchTrainMergeArm.forest(share), domains: config.domains, seedShare: share)
  }

  // MARK: Jobs

  /// A forest on the domains, with all that is measured without training more.
  func forest(_ share: Double, seed: Int) -> RecipeRun.Job {
    let isMain = share == settings.seedShare
    return RecipeRun.Job(BranchTrainMergeArm.forest(share), seed: seed) { [self] place in
      var (figures, judge) = try arm(share).grow(
        settings, run, seed: seed, shards: shards, text: text, in: place)
      try judge.judge(rules: { try rules(judge, $0, removing: isMain) }, into: &figures)
      let equal = judge.experts.map { _ in 1.0 }
      let folder = place.appending(path: "average")
      figures.series[BranchTrainMergeArm.uniformAverage] = try judge.average(equal, in: folder)
      if isMain { try averages(judge, in: folder, into: &figures) }
      return figures
    }
  }

  /// A forest on random parts of all domains' documents.
  func random(seed: Int) -> RecipeRun.Job {
    RecipeRun.Job(BranchTrainMergeArm.random, seed: seed) { [self] place in
      let parts = ExpertArm(
        name: BranchTrainMergeArm.random,
        domains: RecipeTexts.parts(BranchTrainMergeArm.random, config.domains.count), seedShare: settings.seedShare)
      var (figures, judge) = try parts.grow(settings, run, seed: seed, shards: shards, text: text, in: place)
      try judge.judge(rules: { try rules(judge, $0, removing: false) }, into: &figures)
      return figures
    }
  }

  /// Experts of the domains that were left out, added to the forest of the same seed.
  func added(_ origin: Origin, seed: Int) -> RecipeRun.Job {
    RecipeRun.Job(BranchTrainMergeArm.added(origin), seed: seed) { [self] place in
      let forest = arm(settings.seedShare)
      let experts = try forest.experts(settings, run, seed: seed, shards: shards)
      let before = try ExpertJudge.fingerprint(experts)
      let judge = try ExpertJudge(experts, text, settings, device: run.device)
      var figures = ArmFigures()
      var new: [Expert] = []
      for domain in config.added {
        let start = try start(of: domain, origin, judge, seed: seed, in: place.appending(path: "start"))
        let expert = try forest.train(
          added: domain, settings, run, seed: seed, shards: shards, start: start,
          as: BranchTrainMergeArm.added(origin), in: place)
        figures.series[domain] = try text.judged.only { $0.domain == domain }
          .losses(under: expert.folder, precision: settings.precision, device: run.device).map(\.nats)
        new.append(expert)
      }
      if origin == .posterior {
        let grown = try ExpertJudge(experts + new, text, settings, device: run.device)
        try grown.judge(rules: { try rules(grown, $0, removing: false) }, into: &figures)
      }
      figures.figures["unchanged"] = try ExpertJudge.fingerprint(experts) == before ? 1 : 0
      return figures
    }
  }

  // MARK: Measures

  /// The posterior from a uniform and from a cached prior, and, if wanted, without each expert in turn.
  private func rules(_ judge: ExpertJudge, _ domain: String, removing: Bool) throws -> [ExpertJudge.Rule] {
    var rules: [ExpertJudge.Rule] = [
      (BranchTrainMergeArm.posterior, try .posterior()),
      (BranchTrainMergeArm.cached, try .posterior(.cached(judge.prior(of: domain)))),
    ]
    if removing {
      let names = judge.experts.map(\.name)
      rules += try names.map { gone in
        let prior = Dictionary(uniqueKeysWithValues: names.map { ($0, $0 == gone ? 0.0 : 1) })
        return (BranchTrainMergeArm.without(gone), try .posterior(.given(prior)))
      }
    }
    return rules
  }

  /// For each domain, the averages weighted by the posterior on its development documents, and by its largest value alone.
  private func averages(_ judge: ExpertJudge, in folder: URL, into figures: inout ArmFigures) throws {
    for domain in Set(text.judged.documents.map(\.domain)).sorted() {
      let prior = try judge.prior(of: domain).weights
      let weights = judge.experts.map { prior[$0.name] ?? 0 }
      let largest = weights.indices.max { weights[$0] < weights[$1] }
      let one = weights.indices.map { $0 == largest ? 1.0 : 0 }
      figures.series[BranchTrainMergeArm.posteriorAverage, default: []] += try judge.average(
        weights, of: domain, in: folder)
      figures.series[BranchTrainMergeArm.argmaxAverage, default: []] += try judge.average(one, of: domain, in: folder)
    }
  }

  private func start(
    of domain: String, _ origin: Origin, _ judge: ExpertJudge, seed: Int, in folder: URL
  ) throws -> URL {
    let weights: [Double]
    switch origin {
    case .seed:
      guard let start = DenseArm.seed(settings.seedShare, settings, of: run, seed: seed) else {
        preconditionFailure("a forest without a seed phase has no seed to branch from")
      }
      return start
    case .uniform: weights = judge.experts.map { _ in 1 }
    case .posterior:
      let prior = try judge.prior(of: domain).weights
      weights = judge.experts.map { prior[$0.name] ?? 0 }
    }
    try ExpertJudge.average(judge.experts, weights, to: folder)
    return folder
  }
}
