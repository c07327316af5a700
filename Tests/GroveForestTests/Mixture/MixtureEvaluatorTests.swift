import Foundation
import GroveCore
import GroveCorpus
import GroveEval
import GroveForest
import GroveModel
import GroveTesting
import Testing

@Suite("Documents under a mixture")
struct MixtureEvaluatorTests {
  /// Evaluates rules for three experts of unlike shapes, with every document traced.
  private static func evaluate(
    _ rules: [MixtureRule], seeds: [UInt64] = [1, 2, 3], limit: ExpertLimit = .none, matrixBytes: Int = 1 << 20,
    stride: Int? = nil, _ documents: [Int] = [12, 40, 1, 25]
  ) throws -> [MixtureResult] {
    try Fixtures.withTemporaryFolder { folder in
      let tiny = try TinyExperts(in: folder, seeds: seeds)
      let evaluator = try MixtureEvaluator(
        tiny.pool(limit), windows: tiny.windows(stride: stride), distances: tiny.distances(), matrixBytes: matrixBytes)
      return try evaluator.evaluate(
        tiny.documents(documents), rules: rules, tracing: Set(documents.indices.map { "d\($0)" }))
    }
  }

  /// −log p of every token under each expert alone: `[document][token][expert]`.
  private static func alone(seeds: [UInt64] = [1, 2, 3], _ documents: [Int] = [12, 40, 1, 25]) throws -> [[[Double]]] {
    let rules = try seeds.map { one in
      try MixtureRule(.given(Dictionary(uniqueKeysWithValues: seeds.map { ("expert\($0)", $0 == one ? 1 : 0) })))
    }
    let results = try evaluate(rules, seeds: seeds, documents)
    return documents.indices.map { document in
      results[0].traces[document].nats.indices.map { token in results.map { $0.traces[document].nats[token] } }
    }
  }

