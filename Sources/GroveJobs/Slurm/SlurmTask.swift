import Foundation
import GroveCore

/// A job with its place in a job array, and what is known of it.
struct SlurmTask {
  let job: Job
  let submission: SlurmSubmission
  let array: String
  let index: Int

  /// The attempt that callers know of.
  var start: SlurmSubmission.Start?
  /// Whether it waits for another attempt.
  var isRequeued = false
  /// Since when Slurm has nothing to say that explains what is seen.
  var unexplainedSince: ContinuousClock.Instant?
  /// Whether it was told to save and end.
  var isTold = false
  var log: LogTail?

  /// Slurm's name for it: "17_3".
  var id: String { "\(array)_\(index)" }

  /// What Slurm says now decides, unless the job's own files already have.
  enum Verdict: Equatable {
    case goesOn
    case over(JobOutcome, seconds: Double)
  }

  /// What the end that the job has told means; nil if there is none, or another attempt may follow.
  func verdict(_ end: SlurmSubmission.End?) -> Verdict? {
    guard let end, end.isFinal else { return nil }
    let seconds = end.seconds - (submission.start(of: index)?.seconds ?? end.seconds)
    return .over(outcome(end), seconds: seconds)
  }

  private func outcome(_ end: SlurmSubmission.End) -> JobOutcome {
    switch (ProcessEnd(shellCode: end.code), end.cause) {
    case (.exited(0), _): return .finished
    case (.stopped, .asked), (.killed(SIGTERM), .asked): return .interrupted("was told to stop")
    case (.stopped, .refused): return .interrupted("saved before its time limit, and Slurm does not let it go on")
    case (.stopped, _): return .interrupted("was told to stop by somebody else")
    case (let how, _):
      let tail = LogTail(url: job.log, from: submission.start(of: index)?.logBytes ?? 0)
      // Without a log of its own it may have failed before: Slurm's log tells.
      if tail.lastLine() == nil, let complaint = submission.complaint(of: index) {
        return .failed("\(how.words): \(complaint)")
      }
      return .failed(tail.failure(how))
    }
  }

  /// What it comes to when Slurm says no more, or that the job is over, and the job itself has not told an end.
  func verdict(without entry: SlurmQueue.Entry?, _ end: SlurmSubmission.End?) -> JobOutcome {
    if isTold { return .interrupted("was told to stop") }
    switch end?.cause {
    case .slurm: return .interrupted("was ended by Slurm")
    case .limit: return .interrupted("saved before its time limit, and is no longer in the queue")
    default:
      let words = entry.map { "Slurm says \($0.state)" } ?? "Slurm no longer knows it"
      let complaint =
        submission.complaint(of: index).map { ": \($0)" } ?? "; do the nodes see \(submission.folder.path)?"
      return .failed("vanished: \(words), and it left no exit code\(complaint)")
    }
  }
}
