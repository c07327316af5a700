public import Foundation
import GroveCore

/// Runs jobs as processes on this machine, as many at once as there are cores for.
///
/// Each job computes on a group of cores of its own: on Linux it may use no others. Jobs start in the order in which they
/// are given, the next one as soon as enough cores are free. One that fails leaves the others alone.
///
/// When the call is told to stop, jobs get SIGTERM, upon which Grove's commands save and end with 130; those that still
/// run after `gracePeriod` are killed. If this process dies, its jobs get SIGTERM too (on macOS, Grove's commands see it
/// between their steps), so that none goes on beside the same job started anew.
public struct LocalExecutor: Executor {
  /// What runs: the jobs' arguments are its arguments.
  public var executable: URL
  /// Cores to deal out, neighbours first.
  public var cores: [Int]
  /// How long a job may take to save once it is told to stop.
  public var gracePeriod: Duration

  public init(
    executable: URL = ChildProcess.thisExecutable, cores: [Int] = ProcessorCores.available,
    gracePeriod: Duration = .seconds(60)
  ) {
    self.executable = executable
    self.cores = cores
    self.gracePeriod = gracePeriod
  }

  public func run(
    _ jobs: [Job], shouldStop: () -> Bool, onEvent: (JobEvent) -> Void
  ) throws -> [String: JobOutcome] {
    try jobs.requireRunnable()
    for job in jobs where job.cores > cores.count {
      throw GroveError(
        .job, job.name, "it asks for \(job.cores) cores, and this process may use \(cores.count)",
        remedy: "Give it fewer, or run it where there are more.")
    }
    return withoutActuallyEscaping(onEvent) { onEvent in
      let run = LocalRun(self, jobs, onEvent: onEvent)
      defer { run.killAll() }
      while !run.isOver {
        if shouldStop() { run.stop() }
        run.advance()
        usleep(20_000)
      }
      return run.outcomes
    }
  }
}
