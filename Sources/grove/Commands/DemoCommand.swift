import ArgumentParser
import Foundation
import GroveCore
import GroveForest
import GroveJobs
import GroveRecipes
import GroveReport

struct DemoCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "demo",
    abstract: "Find the domains of a corpus, grow a forest of experts on them, and compare it with a dense model.",
    discussion: """
      Ten domains of text, their labels hidden: clustered by their words, a seed trained on all, an expert branched for each \
      cluster, and a dense model on as many tokens. In under six minutes on two cores.
      """)

  @Option(help: "Folder for all that is made; an older demo in it is replaced.") var out = "runs/demo"
  @Option(help: "Folder of the demo corpus.") var corpus = "Examples/demo"
  @Option(help: "Steps of the dense model, which the forest shares out; for a shorter look.") var steps: Int?
  @Option(help: "Of the weights and the order of the data.") var seed: Int?
  @OptionGroup var output: OutputOptions

  func validate() throws {
    if let steps, steps < 10 { throw ValidationError("--steps: \(steps) is below 10") }
    if let steps, steps > 1_000_000 { throw ValidationError("--steps: \(steps) is more than 1000000") }
    if let seed, seed < 0 { throw ValidationError("--seed: \(seed) is negative") }
  }

  func run() throws {
    let demo = Demo(folder: URL(filePath: out), corpus: URL(filePath: corpus), steps: steps, seed: seed)
    let view = JobsView(quiet: output.quiet)
    let note = { (text: String) in if !output.quiet { Terminal.note(text) } }
    StopSignals.install()
    let result = try demo(executor: LocalExecutor(), shouldStop: { StopSignals.isRequested }) { event in
      switch event {
      case .tokenizer(let size, let seconds):
        note("tokenizer: \(size) tokens learned in \(NumberText.fixed(seconds, 1)) s")
      case .domains(let summary, let seconds):
        let purity = summary.agreement.map { ", purity \(NumberText.fixed($0.purity, 2)) with the hidden labels" } ?? ""
        note("domains: \(summary.clusters.count) found in \(NumberText.fixed(seconds, 1)) s\(purity)")
      case .shards(let tokens, let documents, let seconds):
        note(
          "shards: \(documents) training documents, \(NumberText.short(tokens)) tokens in "
            + "\(NumberText.fixed(seconds, 1)) s")
      case .forest(let event): view.receive(event)
      case .judging(.began(let name)):
        view.end()
        note("judging: \(name)")
      case .judging(.progress): break
      }
    }
    view.end()
    guard let result else {
      Terminal.note(
        "stopped, and saved: 'grove forest grow --out \(demo.forest.url.relativePath)' goes on, 'grove demo' begins anew"
      )
      throw ExitCode(130)
    }
    try show(result)
  }

  private func show(_ result: Demo.Result) throws {
    let (forest, dense) = (try result.judgement.entry("\(Demo.mode)"), try result.judgement.entry("dense"))
    let difference = try result.judgement.difference(forest, to: dense)
    var table = TextTable(
      ("domain", .left), ("dense", .right), ("forest", .right), ("less", .right), ("95% interval", .left),
      ("answered by", .left), ("it writes", .left))
    for (index, sample) in result.samples.enumerated() {
      let text = sample.continuation.split(whereSeparator: \.isWhitespace).joined(separator: " ")
      let change = difference.domains[index]
      table.add(
        sample.label, NumberText.fixed(dense.summary.domains[index].bitsPerByte, 3),
        NumberText.fixed(forest.summary.domains[index].bitsPerByte, 3), NumberText.fixed(change.difference, 3),
        NumberText.interval(change.interval, 3), sample.experts.first.flatMap { result.titles[$0.name] } ?? "",
        String(text.prefix(24)))
    }
    try output.show(
      """
      \(table.text)
      mean over domains, bits per byte on held-out documents:
      \(try entries(result.judgement, dense))
      \(NumberText.duration(result.seconds)) in all
      forest  \(result.forest.url.relativePath)
      report  \(result.report.relativePath)
      """,
      json: try json(result, forest, dense))
  }

  private func entries(_ judgement: ForestJudgement, _ dense: ForestEntry) throws -> String {
    var table = TextTable(
      ("  model", .left), ("bits/byte", .right), ("less dense", .right), ("95% interval", .left),
      ("passes a token", .right))
    for entry in judgement.entries {
      let difference = try judgement.difference(entry, to: dense).mean
      table.add(
        "  \(entry.name)", NumberText.fixed(entry.summary.meanOverDomains, 3),
        entry.name == dense.name ? "" : NumberText.fixed(difference.estimate, 3),
        entry.name == dense.name ? "" : NumberText.interval(difference, 3), NumberText.fixed(entry.passesPerToken, 2))
    }
    return table.text
  }

  private func json(_ result: Demo.Result, _ forest: ForestEntry, _ dense: ForestEntry) throws -> JSONValue {
    let manifest = try ForestManifest(result.forest)
    return [
      "seconds": .number(result.seconds), "meanOverDomains": .number(forest.summary.meanOverDomains),
      "dense": .number(dense.summary.meanOverDomains),
      "entries": .array(
        try result.judgement.entries.map {
          ForestText.json($0, try result.judgement.difference($0, to: dense), result.judgement)
        }),
      "samples": .array(
        result.samples.map {
          [
            "domain": .string($0.label), "prompt": .string($0.prompt), "continuation": .string($0.continuation),
            "experts": .object($0.experts.map { ($0.name, .integer($0.tokens)) }),
          ]
        }),
      "forest": .string(result.forest.url.relativePath), "report": .string(result.report.relativePath),
      "checkpoint": manifest.experts.first.map { .string($0.checkpoint(in: result.forest).relativePath) } ?? .null,
    ]
  }
}
