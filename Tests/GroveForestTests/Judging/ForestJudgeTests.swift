import Foundation
import GroveCore
import GroveCorpus
import GroveEval
import GroveForest
import GroveModel
import GroveReport
import GroveTesting
import Testing

@Suite("Judging a forest")
struct ForestJudgeTests {
  /// Grows the tiny forest with its dense model and hands it, opened, with the held-out documents to `body`.
  private static func with<Result>(
    _ body: (TinyForest, ForestUse, [TokenizedDocument]) throws -> Result
  ) throws -> Result {
    try TinyForest.with { forest in
      let grower = ForestGrower(try ForestPlan(forest.config), folder: forest.folder, executor: InProcessExecutor())
      _ = try grower.grow(dense: .train, shouldStop: { false }, onEvent: { _ in })
      let use = try ForestUse(forest.folder, precision: .float32, device: .cpu, limit: .experts(1))
      let documents = try TokenDataset(
        folder: forest.corpus.shards, split: .validation, domains: .all, contextLength: 16
      ).allDocuments()
      return try body(forest, use, documents)
    }
  }

  private static func judge(
    _ forest: TinyForest, _ use: ForestUse, _ documents: [TokenizedDocument], _ modes: [String]
  ) throws -> ForestJudgement {
    let contenders = [use.manifest.dense, use.manifest.seed].compactMap { $0 }.map {
      ForestContender($0.name, model: $0.checkpoint(in: forest.folder), trainingTokens: $0.trainingTokens)
    }
    return try ForestJudge(use.manifest, pool: use.pool, distances: use.distances)
      .judge(documents, modes: modes.map { try ForestMode(parsing: $0) }, contenders: contenders)
  }

  @Test("The oracle's documents cost what the expert of their domain pays alone, the dense model's what it pays")
  func oracle() throws {
    try Self.with { forest, use, documents in
      let judgement = try Self.judge(forest, use, documents, ["oracle", "posterior"])
      let evaluator = try PerplexityEvaluator(
        contextLength: 16, stride: 16, batchTokens: 256,
        endOfText: TokenizerIdentity(use.pool.tokenizer).endOfText)
      for (index, name) in use.pool.names.enumerated() {
        let own = documents.filter { $0.domain == name }
        let alone = try use.pool.withExpert(index) { try evaluator.losses(of: own, under: $0) }
        let judged = try judgement.entry("oracle").losses.filter { $0.domain == name }
        #expect(judged.map(\.id) == alone.map(\.id))
        for (a, b) in zip(judged, alone) { #expect(abs(a.nats - b.nats) < 1e-4 * b.nats) }
      }
      #expect(try judgement.entry("dense").trainingTokens == judgement.entry("posterior").trainingTokens)
      #expect(use.pool.residentNames.count <= 1)
    }
  }

  @Test("A forest that is its own control pays the same; its experts are not in the heat maps")
  func control() throws {
    try Self.with { forest, use, documents in
      let mode = ForestMode(.posterior, top: 2)
      let judgement = try ForestJudge(use.manifest, pool: use.pool, distances: nil)
        .judge(documents, modes: [mode], contenders: [ForestContender("control", forest: use, mode: mode)])
      let (own, control) = (judgement.entries[0], judgement.entries[1])
      #expect(control.name == "control" && control.mode == nil && control.routing.isEmpty && !own.routing.isEmpty)
      #expect(control.losses.map(\.nats) == own.losses.map(\.nats))
      #expect(control.trainingTokens == own.trainingTokens && control.passesPerToken == own.passesPerToken)
    }
  }

  @Test("An entry differs from itself by nothing, and from another by the difference of the means")
  func differences() throws {
    try Self.with { forest, use, documents in
      let judgement = try Self.judge(forest, use, documents, ["posterior", "uniform"])
      let (forest, dense) = (try judgement.entry("posterior"), try judgement.entry("dense"))
      let nothing = try judgement.difference(dense, to: dense)
      #expect(nothing.mean.estimate == 0 && nothing.mean.lower == 0 && nothing.mean.upper == 0)
      let difference = try judgement.difference(forest, to: dense)
      let means = forest.summary.meanOverDomains - dense.summary.meanOverDomains
      #expect(abs(difference.mean.estimate - means) < 1e-9)
      #expect(difference.mean.lower <= difference.mean.estimate && difference.mean.estimate <= difference.mean.upper)
      let back = try judgement.difference(dense, to: forest)
      #expect(abs(back.mean.lower + difference.mean.upper) < 1e-9)
    }
  }

  @Test("A cached prior is estimated on training documents of each domain, and asked for where there are none")
  func cachedPrior() throws {
    try Self.with { forest, use, documents in
      let training = try TokenDataset(
        folder: forest.corpus.shards, split: .train, domains: .all, contextLength: 16
      ).allDocuments()
      let judge = try ForestJudge(use.manifest, pool: use.pool, distances: nil)
      let judgement = try judge.judge(
        documents, development: Dictionary(grouping: training, by: \.domain),
        modes: [ForestMode(.cached), ForestMode(.oracle)], contenders: [])
      #expect(judgement.entries.map(\.name) == ["cached", "oracle"])
      #expect(
        forest.message { try judge.judge(documents, modes: [ForestMode(.cached)], contenders: []) }
          == "mode: there is no training-side document of 'ants' to estimate its prior on. Use 'posterior' or 'updating', "
          + "or give data with both sides.")
    }
  }

