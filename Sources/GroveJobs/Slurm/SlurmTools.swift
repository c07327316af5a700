import Foundation
import GroveCore

/// Slurm's commands on this machine.
struct SlurmTools {
  /// What a command said.
  struct Answer {
    let end: ProcessEnd
    let output: String
    let errors: String

    /// Its last complaint, without what stands before it: "sbatch: error:", "slurm_load_jobs error:".
    var complaint: String {
      let lines = errors.split(whereSeparator: \.isNewline).filter { !$0.allSatisfy(\.isWhitespace) }
      guard let last = lines.last else { return "it \(end.words) and said nothing" }
      return last.ranges(of: "error: ").first.map { String(last[$0.upperBound...]) } ?? String(last)
    }
  }

  private let places: [String: URL]
  /// A command that waits longer for its controller is given up.
  private let patience = Duration.seconds(30)

  /// - Parameter folders: where the commands are looked for.
  /// - Throws: `GroveError` if one is missing.
  init(in folders: [URL]) throws {
    places = try Dictionary(
      uniqueKeysWithValues: ["sbatch", "squeue", "scancel"].map { name in
        let files = folders.map { $0.appending(path: name) }
        guard let file = files.first(where: { FileManager.default.isExecutableFile(atPath: $0.path) }) else {
          throw GroveError(
            .job, name, "there is no such command in the folders of PATH",
            remedy: "Install Slurm's client on this machine, or run the jobs with the local executor.")
        }
        return (name, file)
      })
  }

  /// Submits a script.
  /// - Returns: the number of the job array.
  func submit(_ script: URL) throws -> String {
    let answer = try call("sbatch", ["--parsable", script.path])
    let number = answer.output.split { $0 == ";" || $0.isWhitespace }.first.map(String.init) ?? ""
    guard answer.end == .exited(0), !number.isEmpty, number.allSatisfy(\.isNumber) else {
      throw GroveError(
        .job, "sbatch", "Slurm refuses the jobs: \(answer.complaint)", remedy: SlurmTools.remedy(answer.complaint))
    }
    return number
  }

  /// What is known of the arrays of these names.
  func queue(names: [String]) throws -> SlurmQueue {
    if names.isEmpty { return SlurmQueue() }
    let answer = try call("squeue", SlurmQueue.options + ["--me", "--name=\(names.joined(separator: ","))"])
    guard answer.end == .exited(0) else {
      throw GroveError(.job, "squeue", "Slurm does not answer: \(answer.complaint)", remedy: SlurmTools.unreachable)
    }
    return SlurmQueue(answer.output)
  }

  /// Ends tasks, or sends a signal to their scripts alone. One that has just ended is no error.
  /// - Returns: whether Slurm has taken it.
  func cancel(_ tasks: [String], signal: String? = nil) throws -> Bool {
    if tasks.isEmpty { return true }
    return try call("scancel", ["--quiet"] + (signal.map { ["--batch", "--signal=\($0)"] } ?? []) + tasks).end
      == .exited(0)
  }

  private func call(_ name: String, _ arguments: [String]) throws -> Answer {
    let files = ["out", "err"].map {
      FileManager.default.temporaryDirectory.appending(path: "grove-\(name)-\(UUID().uuidString).\($0)")
    }
    defer { for file in files { try? FileSystem.remove(file) } }
    let process = try ChildProcess(
      places[name]!, arguments, output: .appended(to: files[0]), errors: .appended(to: files[1]))
    let deadline = ContinuousClock.now + patience
    while process.poll() == nil {
      if deadline < .now { process.kill() }
      usleep(5_000)
    }
    let texts = try files.map { String(decoding: try FileSystem.read($0), as: UTF8.self) }
    return Answer(end: process.wait(), output: texts[0], errors: texts[1])
  }

  private static let unreachable = "Jobs that are with Slurm go on; try again when 'sinfo' answers."

  private static func remedy(_ complaint: String) -> String {
    let remedies = [
      ("ontact", unreachable), ("onnect", unreachable),
      ("artition", "Choose another 'partition'; 'sinfo' lists them."),
      ("ccount", "Choose another 'account'."),
      ("time limit", "Lower 'timeLimit': a job goes on after it."),
      ("array", "Lower 'jobsPerArray': the cluster's MaxArraySize is smaller."),
      ("onfiguration is not available", "No node has what a job asks for: see its cores and 'extra'."),
    ]
    return remedies.first { complaint.contains($0.0) }?.1 ?? "Change the options of Slurm; --dry-run shows the scripts."
  }
}
