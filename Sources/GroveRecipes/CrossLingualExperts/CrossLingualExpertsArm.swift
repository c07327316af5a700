import Foundation
import GroveCluster
import GroveCore
import GroveForest

/// The forests of the recipe `x-elm`, and the models that are adapted to a new language.
struct CrossLingualExpertsArm: Sendable {
  /// How the documents are divided among experts.
  enum Division: String, CaseIterable, Sendable {
    /// By groups of languages of like syntax.
    case typology
    /// By clusters of their words.
    case words
    /// By a draw from their ids.
    case random
    /// An expert for each language.
    case monolingual
  }

  /// What a model of the new language begins with.
  enum Origin: String, CaseIterable, Sendable {
    /// The expert of the group of the nearest language in the tree: a second round of X-ELM's hierarchical training.
    case relative
    /// What the experts themselves branched from.
    case seed
    /// The end of the dense model, which then is no longer what it was for the old languages.
    case dense
  }

  /// The names of series.
  static let language = "expert of the language"
  static let nearest = "nearest"
  static let distance = "all by distance"
  static let posterior = "all by posterior"

  let config: CrossLingualExpertsConfig
  let run: RecipeRun
  let made: RecipeTexts
  let text: ExpertText
  private var settings: ExpertTrainingConfig { config.training }

  init(_ config: CrossLingualExpertsConfig, _ run: RecipeRun, _ made: RecipeTexts, _ text: ExpertText) {
    self.config = config
    self.run = run
    self.made = made
    self.text = text
  }

  /// "adapted-relative".
  static func adapted(_ origin: Origin) -> String { "adapted-\(origin.rawValue)" }

  /// The clusters of the documents' words.
  static func words(_ config: CrossLingualExpertsConfig) -> ClusterDivision {
    ClusterDivision(method: .balanced, clusters: config.clusters)
  }

  /// The domains of the shards that a division's experts read.
  static func domains(_ division: Division, _ config: CrossLingualExpertsConfig) -> [String] {
    switch division {
    case .typology, .random: RecipeTexts.parts(division.rawValue, config.clusters)
    case .words: words(config).domains
    case .monolingual: config.languages
    }
  }

  private func arm(_ division: Division) -> ExpertArm {
    ExpertArm(
      name: division.rawValue, domains: CrossLingualExpertsArm.domains(division, config),
      seedShare: settings.seedShare)
  }

  // MARK: Jobs

  /// The experts of a division, in all the ways that fit it.
  func forest(_ division: Division, seed: Int) -> RecipeRun.Job {
    RecipeRun.Job(division.rawValue, seed: seed) { [self] place in
      let distances: (ExpertPool) throws -> ExpertDistances? =
        division == .words ? CrossLingualExpertsArm.words(config).distances(made) : { _ in nil }
      var (figures, judge) = try arm(division).grow(
        settings, run, seed: seed, shards: made.shards, text: text, in: place, distances: distances)
      try judge.judge(rules: { _ in try rules(division) }, into: &figures)
      return figures
    }
  }

  /// A model of the new language with as many tokens as an expert, judged in all languages.
  func adapted(_ origin: Origin, seed: Int) -> RecipeRun.Job {
    RecipeRun.Job(CrossLingualExpertsArm.adapted(origin), seed: seed) { [self] place in
      let forest = arm(.typology)
      let experts = try forest.experts(settings, run, seed: seed, shards: made.shards)
      let before = try ExpertJudge.fingerprint(experts)
      let expert = try forest.train(
        added: config.added, settings, run, seed: seed, shards: made.shards,
        start: start(origin, experts, seed: seed), as: CrossLingualExpertsArm.adapted(origin), in: place)
      var figures = ArmFigures()
      figures.series[ExpertRecords.model] = try text.judged.losses(
        under: expert.folder, precision: settings.precision, device: run.device
      ).map(\.nats)
      figures.figures["unchanged"] = try ExpertJudge.fingerprint(experts) == before ? 1 : 0
      return figures
    }
  }

  private func start(_ origin: Origin, _ experts: [Expert], seed: Int) throws -> URL {
    switch origin {
    case .relative:
      let name = try CrossLingualExpertsArm.relative(config)
      guard let expert = experts.first(where: { $0.name == name }) else { preconditionFailure("no expert \(name)") }
      return expert.folder
    case .seed:
      guard let start = DenseArm.seed(settings.seedShare, settings, of: run, seed: seed) else {
        preconditionFailure("a forest without a seed phase has no seed to branch from")
      }
      return start
    case .dense: return DenseArm.end(settings, of: run, seed: seed)
    }
  }

  /// The expert of the group that holds the nearest relative of the new language.
  static func relative(_ config: CrossLingualExpertsConfig) throws -> String {
    try expert(of: config.tree.nearest(to: config.added, among: config.languages).name, config)
  }

  /// The expert of a language's group.
  private static func expert(of language: String, _ config: CrossLingualExpertsConfig) throws -> String {
    guard let group = try config.groups.firstIndex(where: { $0.contains(language) }) else {
      preconditionFailure("\(language) is in no group")
    }
    return domains(.typology, config)[group]
  }

  private func rules(_ division: Division) throws -> [ExpertJudge.Rule] {
    typealias Arm = CrossLingualExpertsArm
    let posterior = (Arm.posterior, try MixtureRule.posterior())
    switch division {
    case .random: return [posterior]
    case .words:
      return [
        (Arm.nearest, try config.clustering.rule(top: 1)), (Arm.distance, try config.clustering.rule()), posterior,
      ]
    case .typology, .monolingual:
      let nearest = try config.tree.nearest(to: config.added, among: config.languages).name
      let known = config.languages.map { ($0, $0) } + [(config.added, nearest)]
      let experts = try known.map { language, of in
        try (language, division == .monolingual ? of : Arm.expert(of: of, config))
      }
      return [(Arm.language, try MixtureRule(.oracle(Dictionary(uniqueKeysWithValues: experts)))), posterior]
    }
  }
}
