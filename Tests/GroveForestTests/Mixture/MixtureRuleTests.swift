import Foundation
import GroveCore
import GroveForest
import GroveTesting
import Testing

@Suite("Rules of a mixture")
struct MixtureRuleTests {
  private static func message(_ make: () throws -> Void) -> String? {
    #expect(throws: GroveError.self) { try make() }?.description
  }

  @Test("A rule that cannot be is refused when it is made")
  func refused() throws {
    func rule(_ weighing: MixtureRule.Weighing, _ selection: MixtureRule.Selection = .all) -> String? {
      Self.message { _ = try MixtureRule(weighing, keeping: selection) }
    }
    #expect(rule(.distance(Distance(temperature: 0))) == "temperature: 0.0 is not positive and finite")
    #expect(rule(.distance(Distance(temperature: .infinity))) == "temperature: inf is not positive and finite")
    #expect(rule(.distance(Distance()), .top(0)) == "top: 0 is not positive")
    #expect(rule(.uniform, .best) == "top: uniform weights have no largest. Keep all.")
    #expect(rule(.oracle(["a": "b"]), .best) == "top: the oracle has one expert already. Keep all.")
    #expect(rule(.oracle([:])) == "oracle: names no expert for any domain")
    #expect(rule(.given(["a": 1, "b": -1])) == "weights.b: -1.0 is negative or not finite")
    #expect(rule(.given(["a": 0])) == "weights: sum to 0.0. Give at least one expert a weight.")
    #expect(
      rule(.posterior(prior: .updating(share: 0), evidence: .wholeText)) == "prior.share: 0.0 is outside (0, 1]")
    #expect(
      rule(.product(prior: .given(["a": .nan]), evidence: .wholeText, Distance()))
        == "prior.a: nan is negative or not finite")
  }

  @Test("A rule that does not fit the experts is refused where it meets them")
  func unfitting() throws {
    try Fixtures.withTemporaryFolder { folder in
      let tiny = try TinyExperts(in: folder)
      let pool = try tiny.pool()
      func refusal(_ weighing: MixtureRule.Weighing, _ keeping: MixtureRule.Selection = .all, _ clusters: [Int]? = nil)
        -> String?
      {
        Self.message {
          _ = try MixtureScorer(
            pool, rule: MixtureRule(weighing, keeping: keeping),
            distances: clusters.map { try tiny.distances(clusters: $0) })
        }
      }
      #expect(
        refusal(.given(["expert1": 1, "law": 1]))
          == "weights: there is no value for 'expert2', 'expert3', and a value for 'law', which the forest does not have. "
          + "Name each of the 3 experts once.")
      #expect(
        refusal(.posterior(prior: .given(["expert1": 1, "expert2": 1]), evidence: .wholeText))
          == "prior: there is no value for 'expert3'. Name each of the 3 experts once.")
      #expect(
        refusal(.posterior(prior: .uniform, evidence: .wholeText), .top(4))
          == "top: 4 of 3 experts cannot be kept. Keep all.")
      #expect(
        refusal(.distance(Distance()))
          == "distance: there is no clusterer to measure it. Weigh by the posterior, or give the clusterer of the forest."
      )
      #expect(
        refusal(.distance(Distance()), .all, [0, 1])
          == "distance: 2 experts have a cluster, there are 3. Give a cluster for each expert.")
      #expect(
        refusal(.distance(Distance()), .all, [0, 1, 3])
          == "experts[2]: its cluster 3 is outside 0..<3. Is the clusterer the one that the forest was grown with?")
      #expect(
        refusal(.oracle(["a": "law"]))
          == "oracle.a: there is no expert 'law'. There are: expert1, expert2, expert3.")
      #expect(
        refusal(.oracle(["a": "expert1"]))
          == "domain: the oracle must know the domain of the text. Name it, or choose a rule that finds it.")
      let evaluator = try MixtureEvaluator(pool, windows: tiny.windows())
      #expect(
        Self.message {
          _ = try evaluator.evaluate(tiny.documents(), rules: [MixtureRule(.oracle(["a": "expert1"]))])
        } == "d1: the oracle has no expert for the domain 'b'. It knows: a.")
      #expect(
        Self.message { _ = try evaluator.cachedPrior(on: []) }
          == "documents: there is none to estimate a prior on")
      #expect(
        Self.message { _ = try MixtureEvaluator(pool, windows: tiny.windows(), matrixBytes: 0) }
          == "matrixBytes: 0 is not positive")
    }
  }

  @Test("A file that is no prior is refused by its field")
  func priorFiles() throws {
    try Fixtures.withTemporaryFolder { folder in
      let file = folder.appending(path: "prior.json")
      func message(_ text: String) -> String? {
        Self.message {
          try FileSystem.write(text, to: file)
          _ = try CachedPrior(contentsOf: file)
        }
      }
      let again = ". Estimate the prior again."
      #expect(message("{}") == "\(file.path): weights is missing or not a number\(again)")
      #expect(
        message(#"{"weights": {"a": "x"}, "documents": 1, "share": 0.3}"#)
          == "\(file.path): weights.a is missing or not a number\(again)")
      #expect(
        message(#"{"weights": {"a": 1}, "share": 0.3}"#)
          == "\(file.path): documents is missing or not a number\(again)")
      #expect(
        message(#"{"weights": {"a": -1}, "documents": 1, "share": 0.3}"#)
          == "\(file.path): weights.a: -1.0 is negative or not finite")
    }
  }

  @Test("A config describes the rule that its fields name, and refuses by their names")
  func configs() throws {
    var config = MixtureConfig()
    #expect(try config.rule() == MixtureRule(.posterior(prior: .uniform, evidence: .wholeText)))
    (config.kind, config.temperature, config.power, config.top) = (.product, 0.5, .fourth, 2)
    (config.prior, config.evidence) = (.updating, .lastToken)
    #expect(
      try config.rule()
        == MixtureRule(
          .product(prior: .updating(share: 0.3), evidence: .lastToken, Distance(temperature: 0.5, power: .fourth)),
          keeping: .top(2)))
    func issues(_ change: (inout MixtureConfig) -> Void) -> [String] {
      var config = MixtureConfig()
      change(&config)
      return config.issues().map(\.description)
    }
    #expect(issues { _ in } == [])
    #expect(issues { ($0.kind, $0.temperature) = (.distance, 0) } == ["temperature: 0.0 is not positive and finite"])
    #expect(issues { $0.top = -1 } == ["top: -1 is not positive"])
    #expect(issues { $0.kind = .given } == ["shares: sum to 0.0"])
    #expect(issues { ($0.prior, $0.shares) = (.given, ["a": -2]) } == ["shares.a: -2.0 is negative or not finite"])
    #expect(issues { ($0.prior, $0.updateShare) = (.updating, 2) } == ["updateShare: 2.0 is outside (0, 1]"])
    #expect(issues { $0.kind = .oracle } == ["oracle: names no expert for any domain"])
  }

  @Test("A rule says in a few words what it does")
  func words() throws {
    #expect(
      try MixtureRules.all().suffix(6).map(\.description) == [
        "oracle", "given weights, top 2", "posterior, given prior, last token, top 1", "distance d² / 0.02, top 1",
        "distance d² / 0.02, top 2", "posterior × distance d² / 0.02, given prior, last token, top 2",
      ])
  }
}
