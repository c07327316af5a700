public import Foundation
import GroveCore

/// Runs jobs on a Slurm cluster, as job arrays: one array for the jobs that ask for equally many cores.
///
/// What has been submitted stands in `folder`, which every node must see under the same path. A process that is started
/// again with the same jobs and folder follows what is with Slurm instead of submitting it twice; what ended while nobody
/// watched is reported as it ended, once.
///
/// A job tells its end in a file of its own, which is the truth; `squeue` tells what happens to the others. No accounting
/// is needed. Before its time limit a job saves and goes back into the queue by itself, whether somebody watches or not.
public struct SlurmExecutor: Executor {
  /// What runs: the jobs' arguments are its arguments.
  public var executable: URL
  /// Where scripts, ends and the output of Slurm itself go.
  public var folder: URL
  public var options: SlurmOptions
  /// Where jobs start.
  public var directory: URL

  /// - Parameter directory: nil for the current one.
  public init(
    executable: URL = ChildProcess.thisExecutable, folder: URL, options: SlurmOptions = SlurmOptions(),
    directory: URL? = nil
  ) {
    self.executable = executable
    self.folder = folder
    self.options = options
    self.directory = directory ?? URL(filePath: FileManager.default.currentDirectoryPath)
  }

  /// The scripts that `run` would submit if nothing is with Slurm yet, in that order. Nothing is written, and no Slurm
  /// needs to be there.
  /// - Throws: `GroveError` for jobs or options that cannot be run.
  public func scripts(for jobs: [Job]) throws -> [String] {
    []
  }

  public func run(
    _ jobs: [Job], shouldStop: () -> Bool, onEvent: (JobEvent) -> Void
  ) throws -> [String: JobOutcome] {
    [:]
  }
}
