import Foundation
import GroveCore
import GroveJobs
import GroveTesting
import Synchronization

/// A folder with jobs that are lines of shell, and what an executor said about them.
struct JobFolder {
  let url: URL
  static let shell = URL(filePath: "/bin/sh")

  static func with<Result>(_ body: (JobFolder) throws -> Result) throws -> Result {
    try Fixtures.withTemporaryFolder { try body(JobFolder(url: $0.resolvingSymlinksInPath())) }
  }

  func path(_ name: String) -> URL { url.appending(path: name) }

  /// A job that the shell runs, with its log beside the others' and the folder as `$DIR`.
  func job(_ name: String, cores: Int = 1, _ script: String) -> Job {
    Job(
      name: name, arguments: ["-c", script], cores: cores, log: path("logs/\(name).log"),
      environment: ["DIR": url.path])
  }

  func log(_ name: String) throws -> String { try text("logs/\(name).log") }
  func text(_ name: String) throws -> String { String(decoding: try FileSystem.read(path(name)), as: UTF8.self) }
  func exists(_ name: String) -> Bool { FileSystem.exists(path(name)) }

  /// The text with the folder's path written as DIR.
  func relative(_ text: String) -> String { text.replacingOccurrences(of: url.path, with: "DIR") }
}

extension Executor {
  /// Runs the jobs and collects the events. `shouldStop` sees those that have come so far.
  func collect(
    _ jobs: [Job], until shouldStop: ([JobEvent]) -> Bool = { _ in false }
  ) throws -> (outcomes: [String: JobOutcome], events: [JobEvent]) {
    let events = Mutex<[JobEvent]>([])
    let outcomes = try run(jobs, shouldStop: { shouldStop(events.withLock { $0 }) }) { event in
      events.withLock { $0.append(event) }
    }
    return (outcomes, events.withLock { $0 })
  }
}

extension JobEvent {
  /// The job that has started, for the order of starts.
  var startedName: String? { if case .started(let name, _) = self { name } else { nil } }
  /// Where it computes.
  var startedPlace: String? { if case .started(_, let place) = self { place } else { nil } }
  var outputLine: String? { if case .output(_, let line) = self { line } else { nil } }
  var finishedName: String? { if case .finished(let name, _) = self { name } else { nil } }
  var warning: String? { if case .warning(let text) = self { text } else { nil } }
}
