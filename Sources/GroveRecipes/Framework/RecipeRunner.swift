import Foundation
import GroveCore
import GroveTensor
import GroveTrain

/// Runs recipes and writes what came out.
public enum RecipeRunner {
  /// Runs a recipe in the run's folder, or goes on with it, and writes `result.json` and `report.html`.
  /// - Parameter command: how the run was started, for the record.
  /// - Throws: `GroveError` if the folder belongs to another recipe, scale or config, or the scale needs another machine;
  ///   `RecipeInterrupted` when the caller asked to stop.
  public static func run(_ recipe: any Recipe, _ run: RecipeRun, command: String) throws -> RecipeResult {
    try refuseWithoutMachine(recipe, run)
    try claimFolder(recipe, run)
    let clock = ContinuousClock()
    let start = clock.now
    let findings = try recipe.measure(run)
    precondition(
      findings.results.map(\.criterion) == recipe.criteria, "\(recipe.id) did not judge all criteria in their order")
    let arms = try records(run.folder)
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

  /// The records of all arms in a folder, by name and seed.
  private static func records(_ folder: URL) throws -> [ArmRecord] {
    let arms = folder.appending(path: "arms")
    guard FileSystem.isFolder(arms) else { return [] }
    return try FileSystem.entries(of: arms).flatMap { try FileSystem.entries(of: $0) }.compactMap { place in
      let file = place.appending(path: "arm.json")
      return FileSystem.exists(file) ? try JSONDecoder().decode(ArmRecord.self, from: FileSystem.read(file)) : nil
    }.sorted { ($0.arm, $0.seed) < ($1.arm, $1.seed) }
  }

  private static func refuseWithoutMachine(_ recipe: any Recipe, _ run: RecipeRun) throws {
    guard run.scale == .full else { return }
    let operations = String(format: "%.2g", try recipe.plan(.full).operations)
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

  /// Writes what decides the results, or checks that the folder was begun with the same.
  private static func claimFolder(_ recipe: any Recipe, _ run: RecipeRun) throws {
    let config: any Config = try run.resolved(recipe.config(run.scale))
    let text = """
      # recipe \(recipe.id), scale \(run.scale.rawValue), first seed \(run.firstSeed)
      \(try config.yaml())
      """
    let file = run.folder.appending(path: "config.yaml")
    if FileSystem.exists(file) {
      guard String(decoding: try FileSystem.read(file), as: UTF8.self) == text else {
        throw GroveError(
          .mismatch, run.folder.path,
          "holds another run: its config.yaml is not that of \(recipe.id) at the scale "
            + "\(run.scale.rawValue) with seed \(run.firstSeed)",
          remedy: "Name another folder with --out.")
      }
      return
    }
    if FileSystem.isFolder(run.folder), try !FileSystem.entries(of: run.folder).isEmpty {
      throw GroveError(
        .file, run.folder.path, "the folder is not empty and holds no run of a recipe",
        remedy: "Name another folder with --out.")
    }
    try FileSystem.makeFolder(run.folder)
    try FileSystem.write(text, to: file)
  }
}
