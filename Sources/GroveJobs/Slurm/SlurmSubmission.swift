import Foundation
import GroveCore

/// One job array, as its folder knows it.
///
/// ```
/// 0001/
///   jobs.json         the jobs of its tasks, in their order
///   script.sbatch     what Slurm was given
///   submitted         the number of the array; missing while it is being submitted
///   3.started         node, restarts, seconds since 1970, bytes of the log before; by the task
///   3.ended           exit code, cause, seconds since 1970; by the task
///   3.reported        the outcome that a caller was told
///   slurm-3.log       what Slurm and the script themselves say
/// ```
/// The folder appears whole, before Slurm is asked: a process that dies in between leaves a name to look for.
struct SlurmSubmission {
  /// How an attempt of a task began.
  struct Start: Equatable {
    let node: String
    let restarts: Int
    let seconds: Double
    let logBytes: Int
  }

  /// How an attempt of a task ended.
  struct End: Equatable {
    enum Cause: String {
      /// The command ended by itself, or somebody ended it alone.
      case itself
      /// Told to save before the time limit; the script has asked for a place in the queue again.
      case limit
      /// The same, but Slurm refused.
      case refused
      /// Told to save by us.
      case asked
      /// Slurm ended it: cancelled, requeued or preempted.
      case slurm
    }

    let code: Int32
    let cause: Cause
    let seconds: Double

    /// Whether nothing can follow: no other attempt goes on from here.
    var isFinal: Bool { code == 0 || cause != .slurm && !(code == 130 && cause == .limit) }
  }

  let number: Int
  let folder: URL
  /// By which Slurm's queue shows it; no other submission of any folder has it.
  let name: String
  let executable: String
  let jobs: [Job]

  /// - Parameter place: the folder of all submissions.
  init(_ jobs: [Job], executable: String, number: Int, in place: URL) {
    self.number = number
    let digits = String(number)
    let label = String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    folder = place.appending(path: label)
    name = "grove-\(ContentHash.of(place.path).prefix(8))-\(label)"
    self.executable = executable
    self.jobs = jobs
  }

  /// The submissions of a folder, in their order.
  static func all(in place: URL) throws -> [SlurmSubmission] {
    guard FileSystem.isFolder(place) else { return [] }
    return try FileSystem.entries(of: place).compactMap { folder in
      guard let number = Int(folder.lastPathComponent) else { return nil }
      let file = folder.appending(path: "jobs.json")
      let value = try JSONValue(contentsOf: file)
      guard let executable = value["executable"]?.stringValue, let elements = value["jobs"]?.arrayValue,
        let jobs = elements.map(Job.init(json:)) as? [Job]
      else {
        throw GroveError(.format, file.path, "is not a list of jobs", remedy: "Move its folder away.")
      }
      return SlurmSubmission(jobs, executable: executable, number: number, in: place)
    }.sorted { $0.number < $1.number }
  }

  /// Writes the folder, whole.
  func create(script: String) throws {
    let aside = folder.appendingPathExtension("partial")
    try FileSystem.remove(aside)
    try FileSystem.makeFolder(aside)
    let value: JSONValue = ["executable": .string(executable), "jobs": .array(jobs.map(\.json))]
    try FileSystem.write(value.prettyText + "\n", to: aside.appending(path: "jobs.json"))
    try FileSystem.write(script, to: aside.appending(path: "script.sbatch"))
    try FileSystem.rename(aside, to: folder)
  }

  var script: URL { folder.appending(path: "script.sbatch") }

  /// The number of the array; nil while Slurm's answer is not written down.
  var array: String? { lines("submitted")?.first }

  func noteSubmitted(_ array: String) throws {
    try FileSystem.write(array + "\n", to: folder.appending(path: "submitted"))
  }

  func start(of task: Int) -> Start? {
    guard let lines = lines("\(task).started"), lines.count >= 4, let restarts = Int(lines[1]),
      let seconds = Double(lines[2]), let bytes = Int(lines[3].trimmingCharacters(in: .whitespaces))
    else { return nil }
    return Start(node: lines[0], restarts: restarts, seconds: seconds, logBytes: bytes)
  }

  func end(of task: Int) -> End? {
    guard let lines = lines("\(task).ended"), lines.count >= 3, let code = Int32(lines[0]),
      let cause = End.Cause(rawValue: lines[1]), let seconds = Double(lines[2])
    else { return nil }
    return End(code: code, cause: cause, seconds: seconds)
  }

  func isReported(_ task: Int) -> Bool { FileSystem.exists(folder.appending(path: "\(task).reported")) }

  func noteReported(_ task: Int, _ outcome: JobOutcome) throws {
    try FileSystem.write("\(outcome.words)\n", to: folder.appending(path: "\(task).reported"))
  }

  /// The last line that Slurm or the script itself said about a task.
  func complaint(of task: Int) -> String? {
    LogTail(url: folder.appending(path: "slurm-\(task).log"), from: 0).lastLine()
  }

  private func lines(_ file: String) -> [String]? {
    guard let bytes = try? FileSystem.read(folder.appending(path: file)) else { return nil }
    return String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
  }
}

extension JobOutcome {
  /// "finished", "failed: …".
  fileprivate var words: String {
    switch self {
    case .finished: "finished"
    case .failed(let reason): "failed: \(reason)"
    case .interrupted(let reason): "interrupted: \(reason)"
    }
  }
}

extension Job {
  /// The job as it is kept in a file.
  var json: JSONValue {
    let variables = environment.sorted { $0.key < $1.key }.map { (key: $0.key, value: JSONValue.string($0.value)) }
    return [
      "name": .string(name), "arguments": .array(arguments.map { .string($0) }), "cores": .integer(cores),
      "log": .string(log.path), "environment": .object(variables),
    ]
  }

  /// Nil for what is no job.
  init?(json: JSONValue) {
    guard let name = json["name"]?.stringValue, let arguments = json["arguments"]?.arrayValue,
      let words = arguments.map(\.stringValue) as? [String], let cores = json["cores"]?.integerValue,
      let log = json["log"]?.stringValue, let variables = json["environment"]?.objectValue
    else { return nil }
    let pairs = variables.compactMap { member in member.value.stringValue.map { (member.key, $0) } }
    self.init(
      name: name, arguments: words, cores: cores, log: URL(filePath: log),
      environment: Dictionary(pairs) { $1 })
  }
}
