import ArgumentParser
import Foundation
import GroveCore
import GroveCorpus
import GroveReport
import GroveTokenizer
import GroveTrain

struct RunCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run", abstract: "Look at runs.",
    subcommands: [RunListCommand.self, RunShowCommand.self, RunBatchCommand.self, RunReportCommand.self])

  static func existing(_ path: String) throws -> RunFolder {
    let folder = RunFolder(URL(filePath: path))
    guard folder.exists else {
      throw GroveError(.file, path, "is not the folder of a run", remedy: "'grove run list' shows the runs.")
    }
    return folder
  }
}

struct RunListCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "List the runs in a folder, at any depth.")

  @Argument(help: "A folder above the runs.") var parent = "runs"
  @OptionGroup var output: OutputOptions

  func run() throws {
    var table = TextTable(
      ("run", .left), ("step", .right), ("of", .right), ("loss", .right), ("bits/byte", .right), ("", .left))
    var list: [JSONValue] = []
    for (path, run) in try RunFolder.all(in: URL(filePath: parent)) {
      do {
        try add(run, path, to: &table, &list)
      } catch {
        table.add(path, "", "", "", "", "\(error)".split(separator: "\n").joined(separator: " "))
        list.append(["run": .string(path), "error": .string("\(error)")])
      }
    }
    output.show(list.isEmpty ? "no runs in \(parent)" : table.text, json: .array(list))
  }

  private func add(_ run: RunFolder, _ path: String, to table: inout TextTable, _ list: inout [JSONValue]) throws {
    let config = try RunConfig.load(run.config)
    let metrics = try RunMetrics(run)
    let (step, bits) = (metrics.steps.last, metrics.validations.last?.bitsPerByte)
    table.add(
      path, "\(step?.step ?? 0)", "\(config.training.steps)",
      step.map { NumberText.fixed($0.lossNats, 4) } ?? "", bits.map { NumberText.fixed($0, 4) } ?? "", "")
    list.append([
      "run": .string(path), "step": .integer(step?.step ?? 0), "steps": .integer(config.training.steps),
      "lossNats": step.map { .number($0.lossNats) } ?? .null, "bitsPerByte": bits.map { .number($0) } ?? .null,
    ])
  }
}

struct RunShowCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Show a run: config, state, incidents.")

  @Argument(help: "Folder of the run.") var folder: String
  @OptionGroup var output: OutputOptions

  func run() throws {
    let run = try RunCommand.existing(folder)
    let config = try RunConfig.load(run.config)
    let metrics = try RunMetrics(run)
    let steps = try run.checkpointSteps()
    let last = metrics.validations.last
    let incidents = metrics.incidents.map { "step \($0.step): \($0.kind) \($0.text)" }
    try output.show(
      """
      \(try config.yaml())
      step         \(metrics.steps.last?.step ?? 0) of \(config.training.steps)
      loss         \(metrics.steps.last.map { NumberText.fixed($0.lossNats, 4) } ?? "none yet")
      bits/byte    \(last.map { NumberText.fixed($0.bitsPerByte, 4) } ?? "none yet")
      checkpoints  \(steps.map(String.init).joined(separator: " "))
      \(incidents.joined(separator: "\n"))
      """,
      json: [
        "config": try config.json(), "step": .integer(metrics.steps.last?.step ?? 0),
        "lossNats": metrics.steps.last.map { .number($0.lossNats) } ?? .null,
        "bitsPerByte": last.map { .number($0.bitsPerByte) } ?? .null,
        "domains": .object((last?.domains ?? [:]).sorted { $0.key < $1.key }.map { ($0.key, .number($0.value)) }),
        "checkpoints": .array(steps.map { .integer($0) }), "incidents": .array(incidents.map { .string($0) }),
      ])
  }
}

struct RunBatchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "batch", abstract: "Show what a step was trained on, from the run's folder and its data alone.")

  @Argument(help: "Folder of the run.") var folder: String
  @Option(help: "The step, from 1.") var step: Int
  @Option(help: "The folder of shards, if it has moved.") var data: String?
  @Flag(help: "Print the text of every sequence.") var text = false
  @OptionGroup var output: OutputOptions

  func run() throws {
    let batch = try RunBatch(RunCommand.existing(folder), step: step, data: data.map { URL(filePath: $0) })
    var lines = batch.whyNotApplied.map { ["step \(step) was not applied: \($0)"] } ?? []
    for (index, sequence) in batch.sequences.enumerated() {
      lines.append("sequence \(index), epoch \(sequence.epoch)")
      for span in sequence.documents {
        lines.append("  \(span.window.lowerBound)..<\(span.window.upperBound)  \(span.id)  (\(span.origin))")
      }
      if text { lines.append(sequence.text) }
    }
    output.show(lines.joined(separator: "\n"), json: batch.json(withText: text))
  }
}

struct RunReportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "report", abstract: "Write a run's report.html anew.")

  @Argument(help: "Folder of the run.") var folder: String
  @OptionGroup var output: OutputOptions

  func run() throws {
    let run = try RunCommand.existing(folder)
    try RunReport.write(run)
    output.show(run.report.relativePath, json: ["report": .string(run.report.relativePath)])
  }
}
