import ArgumentParser
import Foundation
import GroveCore
import GroveMerge
import GroveReport
import GroveTensor

struct MergeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "merge", abstract: "Make models of models.",
    subcommands: [MergeRunCommand.self, MergeStatsCommand.self, MergeExpertsCommand.self],
    defaultSubcommand: MergeRunCommand.self)
}

struct MergeRunCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run", abstract: "Merge models as a YAML file of mergekit says; 'grove merge CONFIG' is the same.",
    discussion: """
      Tensor by tensor: memory does not grow with the number of models. Models are local folders. The result is a whole \
      checkpoint with tokenizer, and appears when it is finished.
      """)

  @Argument(help: "YAML file: merge_method, models or slices, base_model, parameters, dtype, tokenizer_source.")
  var config: String
  @Option(help: "Folder of the merged model; it must not be there yet.") var out: String?
  @Option(name: .customLong("set"), help: "Override one field: --set parameters.density=0.5.")
  var overrides: [String] = []
  @Option(help: "Seed of methods that drop at random.") var seed: UInt64 = 0
  @Option(help: "Bytes of a file of weights; a larger model is cut into shards.") var shardBytes = 5_000_000_000
  @Flag(help: "Print the tensors that would be made; read no weights, write nothing.") var dryRun = false
  @OptionGroup var output: OutputOptions

  func validate() throws {
    if out == nil, !dryRun { throw ValidationError("--out: name the folder of the merged model, or give --dry-run") }
    if shardBytes < 1 { throw ValidationError("--shard-bytes: \(shardBytes) is not positive") }
  }

  func run() throws {
    let plan = try MergePlan(MergeConfig.load(URL(filePath: config), overrides: overrides))
    let progress = ProgressView(quiet: output.quiet)
    for note in plan.notes { progress.note(note) }
    guard let out, !dryRun else { return try show(plan) }
    let folder = URL(filePath: out)
    progress.begin("merge", total: plan.tensors.count, unit: "tensors")
    try ModelMerge(plan, random: RandomKey(seed: seed), shardBytes: shardBytes).write(to: folder) { event in
      if case .merged(let done, _, let name) = event { progress.update(done, [("tensor", name)]) }
    }
    progress.end()
    output.show(
      "\(NumberText.short(plan.parameterCount)) parameters by \(plan.config.methodName) in \(out)",
      json: [
        "folder": .string(out), "method": .string(plan.config.methodName),
        "parameters": .integer(plan.parameterCount), "tensors": .integer(plan.tensors.count),
        "bytes": .integer(plan.byteCount), "notes": .array(plan.notes.map { .string($0) }),
      ])
  }

  private func show(_ plan: MergePlan) throws {
    var table = TextTable(("tensor", .left), ("shape", .left), ("dtype", .left))
    for tensor in plan.tensors { table.add(tensor.name, "\(tensor.shape)", "\(tensor.dtype)") }
    try output.show(
      "\(try plan.config.yaml())\n\(table.text)\n\(NumberText.short(plan.parameterCount)) parameters, "
        + NumberText.bytes(plan.byteCount),
      json: [
        "config": try plan.config.json(), "parameters": .integer(plan.parameterCount),
        "bytes": .integer(plan.byteCount),
        "tensors": .array(
          plan.tensors.map { tensor in
            [
              "name": .string(tensor.name), "shape": .array(tensor.shape.map { .integer($0) }),
              "dtype": .string("\(tensor.dtype)"),
            ]
          }), "notes": .array(plan.notes.map { .string($0) }),
      ])
  }
}
