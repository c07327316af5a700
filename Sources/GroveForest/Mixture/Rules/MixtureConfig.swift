public import GroveCore

/// A mixture's rule as it is written in a config or on a command line. Fields that the kind of weights does not use keep
/// their defaults and mean nothing.
public struct MixtureConfig: Config {
  /// Where the weights come from, as `MixtureRule.Weighing` describes it.
  public enum Kind: String, Codable, Sendable, CaseIterable {
    case uniform
    case given
    case posterior
    case distance
    case product
    case oracle
  }
  /// Where the prior of a posterior comes from.
  public enum Prior: String, Codable, Sendable, CaseIterable {
    case uniform
    /// `shares`.
    case given
    /// The moving average of the posteriors of the texts before.
    case updating
  }

  /// Where the weights come from.
  public var kind = Kind.posterior
  /// By the name of the expert, for given weights or a given prior: each expert once.
  public var shares: [String: Double] = [:]
  /// Of a posterior and of a product.
  public var prior = Prior.uniform
  /// Of each new posterior in an updated prior, in (0, 1].
  public var updateShare = 0.3
  /// What of the text so far counts in a posterior or product.
  public var evidence = MixtureRule.Evidence.wholeText
  /// T of softmax(−dᵖ / T).
  public var temperature = 0.1
  /// p of softmax(−dᵖ / T).
  public var power = Distance.Power.squared
  /// How many of the largest weights are kept; 0 keeps all.
  public var top = 0
  /// The expert of each domain, for an oracle.
  public var oracle: [String: String] = [:]

  /// The posterior under a uniform prior.
  public init() {}

  /// The rule that the fields describe.
  /// - Throws: `GroveError` with code `.argument` that names a field of the rule.
  public func rule() throws -> MixtureRule {
    let distance = Distance(temperature: temperature, power: power)
    let weighing: MixtureRule.Weighing =
      switch kind {
      case .uniform: .uniform
      case .given: .given(shares)
      case .posterior: .posterior(prior: mixturePrior, evidence: evidence)
      case .distance: .distance(distance)
      case .product: .product(prior: mixturePrior, evidence: evidence, distance)
      case .oracle: .oracle(oracle)
      }
    return try MixtureRule(weighing, keeping: top == 0 ? .all : .top(top))
  }

  private var mixturePrior: MixturePrior {
    switch prior {
    case .uniform: .uniform
    case .given: .given(shares)
    case .updating: .updating(share: updateShare)
    }
  }

  /// What the rule itself refuses, under the names of these fields.
  public func issues() -> [ConfigIssue] {
    do {
      _ = try rule()
      return []
    } catch let error as GroveError {
      let names = ["weights": "shares", "prior": "shares", "prior.share": "updateShare"]
      let parts = error.place.split(separator: ".", maxSplits: 1).map(String.init)
      let field = names[error.place] ?? ([names[parts[0]] ?? parts[0]] + parts.dropFirst()).joined(separator: ".")
      return [ConfigIssue(field, error.problem)]
    } catch {
      return [ConfigIssue("kind", "\(error)")]
    }
  }
}
