import ArgumentParser
import Foundation
import GroveCore
import GroveRecipes
import GroveReport
import GroveTrain

struct DemoCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "demo",
    abstract: "From ten domains of text to a trained, resumed, judged model and a report, in under four minutes.")

  @Option(help: "Folder for all that is made; an older demo in it is replaced.") var out = "runs/demo"
  @Option(help: "Folder of the demo corpus.") var corpus = "Examples/demo"
  @Option(help: "Training steps, for a shorter look.") var steps: Int?
  @Option(help: "Of the weights and the order of the data.") var seed: Int?
  @OptionGroup var output: OutputOptions

  func validate() throws {
    if let steps, steps < 10 { throw ValidationError("--steps: \(steps) is below 10") }
    if let steps, steps > 1_000_000 { throw ValidationError("--steps: \(steps) is more than 1000000") }
    if let seed, seed < 0 { throw ValidationError("--seed: \(seed) is negative") }
  }

  func run() throws {
    let demo = Demo(folder: URL(filePath: out), corpus: URL(filePath: corpus), steps: steps, seed: seed)
    let view = TrainingView(quiet: output.quiet)
    let quiet = output.quiet
    StopSignals.install()
    let result = try demo(shouldStop: { StopSignals.isRequested }) { event in
      switch event {
      case .training(let event): view.receive(event)
      case .tokenizer(let size, let seconds):
        if !quiet { Terminal.note("tokenizer: \(size) tokens learned in \(NumberText.fixed(seconds, 1)) s") }
      case .shards(let tokens, let documents, let seconds):
        if !quiet {
          Terminal.note(
            "shards: \(documents) training documents, \(NumberText.short(tokens)) tokens in \(NumberText.fixed(seconds, 1)) s"
          )
        }
      case .stopped(let step):
        view.end()
        if !quiet { Terminal.note("stopped at step \(step) on purpose; the rest begins with the folder alone") }
      }
    }
    view.end()
    guard let result else {
      Terminal.note(
        "stopped, and saved: 'grove train --run \(demo.run.url.relativePath)' goes on with the training, "
          + "'grove demo' begins anew")
      throw ExitCode(130)
    }
    show(result)
  }

  private func show(_ result: Demo.Result) {
    var table = TextTable(("domain", .left), ("bits/byte", .right), ("95% interval", .left), ("it writes", .left))
    for (row, sample) in zip(result.summary.domains, result.samples) {
      let text = sample.continuation.split(whereSeparator: \.isWhitespace).joined(separator: " ")
      table.add(
        row.domain, NumberText.fixed(row.bitsPerByte, 3),
        NumberText.interval(row.interval, 3),
        String(text.prefix(48)))
    }
    output.show(
      """
      \(table.text)
      mean over domains \(NumberText.fixed(result.summary.meanOverDomains, 3)) bits per byte on held-out documents, \
      \(NumberText.duration(result.seconds)) in all
      model   \(result.checkpoint.relativePath)
      report  \(result.report.relativePath)
      """,
      json: [
        "meanOverDomains": .number(result.summary.meanOverDomains), "seconds": .number(result.seconds),
        "domains": .object(result.summary.domains.map { ($0.domain, .number($0.bitsPerByte)) }),
        "samples": .array(
          result.samples.map {
            [
              "domain": .string($0.domain), "prompt": .string($0.prompt), "continuation": .string($0.continuation),
            ]
          }),
        "checkpoint": .string(result.checkpoint.relativePath), "report": .string(result.report.relativePath),
      ])
  }
}
