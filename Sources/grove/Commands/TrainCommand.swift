import ArgumentParser
import Foundation
import GroveCore
import GroveCorpus
import GroveJobs
import GroveModel
import GroveReport
import GroveTensor
import GroveTrain

struct TrainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train",
    abstract: "Train a run, or go on with it: the same command does both.",
    discussion: """
      A stopped or killed run goes on from its newest checkpoint and ends with the same bytes.
      Several processes train a run together with --nproc, or when torchrun, mpirun or srun starts this command: with the \
      same result but for rounding. The run's folder and its data must be visible to all of them. torchrun needs two \
      dashes: torchrun --no-python --nproc-per-node 2 -- grove train …
      """)

  @Argument(help: "Config file (YAML); missing keys keep their defaults. A run that is there needs none.")
  var config: String?
  @Option(name: .customLong("run"), help: "Folder of the run.") var folder: String
  @Option(name: .customLong("set"), help: "Override one field: --set model.layers=6.") var overrides: [String] = []
  @OptionGroup var hardware: DeviceOption
  @Option(name: .customLong("nproc"), help: "Processes on this machine that train the run together.") var processes = 1
  @Option(help: "Seconds to wait for another process that trains this run: one that is told to stop saves first.")
  var patience = 0
  @Flag(help: "Print the resolved config, parameters, tokens, FLOPs and memory; train nothing.") var dryRun = false
  @OptionGroup var output: OutputOptions

  func validate() throws {
    if !(1...Torch.mostThreads).contains(processes) {
      throw ValidationError("--nproc: \(processes) is outside 1...\(Torch.mostThreads)")
    }
    if !(0...86_400).contains(patience) { throw ValidationError("--patience: \(patience) is outside 0...86400") }
  }

  func run() throws {
    let run = RunFolder(URL(filePath: folder))
    let file = config.map { URL(filePath: $0) } ?? (run.exists ? run.config : nil)
    let config = try RunConfig.load(file, overrides: overrides)
    let device = hardware.device
    if dryRun { return try showPlan(RunPlan(config)) }
    let place = try ProcessPlace.named(by: ProcessInfo.processInfo.environment)
    let launcher = LauncherProcess.current
    // One of the processes that a launcher of ours has started knows its place; a job of an executor has none.
    if processes > 1, launcher == nil || place == nil {
      if let place {
        throw GroveError(
          .argument, "--nproc", "a launcher has already started this as process \(place.rank) of \(place.size)",
          remedy: "Leave out --nproc, or start the command without the launcher.")
      }
      try config.training.requireShares(for: processes, on: device)
      return try ProcessLauncher(count: processes).run()
    }
    let outcome = try ProcessGroup.with(place) { group in
      StopSignals.install()  // not before: who waits for the others saves nothing
      let trainer = try Trainer(config, folder: run, device: device, processes: group)
      trainer.patience = .seconds(patience)
      let view = TrainingView(quiet: output.quiet)
      defer { view.end() }
      return try trainer.run(
        shouldStop: { StopSignals.isRequested || launcher?.isGone == true }, onEvent: view.receive)
    }
    if place?.rank ?? 0 == 0 { try showResult(outcome, run) }
    if outcome != .finished { throw ExitCode(130) }
  }

  private func showResult(_ outcome: Trainer.Outcome, _ run: RunFolder) throws {
    let metrics = try RunMetrics(run)
    try RunReport.write(run)
    let bits = metrics.validations.last?.bitsPerByte
    output.show(
      [
        outcome == .finished ? "finished \(run.name)" : "stopped \(run.name); the same command goes on",
        bits.map { "bits per byte \(NumberText.fixed($0, 4)), held out" },
        "report \(run.report.relativePath)",
      ].compactMap { $0 }.joined(separator: "\n"),
      json: [
        "run": .string(run.url.relativePath), "finished": .bool(outcome == .finished),
        "step": .integer(metrics.steps.last?.step ?? 0), "lossNats": .number(metrics.steps.last?.lossNats ?? .nan),
        "bitsPerByte": bits.map { .number($0) } ?? .null,
      ])
  }

  private func showPlan(_ plan: RunPlan) throws {
    try output.show(
      """
      \(try plan.config.yaml())
      parameters       \(NumberText.short(plan.parameters))
      tokens a step    \(NumberText.short(plan.tokensPerStep))
      training tokens  \(NumberText.short(plan.trainingTokens)) of \(NumberText.short(plan.corpusTokens)), \
      \(NumberText.fixed(plan.epochs, 2)) epochs
      training FLOPs   \(String(format: "%.3g", plan.operations))
      memory           \(NumberText.bytes(plan.stateBytes)) of weights and optimizer
      """,
      json: [
        "config": try plan.config.json(), "parameters": .integer(plan.parameters),
        "tokensPerStep": .integer(plan.tokensPerStep), "trainingTokens": .integer(plan.trainingTokens),
        "corpusTokens": .integer(plan.corpusTokens), "epochs": .number(plan.epochs),
        "operations": .number(plan.operations), "stateBytes": .integer(plan.stateBytes),
      ])
  }
}
