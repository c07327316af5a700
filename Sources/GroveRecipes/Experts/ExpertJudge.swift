import Foundation
import GroveCore
import GroveCorpus
import GroveForest
import GroveMerge
import GroveModel
import GroveTensor

/// Scores the held-out documents under experts that were trained: as mixtures, and as averages.
struct ExpertJudge {
  let experts: [Expert]
  let text: ExpertText
  let settings: ExpertTrainingConfig
  let device: Device
  private let pool: ExpertPool
  private let mixture: MixtureEvaluator

  /// A rule and what its losses are called in the arm's record.
  typealias Rule = (name: String, rule: MixtureRule)

  /// - Parameter clusters: the distances of texts to the experts' clusters, for rules that need them.
  init(
    _ experts: [Expert], _ text: ExpertText, _ settings: ExpertTrainingConfig, device: Device,
    distances: (ExpertPool) throws -> ExpertDistances? = { _ in nil }
  ) throws {
    self.experts = experts
    self.text = text
    self.settings = settings
    self.device = device
    pool = try ExpertPool(experts, precision: settings.precision, device: device)
    mixture = try MixtureEvaluator(pool, windows: text.judged.windows, distances: distances(pool))
  }

  /// The prior of a domain's texts, from development documents.
  func prior(of domain: String) throws -> CachedPrior { try mixture.cachedPrior(on: text.development[domain] ?? []) }

  /// What every rule pays for every judging document, in the order of the documents, and how it routed them.
  /// - Parameter rules: of a domain; the same names for all.
  func judge(rules: (_ domain: String) throws -> [Rule], into figures: inout ArmFigures) throws {
    for domain in Set(text.judged.documents.map(\.domain)).sorted() {
      let rules = try rules(domain)
      let results = try mixture.evaluate(
        text.judged.documents.filter { $0.domain == domain }, rules: rules.map(\.rule))
      for (rule, result) in zip(rules, results) {
        figures.series[rule.name, default: []] += result.losses.map(\.nats)
        figures.series[ExpertRecords.routing(rule.name, domain)] = result.routing.first?.meanWeights
      }
    }
  }

  /// What the weighted average of the experts' parameters pays for some judging documents.
  /// - Parameters:
  ///   - weights: one for each expert; those of weight 0 take no part.
  ///   - folder: where the average is written; it is removed afterwards.
  func average(_ weights: [Double], of domain: String? = nil, in folder: URL) throws -> [Double] {
    try ExpertJudge.average(experts, weights, to: folder)
    defer { try? FileSystem.remove(folder) }
    return try text.judged.only { domain == nil || $0.domain == domain }
      .losses(under: folder, precision: settings.precision, device: device).map(\.nats)
  }

  /// Writes the weighted average of experts as a checkpoint; what an earlier call left there is removed.
  static func average(_ experts: [Expert], _ weights: [Double], to folder: URL) throws {
    if FileSystem.exists(folder) { try FileSystem.remove(folder) }
    let config = MergeConfig.average(of: experts.map(\.folder.path), weights: weights)
    try ModelMerge(MergePlan(config), random: RandomKey(seed: 0)).write(to: folder) { _ in }
  }

  /// A hash of the weights of experts, file by file.
  static func fingerprint(_ experts: [Expert]) throws -> String {
    try experts.flatMap { try ModelFolder.weightURLs($0.folder) }.map { try ContentHash.ofFile($0) }
      .joined(separator: "\n")
  }
}

extension MixtureRule {
  /// Bayes by the whole text so far.
  static func posterior(_ prior: MixturePrior = .uniform) throws -> MixtureRule {
    try MixtureRule(.posterior(prior: prior, evidence: .wholeText))
  }
}
