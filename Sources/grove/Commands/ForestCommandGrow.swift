import ArgumentParser
import Foundation
import GroveCore
import GroveForest
import GroveJobs
import GroveReport
import GroveTrain

struct ForestGrowCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "grow", abstract: "Grow a forest, or go on with it: a seed, then an expert for each domain.",
    discussion: """
      The seed and every expert are ordinary runs: each is a job that can be stopped, killed or preempted and goes on from \
      its newest checkpoint. What is grown already stays as it is; the same command grows what is missing.
      """)

  @Argument(help: "Config file (YAML) of the forest. A forest that is there needs none.") var config: String?
  @Option(help: "Folder of the forest.") var out: String
  @Option(name: .customLong("set"), help: "Override one field: --set growth.seedShare=0.25.") var overrides: [String] =
    []
  @Option(help: "Grow these experts alone; may be given several times.") var only: [String] = []
  @Flag(help: "Also train the dense model on as many tokens, to compare with.") var dense = false
  @OptionGroup var jobs: ExecutorOptions
  @Flag(help: "Print the resolved config, the jobs and, for Slurm, their scripts; grow nothing.") var dryRun = false
  @OptionGroup var output: OutputOptions

  func run() throws {
    let folder = ForestFolder(URL(filePath: out))
    let file = config.map { URL(filePath: $0) } ?? (folder.exists ? folder.config : nil)
    let plan = try ForestPlan(ForestConfig.load(file, overrides: overrides))
    let executor = try jobs.executor(folder)
    let grower = ForestGrower(plan, folder: folder, executor: executor)
    let only = only.isEmpty ? nil : only
    if dryRun { return try showPlan(grower, executor, only) }
    StopSignals.install()
    let view = JobsView(quiet: output.quiet)
    defer { view.end() }
    let result = try grower.grow(
      only: only, dense: dense ? .train : .leave, shouldStop: { StopSignals.isRequested }, onEvent: view.receive)
    view.end()
    try Self.show(result, folder, output)
  }

  /// Shows how a growth ended, and ends the command as it did.
  static func show(_ result: GrowthResult, _ folder: ForestFolder, _ output: OutputOptions) throws {
    let lines =
      ["\(folder.name): \(result.manifest.experts.count) experts"]
      + result.failures.sorted { $0.key < $1.key }.map { "failed       \($0.key): \($0.value)" }
      + result.interrupted.map { "interrupted  \($0); the same command goes on" }
    output.show(
      lines.joined(separator: "\n"),
      json: [
        "forest": ForestText.json(result.manifest, folder), "complete": .bool(result.isComplete),
        "failures": .object(result.failures.sorted { $0.key < $1.key }.map { ($0.key, .string($0.value)) }),
        "interrupted": .array(result.interrupted.map { .string($0) }),
      ])
    if !result.failures.isEmpty { throw ExitCode.failure }
    if !result.interrupted.isEmpty { throw ExitCode(130) }
  }

  private func showPlan(_ grower: ForestGrower, _ executor: any Executor, _ only: [String]?) throws {
    let (plan, jobs) = (grower.plan, try grower.jobs(only: only))
    var table = TextTable(("job", .left), ("steps", .right), ("tokens", .right), ("cores", .right), ("command", .left))
    if let seed = jobs.seed {
      table.add(
        seed.name, "\(plan.seedSteps)", NumberText.short(plan.seedTokens), "\(seed.cores)", ForestText.command(seed))
    }
    for job in jobs.experts {
      guard let expert = plan.experts.first(where: { $0.name == job.name }) else { continue }
      table.add(
        job.name, "\(expert.steps)", NumberText.short(expert.trainingTokens), "\(job.cores)", ForestText.command(job))
    }
    if dense {
      table.add(
        jobs.dense.name, "\(plan.config.training.steps)", NumberText.short(plan.dense.trainingTokens),
        "\(jobs.dense.cores)", ForestText.command(jobs.dense))
    }
    let slurm = executor as? SlurmExecutor
    let phases = [[jobs.seed].compactMap { $0 }, jobs.experts, dense ? [jobs.dense] : []].filter { !$0.isEmpty }
    let scripts = try slurm?.scripts(for: phases) ?? []
    try output.show(
      """
      \(try plan.config.yaml())
      \(table.text)
      parameters       \(NumberText.short(plan.dense.parameters)) an expert
      training tokens  \(NumberText.short(plan.trainingTokens)), those of the seed and all experts
      training FLOPs   \(String(format: "%.3g", plan.operations)); a dense model on as many tokens \
      \(String(format: "%.3g", plan.dense.operations))
      memory           \(NumberText.bytes(plan.dense.stateBytes)) of weights and optimizer a job
      """ + scripts.map { "\n\n\($0)" }.joined(),
      json: [
        "config": try plan.config.json(), "parameters": .integer(plan.dense.parameters),
        "trainingTokens": .integer(plan.trainingTokens), "operations": .number(plan.operations),
        "stateBytes": .integer(plan.dense.stateBytes),
        "jobs": .array(
          phases.joined().map {
            [
              "name": .string($0.name), "cores": .integer($0.cores),
              "arguments": .array($0.arguments.map { .string($0) }),
            ]
          }),
        "scripts": .array(scripts.map { .string($0) }),
      ])
  }
}
