import ArgumentParser
import Foundation
import GroveCore
import GroveMerge
import GroveReport

struct MergeExpertsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "moe",
    abstract: "Make a sparse mixture of experts in Mixtral's format of LLaMA-shaped models of one seed.",
    discussion: "Feed-forward layers become experts; attention, norms and embeddings are averaged.")

  @Argument(help: "YAML file: experts (source_model, weight), experts_per_token, gate_mode, gate_file, dtype.")
  var config: String
  @Option(help: "Folder of the result; it must not be there yet.") var out: String?
  @Option(name: .customLong("set"), help: "Override one field: --set experts_per_token=1.") var overrides: [String] = []
  @Option(help: "Seed of a random router.") var seed: UInt64 = 0
  @Option(help: "Bytes of a file of weights; a larger model is cut into shards.") var shardBytes = 5_000_000_000
  @Flag(help: "Check the models and print the parameters; write nothing.") var dryRun = false
  @OptionGroup var output: OutputOptions

  func validate() throws {
    if out == nil, !dryRun { throw ValidationError("--out: name the folder of the result, or give --dry-run") }
    if shardBytes < 1 { throw ValidationError("--shard-bytes: \(shardBytes) is not positive") }
  }

  func run() throws {
    let config = try MixtureOfExpertsConfig.load(URL(filePath: config), overrides: overrides)
    let export = try MixtureOfExpertsExport(config, random: RandomKey(seed: seed))
    let (count, parameters) = (config.experts.count, NumberText.short(export.parameterCount))
    let summary = "\(count) experts, \(config.expertsPerToken) a token, \(parameters) parameters"
    if let out, !dryRun {
      let progress = ProgressView(quiet: output.quiet)
      var isBegun = false
      try export.write(to: URL(filePath: out), shardBytes: shardBytes) { done, total in
        if !isBegun { progress.begin("export", total: total, unit: "tensors") }
        isBegun = true
        progress.update(done)
      }
      progress.end()
    }
    try output.show(
      dryRun ? "\(try config.yaml())\n\(summary)" : "\(summary) in \(out ?? "")",
      json: [
        "config": try config.json(), "parameters": .integer(export.parameterCount),
        "folder": dryRun ? .null : out.map { .string($0) } ?? .null,
      ])
  }
}
