import ArgumentParser
import Foundation
import GroveCore
import GroveMerge
import GroveReport

struct MergeStatsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "stats",
    abstract: "How models differ from their base: size, sparsity, cosines and sign conflicts of task vectors.")

  @Option(help: "Folder of the model that the others were tuned from.") var base: String
  @Argument(help: "Folders of the tuned models.") var models: [String]
  @Option(help: "Also write a page with heat maps to this file.") var report: String?
  @OptionGroup var output: OutputOptions

  func run() throws {
    let progress = ProgressView(quiet: output.quiet)
    var isBegun = false
    let statistics = try DeltaStatistics(base: base, models: models) { done, total in
      if !isBegun { progress.begin("compare", total: total, unit: "tensors") }
      isBegun = true
      progress.update(done)
    }
    progress.end()
    try report.map { try statistics.report().write(to: URL(filePath: $0)) }
    output.show(text(of: statistics), json: statistics.json)
  }

  private func text(of statistics: DeltaStatistics) -> String {
    var table = TextTable(
      ("", .left), ("model", .left), ("mean size", .right), ("largest", .right), ("unchanged", .right),
      ("norm ratio", .right), ("sign conflicts", .right))
    for row in [statistics.all] + statistics.layers + statistics.kinds {
      for (name, model) in zip(models, row.models) {
        table.add(
          row.name, name, NumberText.short(model.meanMagnitude), NumberText.short(model.largest),
          NumberText.short(model.sparsity), NumberText.short(model.normRatio), NumberText.short(row.signConflicts))
      }
    }
    let pairs = models.indices.flatMap { first in
      models.indices.filter { $0 > first }.map { second in
        "cosine of \(models[first]) and \(models[second]): "
          + NumberText.fixed(statistics.all.cosines[first][second], 4)
      }
    }
    return ([table.text] + pairs).joined(separator: "\n")
  }
}
