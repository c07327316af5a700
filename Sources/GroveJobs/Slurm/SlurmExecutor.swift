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
  /// Where `sbatch`, `squeue` and `scancel` are looked for.
  public var commands: [URL]

  /// - Parameters:
  ///   - directory: nil for the current one.
  ///   - commands: nil for the folders of `PATH`.
  public init(
    executable: URL = ChildProcess.thisExecutable, folder: URL, options: SlurmOptions = SlurmOptions(),
    directory: URL? = nil, commands: [URL]? = nil
  ) {
    let path = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
    self.commands = commands ?? path.map { URL(filePath: String($0)) }
    self.executable = executable
    self.folder = folder
    self.options = options
    self.directory = directory ?? URL(filePath: FileManager.default.currentDirectoryPath)
  }

  /// The scripts that calls of `run` would submit, one call after the other, if nothing is with Slurm yet. Nothing is
  /// written, and no Slurm needs to be there.
  /// - Parameter calls: the jobs of each call.
  /// - Throws: `GroveError` for jobs or options that cannot be run.
  public func scripts(for calls: [[Job]]) throws -> [String] {
    var scripts: [String] = []
    for jobs in calls {
      try requireRunnable(jobs)
      scripts += submissions(jobs, after: scripts.count).map { script($0).text }
    }
    return scripts
  }

  public func run(
    _ jobs: [Job], shouldStop: () -> Bool, onEvent: (JobEvent) -> Void
  ) throws -> [String: JobOutcome] {
    try requireRunnable(jobs)
    let tools = try SlurmTools(in: commands)
    try FileSystem.makeFolder(folder)
    let lock = try FolderLock(
      folder, problem: "another process follows the jobs of this folder", remedy: "Wait for it, or stop it.")
    defer { withExtendedLifetime(lock) {} }
    return try withoutActuallyEscaping(onEvent) { onEvent in
      var tasks = try takeUp(jobs, tools)
      let known = Set(tasks.map(\.job.name))
      tasks += try submit(jobs.filter { !known.contains($0.name) }, tools)
      for task in tasks { onEvent(.queued(name: task.job.name, place: "Slurm job \(task.id)")) }
      let follower = SlurmFollower(tasks, tools, options, onEvent: onEvent)
      while !follower.isOver {
        if shouldStop() { follower.stop() }
        try follower.advance()
        usleep(50_000)
      }
      return follower.outcomes
    }
  }

  private func requireRunnable(_ jobs: [Job]) throws {
    try options.validated()
    try jobs.requireRunnable()
    for path in [folder.path, directory.path] where path.contains(where: { "\"\\".contains($0) || $0.isNewline }) {
      throw GroveError(.job, path, "a path with quotes, backslashes or line breaks cannot be told to Slurm")
    }
  }

  /// What an earlier process has submitted of these jobs, and no caller was told the end of.
  private func takeUp(_ jobs: [Job], _ tools: SlurmTools) throws -> [SlurmTask] {
    var open: [SlurmSubmission] = []
    for submission in try SlurmSubmission.all(in: folder)
    where submission.jobs.indices.contains(where: { !submission.isReported($0) }) {
      open.append(submission)
    }
    if open.isEmpty { return [] }
    let queue = try tools.queue(names: open.map(\.name))
    let wanted = Dictionary(uniqueKeysWithValues: jobs.map { ($0.name, $0) })
    var tasks: [SlurmTask] = []
    for submission in open {
      guard let array = try arrayNumber(of: submission, queue, tools) else { continue }
      for (index, job) in submission.jobs.enumerated() where !submission.isReported(index) {
        guard let other = wanted[job.name] else { continue }
        let task = SlurmTask(job: other, submission: submission, array: array, index: index)
        if other.json == job.json, submission.executable == executable.path {
          tasks.append(task)
        } else {
          try retire(task, queue)
        }
      }
    }
    return tasks
  }

  /// The number of an array. A process that died while it submitted has not written it down: the queue knows it, or
  /// there is none, and then nothing was submitted.
  private func arrayNumber(
    of submission: SlurmSubmission, _ queue: SlurmQueue, _ tools: SlurmTools
  ) throws -> String? {
    if let array = submission.array { return array }
    let own = try tools.queue(names: [submission.name])
    guard let array = own.entries.keys.first?.split(separator: "_").first.map(String.init) else {
      try FileSystem.remove(submission.folder)
      return nil
    }
    try submission.noteSubmitted(array)
    return array
  }

  /// Lets go of a job whose command is another one now, unless Slurm still has it.
  private func retire(_ task: SlurmTask, _ queue: SlurmQueue) throws {
    let isAlive = [.waits, .held, .runs].contains(queue.entries[task.id]?.meaning)
    if isAlive, task.submission.end(of: task.index)?.isFinal != true {
      throw GroveError(
        .mismatch, task.job.name, "Slurm still has it as job \(task.id), with another command",
        remedy: "Wait for it, or run 'scancel \(task.id)' first.")
    }
    try task.submission.noteReported(task.index, .interrupted("gave way to another command"))
  }

  private func submit(_ jobs: [Job], _ tools: SlurmTools) throws -> [SlurmTask] {
    let last = try SlurmSubmission.all(in: folder).last?.number ?? 0
    return try submissions(jobs, after: last).flatMap { submission in
      try submission.create(script: script(submission).text)
      let array: String
      do { array = try tools.submit(submission.script) } catch {
        try FileSystem.remove(submission.folder)
        throw error
      }
      try submission.noteSubmitted(array)
      return submission.jobs.enumerated().map {
        SlurmTask(job: $1, submission: submission, array: array, index: $0)
      }
    }
  }

  /// The jobs as arrays: those with equally many cores together, in their order, cut where an array is full.
  private func submissions(_ jobs: [Job], after last: Int) -> [SlurmSubmission] {
    var sizes: [Int] = []
    for job in jobs where !sizes.contains(job.cores) { sizes.append(job.cores) }
    let arrays = sizes.flatMap { cores in
      let equal = jobs.filter { $0.cores == cores }
      return stride(from: 0, to: equal.count, by: options.jobsPerArray).map {
        Array(equal[$0..<min($0 + options.jobsPerArray, equal.count)])
      }
    }
    return arrays.enumerated().map { index, jobs in
      SlurmSubmission(jobs, executable: executable.path, number: last + 1 + index, in: folder)
    }
  }

  private func script(_ submission: SlurmSubmission) -> SlurmScript {
    SlurmScript(
      jobs: submission.jobs, executable: executable, directory: directory, options: options,
      folder: submission.folder, name: submission.name)
  }
}
