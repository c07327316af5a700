import Foundation
import GroveForest
import GroveJobs
import GroveTrain

/// Does the jobs of a forest in this process, one after the other, and fails where a test says so.
struct InProcessExecutor: Executor {
  /// Jobs that fail without a step.
  var failing: Set<String> = []
  /// Jobs that stop after so many steps, as one that was told to.
  var stopping: [String: Int] = [:]

  func run(
    _ jobs: [Job], shouldStop: () -> Bool, onEvent: (JobEvent) -> Void
  ) throws -> [String: JobOutcome] {
    var outcomes: [String: JobOutcome] = [:]
    for job in jobs {
      if failing.contains(job.name) {
        outcomes[job.name] = .failed("it was to fail")
        onEvent(.failed(name: job.name, reason: "it was to fail", log: job.log))
        continue
      }
      precondition(job.arguments[0] == "train" && job.arguments[2] == "--run", "\(job.arguments)")
      let config = try RunConfig.load(URL(filePath: job.arguments[1]))
      let trainer = try Trainer(config, folder: RunFolder(URL(filePath: job.arguments[3])), device: .cpu)
      var step = 0
      let outcome = try trainer.run(shouldStop: { step == stopping[job.name] }) {
        if case .step(let record) = $0 { step = record.step }
      }
      if outcome == .finished {
        onEvent(.finished(name: job.name, seconds: 0))
        outcomes[job.name] = .finished
      } else {
        onEvent(.interrupted(name: job.name, reason: "it was told to stop"))
        outcomes[job.name] = .interrupted("it was told to stop")
      }
    }
    return outcomes
  }
}
