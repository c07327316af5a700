import GroveCore

/// A way to use a forest, as the command line names it: "posterior", "distance@2", "cached@1".
public struct ForestMode: Hashable, Sendable, CustomStringConvertible {
  /// Where the weights come from.
  public enum Weights: String, Sendable, CaseIterable {
    /// The same for all.
    case uniform
    /// By the text so far, from a uniform prior.
    case posterior
    /// The posterior of the last token alone.
    case lastToken = "last-token"
    /// By the text so far; the prior moves along from text to text.
    case updating
    /// By the text so far; the prior of each domain is estimated on training-side documents of it.
    case cached
    /// By the distance of the text so far to the clusters of the experts.
    case distance
    /// As `distance`, with the fourth power, as the released code of c-BTM computes it.
    case distance4
    /// The posterior times the distance's weights.
    case product
    /// The expert of the text's own domain.
    case oracle
  }

  public let weights: Weights
  /// Experts that are kept at each token; nil keeps all.
  public let top: Int?

  public init(_ weights: Weights, top: Int? = nil) {
    self.weights = weights
    self.top = top
  }

  /// Reads "NAME" or "NAME@K".
  /// - Throws: `GroveError` with code `.argument` that says what there is.
  public init(parsing text: String) throws {
    let parts = text.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    guard let weights = Weights(rawValue: parts[0]) else {
      throw GroveError(
        .argument, "mode", "'\(text)' is not a way to use a forest",
        remedy:
          "There are: \(Weights.allCases.map(\.rawValue).joined(separator: ", ")), each with @K for the K best experts."
      )
    }
    self.weights = weights
    if parts.count == 1 {
      top = nil
    } else if let count = Int(parts[1]), count > 0 {
      top = count
    } else {
      throw GroveError(.argument, "mode", "'\(text)': '\(parts[1])' is not a number of experts")
    }
  }

  /// As it is read.
  public var description: String { weights.rawValue + (top.map { "@\($0)" } ?? "") }

  /// Whether distances to clusters are needed.
  public var needsDistances: Bool { [.distance, .distance4, .product].contains(weights) }

  /// The rule of the mixture.
  /// - Parameters:
  ///   - prior: for `cached`.
  ///   - oracle: the expert of each domain, for `oracle`.
  func rule(temperature: Double, prior: CachedPrior?, oracle: [String: String]) throws -> MixtureRule {
    let distance = Distance(temperature: temperature, power: weights == .distance4 ? .fourth : .squared)
    let weighing: MixtureRule.Weighing =
      switch weights {
      case .uniform: .uniform
      case .posterior: .posterior(prior: .uniform, evidence: .wholeText)
      case .lastToken: .posterior(prior: .uniform, evidence: .lastToken)
      case .updating: .posterior(prior: .updating(share: 0.3), evidence: .wholeText)
      case .cached: .posterior(prior: prior.map { .cached($0) } ?? .uniform, evidence: .wholeText)
      case .distance, .distance4: .distance(distance)
      case .product: .product(prior: .uniform, evidence: .wholeText, distance)
      case .oracle: .oracle(oracle)
      }
    return try MixtureRule(weighing, keeping: top.map { .top($0) } ?? .all)
  }
}
