import Foundation
import GroveCore

/// One call of the local executor: which jobs wait, which run, and what came of the others.
final class LocalRun {
  private let executor: LocalExecutor
  private let onEvent: (JobEvent) -> Void
  private var waiting: ArraySlice<Job>
  private var running: [RunningJob] = []
  private var freeCores: [Int]
  private var deadline: ContinuousClock.Instant?
  private var nextLook = ContinuousClock.now
  private(set) var outcomes: [String: JobOutcome] = [:]

  init(_ executor: LocalExecutor, _ jobs: [Job], onEvent: @escaping (JobEvent) -> Void) {
    self.executor = executor
    self.onEvent = onEvent
    waiting = jobs[...]
    freeCores = executor.cores
  }

  var isOver: Bool { waiting.isEmpty && running.isEmpty }

  /// Tells what runs to save and end. Only the first call does something.
  func stop() {
    guard deadline == nil else { return }
    deadline = .now + executor.gracePeriod
    for job in running { job.process.send(SIGTERM) }
    for job in waiting { settle(job, .interrupted("was not started before the stop")) }
    waiting = []
  }

  /// Takes note of what has ended, kills what will not end, starts what there are cores for, and reads the logs.
  func advance() {
    collect()
    if let deadline, deadline <= .now, !running.isEmpty { killLate() }
    while let job = waiting.first, job.cores <= freeCores.count { start(waiting.removeFirst()) }
    if nextLook <= .now {
      nextLook = .now + .seconds(1)
      for index in running.indices {
        if let line = running[index].log.news() { onEvent(.output(name: running[index].job.name, line: line)) }
      }
    }
  }

  /// Leaves nothing behind.
  func killAll() {
    for job in running { job.process.kill() }
    running = []
  }

  private func start(_ job: Job) {
    let cores = Array(freeCores.prefix(job.cores))
    let environment = ["OMP_NUM_THREADS": "\(job.cores)"].merging(job.environment) { $1 }
    let log = LogTail(afterContentOf: job.log)
    do {
      let process = try ChildProcess(
        executor.executable, job.arguments, environment: environment, output: .appended(to: job.log), cores: cores)
      freeCores.removeFirst(job.cores)
      running.append(RunningJob(job: job, process: process, cores: cores, log: log))
      let list = cores.map(String.init).joined(separator: ", ")
      let place = "\(cores.count == 1 ? "core" : "cores") \(list) (pid \(process.identifier))"
      onEvent(.started(name: job.name, place: place))
    } catch {
      settle(job, .failed("\(error)"))
    }
  }

  private func collect() {
    var still: [RunningJob] = []
    var ended: [(job: RunningJob, end: ProcessEnd)] = []
    for job in running {
      if let end = job.process.poll() { ended.append((job, end)) } else { still.append(job) }
    }
    running = still
    for (job, end) in ended {
      // In the order of the machine again: neighbours stay together.
      let free = Set(freeCores + job.cores)
      freeCores = executor.cores.filter(free.contains)
      var log = job.log
      if let line = log.news() { onEvent(.output(name: job.job.name, line: line)) }
      settle(job.job, outcome(of: job, end), after: job.seconds)
    }
  }

  private func outcome(of job: RunningJob, _ end: ProcessEnd) -> JobOutcome {
    let isStopping = deadline != nil
    switch end {
    case .exited(0): return .finished
    case .killed(SIGKILL) where job.wasKilled:
      return .interrupted("did not end within \(executor.gracePeriod) of being told to stop, and was killed")
    case .stopped where isStopping, .killed(SIGTERM) where isStopping: return .interrupted("was told to stop")
    case .stopped: return .interrupted("was told to stop by somebody else")
    default: return .failed(job.log.failure(end))
    }
  }

  private func killLate() {
    for index in running.indices where !running[index].wasKilled {
      running[index].wasKilled = true
      running[index].process.kill()
    }
  }

  private func settle(_ job: Job, _ outcome: JobOutcome, after seconds: Double = 0) {
    outcomes[job.name] = outcome
    switch outcome {
    case .finished: onEvent(.finished(name: job.name, seconds: seconds))
    case .failed(let reason): onEvent(.failed(name: job.name, reason: reason, log: job.log))
    case .interrupted(let reason): onEvent(.interrupted(name: job.name, reason: reason))
    }
  }
}

/// A job with its process.
private struct RunningJob {
  let job: Job
  let process: ChildProcess
  let cores: [Int]
  var log: LogTail
  /// Whether it would not end by itself.
  var wasKilled = false
  let start = ContinuousClock.now

  var seconds: Double { (ContinuousClock.now - start).seconds }
}