  @Test("The weights of every token sum to 1, and what a rule keeps is no more than it says")
  func sums() throws {
    for result in try Self.evaluate(MixtureRules.all()) {
      for weights in result.traces.flatMap(\.weights) {
        #expect(abs(weights.reduce(0, +) - 1) < 1e-12, "\(result.rule)")
        if case .top(let count) = result.rule.selection {
          #expect(weights.filter { $0 > 0 }.count <= count, "\(result.rule)")
        }
      }
      for domain in result.routing { #expect(abs(domain.meanWeights.reduce(0, +) - 1) < 1e-12) }
      #expect(result.routing.map(\.domain) == ["a", "b"] && result.routing.map(\.tokens) == [15, 67])
    }
  }

  @Test("A mixture of one expert is that model, to the bit", arguments: [5, 16])
  func one(stride: Int) throws {
    try Fixtures.withTemporaryFolder { folder in
      let tiny = try TinyExperts(in: folder, seeds: [2])
      let model = try ModelFolder.load(tiny.experts[0].folder)
      try model.prepare(.float32, training: false, device: .cpu)
      let expected = try tiny.windows(stride: stride).losses(of: tiny.documents(), under: model)
      let rules = try [
        MixtureRule(.uniform), MixtureRule(.posterior(prior: .uniform, evidence: .wholeText)),
        MixtureRule(.product(prior: .given(["expert2": 3]), evidence: .lastToken, MixtureRules.near)),
        MixtureRule(.distance(MixtureRules.near), keeping: .best),
        MixtureRule(.oracle(["a": "expert2", "b": "expert2"])),
      ]
      let results = try MixtureEvaluator(
        tiny.pool(), windows: tiny.windows(stride: stride), distances: tiny.distances(clusters: [1])
      ).evaluate(tiny.documents(), rules: rules)
      for result in results {
        #expect(result.losses == expected, "\(result.rule)")
        #expect(result.cost.keptPerToken == 1)
      }
    }
  }

  @Test("Experts that are the same are one, however they are weighed")
  func identical() throws {
    try Fixtures.withTemporaryFolder { folder in
      let tokenizer = try TinyExperts.tokenizer()
      let tiny = try TinyExperts(in: folder, tokenizer, names: ["expert1", "expert2", "expert3"]) { _ in
        try TinyExperts.random(seed: 5, shape: 1, vocabulary: tokenizer.vocabularySize)
      }
      let evaluator = try MixtureEvaluator(tiny.pool(), windows: tiny.windows(), distances: tiny.distances())
      let results = try evaluator.evaluate(tiny.documents(), rules: MixtureRules.all())
      let expected = try evaluator.evaluate(
        tiny.documents(), rules: [MixtureRule(.given(["expert1": 1, "expert2": 0, "expert3": 0]))])[0]
      for result in results {
        for (found, one) in zip(result.losses, expected.losses) {
          #expect(abs(found.nats - one.nats) < 1e-5 * one.nats, "\(result.rule)")
        }
      }
    }
  }

  @Test("Other places of the experts are other places of their weights")
  func permuted() throws {
    try Fixtures.withTemporaryFolder { folder in
      let tiny = try TinyExperts(in: folder)
      let documents = tiny.documents()
      func results(_ order: [Int]) throws -> [MixtureResult] {
        let pool = try ExpertPool(order.map { tiny.experts[$0] })
        let distances = try tiny.distances(clusters: order)
        return try MixtureEvaluator(pool, windows: tiny.windows(), distances: distances)
          .evaluate(documents, rules: MixtureRules.all(), tracing: ["d1"])
      }
      let order = [2, 0, 1]
      for (first, second) in zip(try results([0, 1, 2]), try results(order)) {
        for (a, b) in zip(first.losses, second.losses) { #expect(abs(a.nats - b.nats) < 1e-9 * a.nats) }
        for (a, b) in zip(first.traces[0].weights, second.traces[0].weights) {
          #expect(zip(order.map { a[$0] }, b).allSatisfy { abs($0 - $1) < 1e-12 }, "\(first.rule)")
        }
        #expect(order.map { first.keptTokens[$0] } == second.keptTokens)
      }
    }
  }

  @Test("The posterior is Bayes's rule, multiplied out")
  func bayes() throws {
    let prior = ["expert1": 0.6, "expert2": 0.4]
    let losses = try Self.alone(seeds: [1, 2])
    let result = try Self.evaluate(
      [MixtureRule(.posterior(prior: .given(prior), evidence: .wholeText))], seeds: [1, 2], [12, 40, 1, 25])[0]
    for (document, tokens) in losses.enumerated() {
      var joint = [0.6, 0.4]
      for (token, nats) in tokens.enumerated() {
        let weights = joint.map { $0 / joint.reduce(0, +) }
        let probability = zip(weights, nats).reduce(0) { $0 + $1.0 * exp(-$1.1) }
        let trace = result.traces[document]
        #expect(zip(trace.weights[token], weights).allSatisfy { abs($0 - $1) < 1e-9 })
        #expect(abs(trace.nats[token] + log(probability)) < 1e-9)
        joint = zip(weights, nats).map { $0 * exp(-$1) }
      }
    }
  }

  @Test("By hand: two experts that know one letter each")
  func byHand() throws {
    try Fixtures.withTemporaryFolder { folder in
      let tokenizer = try TinyExperts.tokenizer("xyxy")
      let tiny = try TinyExperts(in: folder, tokenizer, names: ["p", "q"]) { index in
        try TinyExperts.unigram(
          index == 0 ? ["p": 0.75, "q": 0.245] : ["p": 0.245, "q": 0.75], tokenizer)
      }
      let (p, q) = (Int64(try tokenizer.byte("p")), Int64(try tokenizer.byte("q")))
      let document = TokenizedDocument.made("d", [p, p, q], domain: "p")
      let rules = try [
        MixtureRule(.uniform), MixtureRule(.posterior(prior: .uniform, evidence: .wholeText)),
        MixtureRule(.posterior(prior: .uniform, evidence: .lastToken)),
        MixtureRule(.posterior(prior: .uniform, evidence: .wholeText), keeping: .best),
      ]
      let results = try MixtureEvaluator(tiny.pool(), windows: tiny.windows())
        .evaluate([document], rules: rules, tracing: ["d"])
      let after = 0.75 / 0.995  // one p
      let afterTwo = 0.5625 / (0.5625 + 0.060025)
      func check(_ result: MixtureResult, _ weights: [Double], _ probabilities: [Double]) {
        for (found, expected) in zip(result.traces[0].weights, weights) { #expect(abs(found[0] - expected) < 1e-5) }
        for (found, expected) in zip(result.traces[0].nats, probabilities) {
          #expect(abs(exp(-found) - expected) < 1e-5)
        }
      }
      check(results[0], [0.5, 0.5, 0.5], [0.4975, 0.4975, 0.4975])
      func mixed(_ weight: Double, _ one: Double, _ other: Double) -> Double { weight * one + (1 - weight) * other }
      check(
        results[1], [0.5, after, afterTwo],
        [0.4975, mixed(after, 0.75, 0.245), mixed(afterTwo, 0.245, 0.75)])
      check(
        results[2], [0.5, after, after], [0.4975, mixed(after, 0.75, 0.245), mixed(after, 0.245, 0.75)])
      check(results[3], [1, 1, 1], [0.75, 0.75, 0.245])
    }
  }

  @Test("No mixture pays more than any one of its terms: −log Σ w p ≤ −log max w p")
  func bound() throws {
    let losses = try Self.alone()
    for result in try Self.evaluate(MixtureRules.all()) {
      for (document, trace) in result.traces.enumerated() {
        for (token, weights) in trace.weights.enumerated() {
          let largest = zip(weights, losses[document][token]).map { log($0) - $1 }.max() ?? 0
          #expect(trace.nats[token] <= -largest + 1e-4, "\(result.rule), document \(document), token \(token)")
        }
      }
    }
  }

  @Test("The k largest of k are all")
  func topAll() throws {
    let (all, top) = (
      try Self.evaluate(MixtureRules.choosable(.all)), try Self.evaluate(MixtureRules.choosable(.top(3)))
    )
    for (a, b) in zip(all, top) {
      #expect(a.losses == b.losses && a.traces == b.traces && a.cost == b.cost, "\(a.rule)")
    }
  }

  @Test("Top-k keeps the largest weights in their proportions")
  func topTwo() throws {
    let (all, two) = (
      try Self.evaluate(MixtureRules.choosable(.all)), try Self.evaluate(MixtureRules.choosable(.top(2)))
    )
    for (a, b) in zip(all, two) where a.rule.weighing != .posterior(prior: .updating(share: 0.3), evidence: .wholeText)
    {
      for (whole, kept) in zip(a.traces.flatMap(\.weights), b.traces.flatMap(\.weights)) {
        let largest = whole.sorted(by: >).prefix(2)
        let total = largest.reduce(0, +)
        for (weight, found) in zip(whole, kept) {
          let expected = largest.contains(weight) ? weight / total : 0
          #expect(abs(found - expected) < 1e-9, "\(a.rule)")
        }
      }
    }
  }

  @Test("Distances weigh as softmax(−d²/T), or softmax(−d⁴/T) as the released code does")
  func distances() throws {
    let squared = Distance(temperature: 0.02, power: .squared)
    let fourth = Distance(temperature: 0.001, power: .fourth)
    let results = try Self.evaluate([MixtureRule(.distance(squared)), MixtureRule(.distance(fourth))])
    try Fixtures.withTemporaryFolder { folder in
      let tiny = try TinyExperts(in: folder)
      for (index, document) in tiny.documents().enumerated() {
        for token in document.tokens.indices {
          // Anew from the whole prefix: the evaluation goes on from token to token.
          var context = MeanByteContext()
          for id in document.tokens[..<token] { context.append(tiny.tokenizer.bytes(of: UInt32(id)) ?? []) }
          let distances = context.squaredDistances()
          for (result, terms) in zip(
            results, [distances.map { exp(-$0 / 0.02) }, distances.map { exp(-$0 * $0 / 0.001) }])
          {
            let expected = terms.map { $0 / terms.reduce(0, +) }
            #expect(zip(result.traces[index].weights[token], expected).allSatisfy { abs($0 - $1) < 1e-9 })
          }
        }
      }
    }
  }

  @Test("An updated prior is the moving average of the posteriors before, and carries over groups of documents")
  func updating() throws {
    let rule = try MixtureRule(.posterior(prior: .updating(share: 0.3), evidence: .wholeText))
    let result = try Self.evaluate([rule])[0]
    var prior = [Double](repeating: 1.0 / 3, count: 3)
    for (index, trace) in result.traces.enumerated() {
      #expect(zip(trace.weights[0], prior).allSatisfy { abs($0 - $1) < 1e-12 })
      let means = (0..<3).map { expert in
        trace.weights.reduce(0) { $0 + $1[expert] } / Double(trace.weights.count)
      }
      prior = index == 0 ? means : zip(means, prior).map { 0.3 * $0 + 0.7 * $1 }
    }
    #expect(zip(result.finalPrior, prior).allSatisfy { abs($0 - $1) < 1e-12 })
    let grouped = try Self.evaluate([rule], matrixBytes: 1)[0]
    for (a, b) in zip(result.losses, grouped.losses) { #expect(abs(a.nats - b.nats) < 1e-4) }
    #expect(zip(result.finalPrior, grouped.finalPrior).allSatisfy { abs($0 - $1) < 1e-4 })
  }

  @Test("A cached prior is where the updated one ends, and a file keeps it")
  func cached() throws {
    try Fixtures.withTemporaryFolder { folder in
      let tiny = try TinyExperts(in: folder)
      let evaluator = try MixtureEvaluator(tiny.pool(), windows: tiny.windows())
      let prior = try evaluator.cachedPrior(on: tiny.documents())
      #expect(prior.documents == 4 && prior.share == 0.3)
      #expect(abs(prior.weights.values.reduce(0, +) - 1) < 1e-12)
      let rule = try MixtureRule(.posterior(prior: .updating(share: 0.3), evidence: .wholeText))
      let updated = try evaluator.evaluate(tiny.documents(), rules: [rule])[0]
      #expect(tiny.experts.map { prior.weights[$0.name] } == updated.finalPrior)
      let file = folder.appending(path: "prior.json")
      try prior.write(to: file)
      #expect(try CachedPrior(contentsOf: file) == prior)
    }
  }

  @Test("The losses do not depend on the limit of the pool, on the groups, or on the other rules")
  func independent() throws {
    let rules = try MixtureRules.all()
    let together = try Self.evaluate(rules)
    let apart = try rules.map { try Self.evaluate([$0], limit: .experts(1), matrixBytes: 1)[0] }
    for (a, b) in zip(together, apart) {
      for (x, y) in zip(a.losses, b.losses) { #expect(abs(x.nats - y.nats) < 1e-5 * x.nats, "\(a.rule)") }
      #expect(a.keptTokens == b.keptTokens || a.rule.selection != .all || a.rule.weighing == .uniform, "\(a.rule)")
      #expect(a.cost.passesPerToken == b.cost.passesPerToken && a.cost.usedBytes == b.cost.usedBytes, "\(a.rule)")
    }
  }

  @Test("A long text has weights that sum to 1 and a loss that is a number")
  func longText() throws {
    // 20,000 tokens at some 6 nats: the product of the probabilities is e^−120,000.
    let rules = try [
      MixtureRule(.posterior(prior: .uniform, evidence: .wholeText)),
      MixtureRule(.product(prior: .uniform, evidence: .wholeText, MixtureRules.near), keeping: .top(2)),
    ]
    for result in try Self.evaluate(rules, [20_000]) {
      #expect(result.losses[0].nats.isFinite && result.losses[0].nats > 0)
      for weights in result.traces[0].weights.suffix(100) { #expect(abs(weights.reduce(0, +) - 1) < 1e-12) }
    }
  }
}
