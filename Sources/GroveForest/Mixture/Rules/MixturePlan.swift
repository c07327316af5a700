import Foundation
import GroveCore

/// A rule applied to the experts of a pool: names have become indices, shares have become logarithms.
struct MixturePlan {
  let rule: MixtureRule
  let expertCount: Int
  /// Log of the weights before anything is known of the text; −∞ for an expert that never has any.
  let logStart: [Double]
  let evidence: MixtureRule.Evidence?
  let distance: Distance?
  /// Nil keeps all.
  let top: Int?
  /// Of the exponential moving average over texts; nil where the prior stays.
  let priorShare: Double?
  /// The expert of each domain.
  private let oracle: [String: Int]?

  /// - Throws: `GroveError` if the rule names other experts than there are, keeps more, or needs distances that are not
  ///   there.
  init(_ rule: MixtureRule, experts: [String], distances: ExpertDistances?) throws {
    self.rule = rule
    expertCount = experts.count
    var start = LogSpace.uniform(experts.count)
    var (evidence, distance, share, oracle): (MixtureRule.Evidence?, Distance?, Double?, [String: Int]?)
    switch rule.weighing {
    case .uniform: break
    case .given(let weights): start = try NamedWeights.logShares(weights, of: experts, "weights")
    case .posterior(let prior, let kind):
      (start, share) = try MixturePlan.start(prior, experts)
      evidence = kind
    case .distance(let rule): distance = rule
    case .product(let prior, let kind, let rule):
      (start, share) = try MixturePlan.start(prior, experts)
      evidence = kind
      distance = rule
    case .oracle(let names): oracle = try MixturePlan.oracle(names, experts)
    }
    if distance != nil { try MixturePlan.check(distances, experts.count) }
    top = try MixturePlan.top(rule.selection, experts.count)
    // A choice among fixed weights is made once.
    if evidence == nil, distance == nil, let top {
      LogSpace.keepLargest(top, of: &start)
      LogSpace.normalise(&start)
    }
    logStart = start
    self.evidence = evidence
    self.distance = distance
    priorShare = share
    self.oracle = oracle
  }

  /// The log weights before a text of a domain.
  /// - Throws: `GroveError` with code `.mismatch` if the oracle does not know the domain.
  func start(domain: String?, at place: @autoclosure () -> String) throws -> [Double] {
    guard let oracle else { return logStart }
    guard let domain else {
      throw GroveError(
        .argument, place(), "the oracle must know the domain of the text",
        remedy: "Name it, or choose a rule that finds it.")
    }
    guard let expert = oracle[domain] else {
      throw GroveError(
        .mismatch, place(), "the oracle has no expert for the domain '\(domain)'",
        remedy: "It knows: \(oracle.keys.sorted().joined(separator: ", ")).")
    }
    return (0..<expertCount).map { $0 == expert ? 0 : -.infinity }
  }

  /// Whether the experts that read are known before the text is: those with a start above −∞.
  var readsAlways: Bool { evidence != nil || distance == nil || top == nil }

  private static func start(_ prior: MixturePrior, _ experts: [String]) throws -> ([Double], share: Double?) {
    switch prior {
    case .uniform: (LogSpace.uniform(experts.count), nil)
    case .given(let weights): (try NamedWeights.logShares(weights, of: experts, "prior"), nil)
    case .updating(let share): (LogSpace.uniform(experts.count), share)
    }
  }

  private static func oracle(_ names: [String: String], _ experts: [String]) throws -> [String: Int] {
    try Dictionary(
      uniqueKeysWithValues: names.map { domain, name in
        guard let index = experts.firstIndex(of: name) else {
          throw GroveError(
            .mismatch, "oracle.\(domain)", "there is no expert '\(name)'",
            remedy: "There are: \(experts.joined(separator: ", ")).")
        }
        return (domain, index)
      })
  }

  private static func check(_ distances: ExpertDistances?, _ count: Int) throws {
    guard let distances else {
      throw GroveError(
        .argument, "distance", "there is no clusterer to measure it",
        remedy: "Weigh by the posterior, or give the clusterer of the forest.")
    }
    guard distances.clusters.count == count else {
      throw GroveError(
        .mismatch, "distance", "\(distances.clusters.count) experts have a cluster, there are \(count)",
        remedy: "Give a cluster for each expert.")
    }
  }

  private static func top(_ selection: MixtureRule.Selection, _ count: Int) throws -> Int? {
    guard case .top(let top) = selection else { return nil }
    guard top <= count else {
      throw GroveError(.argument, "top", "\(top) of \(count) experts cannot be kept", remedy: "Keep all.")
    }
    return top < count ? top : nil
  }
}

extension LogSpace {
  /// −log E for each of E experts.
  static func uniform(_ count: Int) -> [Double] { [Double](repeating: -log(Double(count)), count: count) }
}