  @Test("The page shows the comparison, the routing and the loss against compute")
  func page() throws {
    try Self.with { forest, use, documents in
      let judgement = try Self.judge(forest, use, documents, ["posterior", "posterior@1"])
      let report = try ForestReport(use, judgement, against: "dense").page(title: "Tiny")
      #expect(
        report.sections.map(\.title) == ["Comparison", "Domain by domain", "Cost", "Routing", "Compute", "Members"])
      let html = report.html()
      for text in ["posterior@1", "Loss against training compute", "wasps/hornets", "wall time"] {
        #expect(html.contains(text), "\(text)")
      }
      #expect(!html.contains("out of domain"))
    }
  }

  @Test("What no expert was trained on is told apart where the others are the experts' own")
  func outside() throws {
    try Self.with { forest, use, documents in
      var documents = documents
      for index in documents.indices where documents[index].domain == "ants" { documents[index].domain = "moths" }
      let judgement = try Self.judge(forest, use, documents, ["posterior"])
      let html = try ForestReport(use, judgement, against: "dense").page(title: "Tiny").html()
      #expect(html.contains("moths (out of domain)") && !html.contains("bees (out of domain)"))
      let dense = try judgement.entry("dense")
      let moths = try #require(dense.summary.domains.first { $0.domain == "moths" })
      #expect(judgement.mean(dense, ownDomains: false) == moths.bitsPerByte)
    }
  }

  @Test(
    "Modes are read as they are written",
    arguments: ["uniform", "posterior", "posterior@2", "distance4@1", "last-token", "updating", "cached", "product"])
  func modes(text: String) throws {
    #expect(try ForestMode(parsing: text).description == text)
  }

  @Test("What is no mode, and what a forest cannot do, is refused in words")
  func refusals() throws {
    try Self.with { forest, use, documents in
      #expect(
        forest.message { try ForestMode(parsing: "posterior@0") }
          == "mode: 'posterior@0': '0' is not a number of experts")
      #expect(
        forest.message { try ForestMode(parsing: "best") }.hasPrefix(
          "mode: 'best' is not a way to use a forest. There are: uniform, "))
      #expect(
        forest.message { try Self.judge(forest, use, documents, ["distance"]) }
          == "distance: there is no clusterer to measure it. Weigh by the posterior, or give the clusterer of the forest."
      )
      #expect(
        forest.message { try Self.judge(forest, use, documents, ["posterior"]).entry("sparse") }
          == "against: nothing that was judged is called 'sparse'. There are: posterior, dense, seed.")
    }
  }
}
