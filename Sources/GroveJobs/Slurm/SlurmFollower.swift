import Foundation
import GroveCore

/// Watches tasks that Slurm has until each has an outcome.
final class SlurmFollower {
  private let tools: SlurmTools
  private let options: SlurmOptions
  private let onEvent: (JobEvent) -> Void
  private var tasks: [SlurmTask]
  private var nextPoll = ContinuousClock.now
  private var nextLook = ContinuousClock.now
  private var isUnreachable = false
  private var warnedReasons: Set<String> = []
  private var cancelling: (since: ContinuousClock.Instant, isForced: Bool)?
  private(set) var outcomes: [String: JobOutcome] = [:]

  init(_ tasks: [SlurmTask], _ tools: SlurmTools, _ options: SlurmOptions, onEvent: @escaping (JobEvent) -> Void) {
    self.tasks = tasks
    self.tools = tools
    self.options = options
    self.onEvent = onEvent
  }

  var isOver: Bool { tasks.isEmpty }

  /// Does what the rule for stops says. Only the first call does something.
  func stop() {
    switch options.onStop {
    case .detach:
      for task in tasks {
        let reason = "is left with Slurm as job \(task.id)"
        outcomes[task.job.name] = .interrupted(reason)
        onEvent(.interrupted(name: task.job.name, reason: reason))
      }
      tasks = []
    case .cancel:
      guard cancelling == nil else { return }
      cancelling = (.now, false)
      nextPoll = .now
    }
  }

  /// Looks at the files every second, less often where there are hundreds of jobs on a network's file system, and at the
  /// queue as often as the options say.
  func advance() throws {
    guard nextLook <= .now else { return }
    nextLook = .now + .seconds(max(min(1, options.pollSeconds), Double(tasks.count) / 200))
    // The queue first: what a job has told by then is on disk when its files are read.
    let queue = try nextPoll <= .now ? poll() : nil
    var still: [SlurmTask] = []
    for var task in tasks {
      let end = task.submission.end(of: task.index)
      // Whoever waits now, and had started before Slurm was asked, was put back.
      let hadStarted = task.start != nil
      look(at: &task, end)
      let isBack = hadStarted && !task.isRequeued
      if let verdict = task.verdict(end) ?? queue.map({ decide(&task, $0.entries[task.id], end, isBack: isBack) }),
        case .over(let outcome, let seconds) = verdict
      {
        try settle(task, outcome, seconds)
      } else {
        still.append(task)
      }
    }
    tasks = still
  }

  /// Asks Slurm about all tasks; nil if it does not answer, which is no reason to give up: jobs go on without us.
  private func poll() throws -> SlurmQueue? {
    nextPoll = .now + .seconds(options.pollSeconds)
    let queue: SlurmQueue
    do { queue = try tools.queue(names: Set(tasks.map(\.submission.name)).sorted()) } catch {
      if !isUnreachable { onEvent(.warning("\(error)")) }
      isUnreachable = true
      return nil
    }
    isUnreachable = false
    try cancel(queue)
    return queue
  }

  /// Tells of a start and of the log's newest line.
  private func look(at task: inout SlurmTask, _ end: SlurmSubmission.End?) {
    // An attempt that has ended, and is followed by another, is not running.
    let isOver = end.map { !$0.isFinal } ?? false
    if !isOver, let start = task.submission.start(of: task.index), start != task.start {
      if let before = task.start, before.restarts < start.restarts, !task.isRequeued { requeue(&task, nil) }
      task.start = start
      task.isRequeued = false
      task.log = LogTail(url: task.job.log, from: start.logBytes)
      onEvent(.started(name: task.job.name, place: "\(start.node) (Slurm job \(task.id))"))
    }
    if let line = task.log?.news() { onEvent(.output(name: task.job.name, line: line)) }
  }

  private func decide(
    _ task: inout SlurmTask, _ entry: SlurmQueue.Entry?, _ end: SlurmSubmission.End?, isBack: Bool
  ) -> SlurmTask.Verdict {
    let seconds = task.start.map { Date().timeIntervalSince1970 - $0.seconds } ?? 0
    switch entry?.meaning {
    case .runs:
      task.unexplainedSince = nil
      return .goesOn
    case .waits:
      task.unexplainedSince = nil
      if isBack { requeue(&task, end) }
      if let entry, !entry.isOrdinaryWait, warnedReasons.insert(entry.reason).inserted {
        onEvent(.warning("Slurm holds \(task.job.name) (job \(task.id)) back: \(entry.reason)"))
      }
      return .goesOn
    case .held:
      task.unexplainedSince = nil
      if warnedReasons.insert(task.id).inserted {
        onEvent(.warning("Slurm holds \(task.job.name) back until you run 'scontrol release \(task.id)'"))
      }
      return .goesOn
    case .stopped(let words):
      return .over(.interrupted(task.isTold ? "was told to stop" : words), seconds: seconds)
    case .broke(let words): return .over(.failed(words), seconds: seconds)
    case .over, nil:
      let since = task.unexplainedSince ?? .now
      task.unexplainedSince = since
      guard ContinuousClock.now - since >= .seconds(options.patienceSeconds) else { return .goesOn }
      return .over(task.verdict(without: entry, end), seconds: seconds)
    }
  }

  private func requeue(_ task: inout SlurmTask, _ end: SlurmSubmission.End?) {
    task.isRequeued = true
    let reason = end?.cause == .limit ? "it saved before its time limit" : "Slurm put it back into the queue"
    onEvent(.requeued(name: task.job.name, reason: reason))
  }

  /// Ends what waits, and tells what runs to save; later on, ends that too.
  private func cancel(_ queue: SlurmQueue) throws {
    guard let cancelling else { return }
    let isLate = ContinuousClock.now - cancelling.since > .seconds(options.secondsToSave)
    var (waiting, running): ([String], [String]) = ([], [])
    for index in tasks.indices {
      let meaning = queue.entries[tasks[index].id]?.meaning
      if meaning == .waits || meaning == .held { waiting.append(tasks[index].id) }
      // A script that has not begun knows no signals yet, and would end by one.
      guard meaning == .runs, tasks[index].submission.start(of: tasks[index].index) != nil else { continue }
      if isLate || !tasks[index].isTold { running.append(tasks[index].id) }
    }
    var told: Set<String> = []
    if try tools.cancel(waiting) { told.formUnion(waiting) }
    if try tools.cancel(running, signal: isLate ? nil : "USR2") { told.formUnion(running) }
    for index in tasks.indices where told.contains(tasks[index].id) { tasks[index].isTold = true }
  }

  private func settle(_ task: SlurmTask, _ outcome: JobOutcome, _ seconds: Double) throws {
    outcomes[task.job.name] = outcome
    switch outcome {
    case .finished: onEvent(.finished(name: task.job.name, seconds: seconds))
    case .failed(let reason): onEvent(.failed(name: task.job.name, reason: reason, log: task.job.log))
    case .interrupted(let reason): onEvent(.interrupted(name: task.job.name, reason: reason))
    }
    // Last: whoever dies before has told nobody, and the next one tells.
    try task.submission.noteReported(task.index, outcome)
  }
}
