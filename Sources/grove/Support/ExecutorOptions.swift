import ArgumentParser
import Foundation
import GroveCore
import GroveForest
import GroveJobs

/// Where jobs run.
struct ExecutorOptions: ParsableArguments {
  enum Kind: String, ExpressibleByArgument, CaseIterable {
    case local, slurm
  }

  @Option(name: .customLong("executor"), help: "Where jobs run: on this machine, or on a Slurm cluster.")
  var kind = Kind.local
  @Option(name: .customLong("slurm"), help: "Config file (YAML) of what Slurm is asked for.") var slurmConfig: String?
  @Option(name: .customLong("slurm-set"), help: "Override one field of it: --slurm-set partition=gpu.")
  var slurmOverrides: [String] = []

  func validate() throws {
    if kind == .local, slurmConfig != nil || !slurmOverrides.isEmpty {
      throw ValidationError("--slurm and --slurm-set are for --executor slurm")
    }
  }

  func executor(_ forest: ForestFolder) throws -> any Executor {
    switch kind {
    case .local: return LocalExecutor()
    case .slurm:
      let options = try SlurmOptions.load(
        slurmConfig.map { URL(filePath: $0) }, overrides: slurmOverrides, option: "--slurm-set")
      return SlurmExecutor(folder: forest.jobs.standardizedFileURL, options: options)
    }
  }
}
