import GroveForest

/// Rules of every kind for three experts. None that chooses begins with equal weights: a tie falls to the first expert.
enum MixtureRules {
  static let shares = ["expert1": 0.5, "expert2": 0.2, "expert3": 0.3]
  static let near = Distance(temperature: 0.02, power: .squared)
  static let oracle = ["a": "expert3", "b": "expert1"]

  static func all() throws -> [MixtureRule] {
    try keepingAll() + [
      MixtureRule(.oracle(oracle)),
      MixtureRule(.given(shares), keeping: .top(2)),
      MixtureRule(.posterior(prior: .given(shares), evidence: .lastToken), keeping: .best),
      MixtureRule(.distance(near), keeping: .best),
      MixtureRule(.distance(near), keeping: .top(2)),
      MixtureRule(.product(prior: .given(shares), evidence: .lastToken, near), keeping: .top(2)),
    ]
  }

  /// Those that can also keep k of E.
  static func choosable(_ selection: MixtureRule.Selection) throws -> [MixtureRule] {
    try [
      MixtureRule(.given(shares), keeping: selection),
      MixtureRule(.posterior(prior: .given(shares), evidence: .wholeText), keeping: selection),
      MixtureRule(.posterior(prior: .updating(share: 0.3), evidence: .wholeText), keeping: selection),
      MixtureRule(.posterior(prior: .given(shares), evidence: .lastToken), keeping: selection),
      MixtureRule(.distance(near), keeping: selection),
      MixtureRule(.distance(Distance(temperature: 0.001, power: .fourth)), keeping: selection),
      MixtureRule(.product(prior: .uniform, evidence: .lastToken, near), keeping: selection),
      MixtureRule(.product(prior: .uniform, evidence: .wholeText, near), keeping: selection),
    ]
  }

  static func keepingAll() throws -> [MixtureRule] { try [MixtureRule(.uniform)] + choosable(.all) }
}
