public import GroveCore

/// Runs independent jobs, each to its end: what one does changes nothing for the others.
public protocol Executor {
  /// Runs the jobs and waits until each has an outcome.
  /// - Parameters:
  ///   - shouldStop: asked several times a second; after the first true no job starts any more, and what runs is told to
  ///     stop as the executor describes.
  ///   - onEvent: called on the thread of this call.
  /// - Returns: an outcome for every job, by its name.
  /// - Throws: `GroveError` if the jobs cannot be run at all: two have one name, one asks for no cores or for more than
  ///   there are, the cluster refuses them. A job that fails is an outcome.
  func run(
    _ jobs: [Job], shouldStop: () -> Bool, onEvent: (JobEvent) -> Void
  ) throws -> [String: JobOutcome]
}

extension GroveError.Code {
  /// Jobs cannot be run, or a cluster refuses them.
  public static let job = GroveError.Code(rawValue: "job")
}

extension [Job] {
  /// Refuses what no executor can run.
  func requireRunnable() throws {
    var names: Set<String> = []
    for job in self {
      guard !job.name.isEmpty else { throw GroveError(.argument, "jobs", "a job has no name") }
      guard names.insert(job.name).inserted else {
        throw GroveError(.argument, "jobs", "two jobs are called '\(job.name)'", remedy: "Give each a name of its own.")
      }
      guard job.cores > 0 else {
        throw GroveError(.argument, job.name, "\(job.cores) cores are not enough", remedy: "A job needs at least one.")
      }
      let texts = job.arguments + job.environment.flatMap { [$0.key, $0.value] } + [job.log.path, job.name]
      guard !texts.contains(where: { $0.utf8.contains(0) }) else {
        throw GroveError(.argument, job.name, "its command holds a zero byte, which no command can")
      }
      for variable in job.environment.keys where variable.isEmpty || variable.contains("=") {
        throw GroveError(.argument, job.name, "'\(variable)' cannot name a variable")
      }
    }
  }
}
