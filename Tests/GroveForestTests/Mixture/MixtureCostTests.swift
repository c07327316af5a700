import GroveCore
import GroveCorpus
import GroveEval
import GroveForest
import GroveModel
import GroveTesting
import Testing

@Suite("What a mixture costs")
struct MixtureCostTests {
  /// Documents of whole windows, so that no position is read twice.
  private static let lengths = [15, 47, 0, 31]

  private static func costs(_ rules: [MixtureRule]) throws -> [MixtureResult] {
    try Fixtures.withTemporaryFolder { folder in
      let tiny = try TinyExperts(in: folder)
      return try MixtureEvaluator(tiny.pool(), windows: tiny.windows(), distances: tiny.distances())
        .evaluate(tiny.documents(lengths), rules: rules, tracing: ["d0", "d1", "d2", "d3"])
    }
  }

  @Test("A posterior reads with every expert that has a prior, whatever is kept; fixed weights with those kept")
  func dense() throws {
    let results = try Self.costs([
      MixtureRule(.uniform), MixtureRule(.posterior(prior: .uniform, evidence: .wholeText), keeping: .best),
      MixtureRule(.product(prior: .uniform, evidence: .lastToken, MixtureRules.near), keeping: .top(2)),
      MixtureRule(
        .posterior(prior: .given(["expert1": 1, "expert2": 0, "expert3": 1]), evidence: .wholeText), keeping: .best),
      MixtureRule(.given(MixtureRules.shares), keeping: .top(2)), MixtureRule(.oracle(MixtureRules.oracle)),
    ])
    #expect(results.map(\.cost.passesPerToken) == [3, 3, 3, 2, 2, 1])
    #expect(results.map(\.cost.keptPerToken) == [3, 1, 2, 1, 2, 1])
    #expect(results[4].keptTokens == [97, 0, 97])
    #expect(results[5].keptTokens == [80, 0, 17])
  }

  @Test("By distance an expert reads each window up to the last token that it is kept for")
  func sparse() throws {
    let result = try Self.costs([MixtureRule(.distance(MixtureRules.near), keeping: .best)])[0]
    // Counted from the weights, in windows of 16.
    var positions = 0
    for trace in result.traces {
      for start in stride(from: 0, to: trace.weights.count, by: 16) {
        for expert in 0..<3 {
          let last = (start..<min(start + 16, trace.weights.count)).last { trace.weights[$0][expert] > 0 }
          positions += last.map { $0 + 1 - start } ?? 0
        }
      }
    }
    #expect(positions > 97 && positions < 3 * 97)
    #expect(result.cost.keptPerToken == 1)
    #expect(result.cost.passesPerToken == Double(positions) / 97)
  }

  @Test("What a stride has read again counts again")
  func strided() throws {
    try Fixtures.withTemporaryFolder { folder in
      let tiny = try TinyExperts(in: folder)
      let result = try MixtureEvaluator(tiny.pool(), windows: tiny.windows(stride: 8)).evaluate(
        tiny.documents([31]), rules: [MixtureRule(.given(["expert1": 1, "expert2": 0, "expert3": 0]))])[0]
      #expect(result.cost.passesPerToken == 48.0 / 32)  // windows that begin at 0, 8 and 16
    }
  }

  @Test("While the best expert stays, a mixture costs as much as that model")
  func steady() throws {
    try Fixtures.withTemporaryFolder { folder in
      let tiny = try TinyExperts(in: folder)
      let document = TokenizedDocument.made(
        "d", [Int64](repeating: Int64(tiny.tokenizer.id(ofByte: 128)), count: 48), domain: "a")
      let pool = try tiny.pool()
      let result = try MixtureEvaluator(pool, windows: tiny.windows(), distances: tiny.distances()).evaluate(
        [document], rules: [MixtureRule(.distance(MixtureRules.near), keeping: .best)])[0]
      #expect(result.cost.passesPerToken == 1 && result.keptTokens == [0, 48, 0])
      #expect(result.cost.operationsPerToken == pool.configs[1].inferenceOperationsPerToken)
      #expect(result.cost.usedBytes == pool.byteCounts[1] && pool.residentNames == ["expert2"])
    }
  }
}
