import Foundation
import GroveCore
import GroveTensor
import GroveTrain

/// Runs recipes and writes what came out.
public enum RecipeRunner {
  /// Runs a recipe in the run's folder, or goes on with it, and writes `result.json` and `report.html`.
  /// - Parameter command: how the run was started, for the record.
  /// - Throws: `GroveError` if the folder was begun with another recipe, scale, seed, config, corpus, build or device, or
  ///   the scale needs another machine; `RecipeInterrupted` when the caller asked to stop.
  public static func run(_ recipe: some Recipe, _ run: RecipeRun, command: String) throws -> RecipeResult {
    let config = try recipe.config(run.scale, overrides: run.overrides)
    try refuseWithoutMachine(recipe, config, run)
    try recipe.check(config, for: run)
    try RecipeClaim(recipe, config, run).take(run.folder)
    let clock = ContinuousClock()
    let start = clock.now
    let findings = try recipe.measure(run, config)
    precondition(
      findings.results.map(\.criterion) == recipe.criteria, "\(recipe.id) did not judge all criteria in their order")
    let arms = try RecipeRecords.arms(in: run.folder.appending(path: "arms"))
    let result = RecipeResult(
      recipe: recipe.id, paper: recipe.paper, claim: recipe.claim, scale: run.scale,
      verdict: Verdict(findings.results, at: run.scale), criteria: findings.results, figures: findings.figures,
      differences: recipe.differences,
      arms: arms.map { ArmRecord(arm: $0.arm, seed: $0.seed, seconds: $0.seconds, figures: $0.figures, series: [:]) },
      armSeconds: arms.reduce(0) { $0 + $1.seconds }, wallSeconds: (clock.now - start).seconds, command: command,
      groveVersion: groveVersion, libtorchVersion: try Torch.version(),
      cores: ProcessInfo.processInfo.activeProcessorCount, workers: run.workers, finished: Date().formatted(.iso8601))
    try FileSystem.write(result.encoded(), to: run.folder.appending(path: RecipeResult.fileName))
    try RecipeReport.make(result, charts: findings.charts).write(to: run.folder.appending(path: "report.html"))
    return result
  }

  private static func refuseWithoutMachine<Chosen: Recipe>(
    _ recipe: Chosen, _ config: Chosen.Settings, _ run: RecipeRun
  ) throws {
    guard run.scale == .full else { return }
    let operations = String(format: "%.2g", try recipe.plan(config, at: .full).operations)
    guard case .cuda = run.device else {
      throw GroveError(
        .argument, "--scale full",
        "\(recipe.id) at its full scale takes \(operations) floating-point operations, "
          + "which is work for GPUs",
        remedy: "Give --device cuda on a machine that has them, or see the plan with --dry-run.")
    }
    guard try Torch.cudaDevices() > 0 else {
      throw GroveError(
        .argument, "--device \(run.device)", "libtorch sees no GPU on this machine",
        remedy: "Run it where 'grove doctor' lists one.")
    }
  }
}
