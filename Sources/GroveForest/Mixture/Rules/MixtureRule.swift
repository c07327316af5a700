import GroveCore

/// How the experts of a mixture p(x_t | x_<t) = Σ_j w_j p_j(x_t | x_<t) are weighed at every token: a valid value.
///
/// ```swift
/// let posterior = try MixtureRule(.posterior(prior: .uniform, evidence: .wholeText))
/// let sparse = try MixtureRule(.distance(Distance(temperature: 0.1, power: .squared)), keeping: .top(2))
/// ```
public struct MixtureRule: Equatable, Sendable {
  /// Where the weights come from. The cost of a token is that of the experts that `MixtureCost` counts.
  public enum Weighing: Equatable, Sendable {
    /// The same for all.
    case uniform
    /// Fixed, by name; they need not sum to 1.
    case given([String: Double])
    /// Bayes: the probability of each expert given the text so far, w_j ∝ π_j Π_s p_j(x_s) (Li et al. 2022,
    /// arXiv:2208.03306, §4). Every expert with a prior reads every token, whatever is kept afterwards.
    case posterior(prior: MixturePrior, evidence: Evidence)
    /// By the distance of the text so far to the centre of each expert's cluster (Gururangan et al. 2023,
    /// arXiv:2303.14177, §2). Only experts that are kept read.
    case distance(Distance)
    /// The posterior times the distance's weights. Every expert with a prior reads every token.
    case product(prior: MixturePrior, evidence: Evidence, Distance)
    /// The one expert that a map names for the domain of the text; what domain a text is of must be known.
    case oracle([String: String])
  }

  /// What of the text so far speaks for an expert.
  public enum Evidence: String, Equatable, Sendable, Codable, CaseIterable {
    /// Every token, in a long text those of earlier windows too: Bayes's rule, as Li et al. write it.
    case wholeText
    /// The last token alone, w_j ∝ π_j p_j(x_{t−1}), which is far less sure of itself. With a uniform prior it is what the
    /// released scorer of kernelmachine/cbtm computes (`sequence_scorer_btm.py`, "bayes"), although both papers condition
    /// on the whole text. Its "product_of_experts" takes the distance of one token before; we take that of the text so far.
    case lastToken
  }

  /// Which weights are kept; they are renormalised, the others are 0.
  public enum Selection: Equatable, Sendable {
    case all
    /// The k largest; of equal ones those of the experts that come first.
    case top(Int)
    /// The largest.
    public static let best = Selection.top(1)
  }

  public let weighing: Weighing
  public let selection: Selection

  /// - Throws: `GroveError` with code `.argument` that names the field.
  public init(_ weighing: Weighing, keeping selection: Selection = .all) throws {
    self.weighing = weighing
    self.selection = selection
    try checkSelection()
    switch weighing {
    case .uniform: break
    case .given(let weights): try NamedWeights.check(weights, "weights")
    case .posterior(let prior, _): try prior.check()
    case .distance(let distance): try distance.check()
    case .product(let prior, _, let distance):
      try prior.check()
      try distance.check()
    case .oracle(let experts):
      if experts.isEmpty { throw GroveError(.argument, "oracle", "names no expert for any domain") }
    }
  }

  private func checkSelection() throws {
    guard case .top(let count) = selection else { return }
    if count < 1 { throw GroveError(.argument, "top", "\(count) is not positive") }
    switch weighing {
    case .uniform:
      throw GroveError(.argument, "top", "uniform weights have no largest", remedy: "Keep all.")
    case .oracle: throw GroveError(.argument, "top", "the oracle has one expert already", remedy: "Keep all.")
    case .given, .posterior, .distance, .product: return
    }
  }
}

/// Weights by distance: softmax(−dᵖ / T).
public struct Distance: Equatable, Sendable {
  /// The power of the distance.
  public enum Power: String, Equatable, Sendable, Codable, CaseIterable {
    /// As Gururangan et al. 2023 write it.
    case squared
    /// As the released code computes it: it squares what its k-means gives as a distance, which is squared already.
    case fourth
  }

  /// T. Smaller is sharper; 0.1 in the paper.
  public let temperature: Double
  public let power: Power

  /// Takes a temperature, which must be positive and finite; a rule checks it.
  public init(temperature: Double = 0.1, power: Power = .squared) {
    self.temperature = temperature
    self.power = power
  }

  /// The log of a weight, up to a constant.
  func logWeight(squaredDistance: Double) -> Double {
    -(power == .squared ? squaredDistance : squaredDistance * squaredDistance) / temperature
  }

  func check() throws {
    guard temperature > 0, temperature.isFinite else {
      throw GroveError(.argument, "temperature", "\(temperature) is not positive and finite")
    }
  }
}

extension MixtureRule: CustomStringConvertible {
  /// In a few words for tables: "distance d² / 0.1, top 2".
  public var description: String {
    let words =
      switch weighing {
      case .uniform: "uniform"
      case .given: "given weights"
      case .posterior(let prior, let evidence): "posterior, \(MixtureRule.words(prior, evidence))"
      case .distance(let distance): distance.description
      case .product(let prior, let evidence, let distance):
        "posterior × \(distance), \(MixtureRule.words(prior, evidence))"
      case .oracle: "oracle"
      }
    return if case .top(let count) = selection { "\(words), top \(count)" } else { words }
  }

  private static func words(_ prior: MixturePrior, _ evidence: Evidence) -> String {
    evidence == .wholeText ? "\(prior)" : "\(prior), last token"
  }
}

extension Distance: CustomStringConvertible {
  public var description: String { "distance d\(power == .squared ? "²" : "⁴") / \(temperature)" }
}
