public import Foundation

/// What happens to jobs while an executor runs them.
public enum JobEvent: Sendable, Equatable {
  /// A cluster has taken the job and will start it; `place` is the cluster's name for it: "Slurm job 17_3".
  case queued(name: String, place: String)
  /// The job computes; `place` says where: "cores 0, 1 (pid 4711)", "node7 (Slurm job 17_3)".
  case started(name: String, place: String)
  /// The newest line of the job's log, at most once a second.
  case output(name: String, line: String)
  /// The job has ended with exit code 0, so many seconds after its last start.
  case finished(name: String, seconds: Double)
  case failed(name: String, reason: String, log: URL)
  case interrupted(name: String, reason: String)
  /// The cluster takes the job back into its queue; it will go on where it stopped.
  case requeued(name: String, reason: String)
  /// Something that needs a person's eye and ends no job.
  case warning(String)
}
