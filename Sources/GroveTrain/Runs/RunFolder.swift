public import Foundation
import GroveCore

/// Where everything of one run lies.
///
/// ```
/// runs/NAME/
///   config.yaml        the resolved config
///   run.json           fingerprints of the data, versions, the machine
///   metrics.jsonl      one line a step and a validation
///   tensorboard/       event files
///   checkpoints/step-00000200/
///   report.html
/// ```
public struct RunFolder: Sendable, Hashable {
  public let url: URL

  public init(_ url: URL) { self.url = url }

  /// The last component of the path.
  public var name: String { url.lastPathComponent }
  public var config: URL { url.appending(path: "config.yaml") }
  public var identity: URL { url.appending(path: "run.json") }
  public var metrics: URL { url.appending(path: "metrics.jsonl") }
  public var tensorboard: URL { url.appending(path: "tensorboard") }
  public var checkpoints: URL { url.appending(path: "checkpoints") }
  public var report: URL { url.appending(path: "report.html") }

  /// Whether a run was begun here.
  public var exists: Bool { FileSystem.exists(identity) }

  /// Where the checkpoint of a step lies or would lie.
  public func checkpoint(step: Int) -> URL { checkpoints.appending(path: RunFolder.checkpointName(step: step)) }

  static func checkpointName(step: Int) -> String {
    let digits = String(step)
    return "step-" + String(repeating: "0", count: max(0, 8 - digits.count)) + digits
  }

  /// The steps that have a checkpoint, in order. Whether it is whole is another question.
  public func checkpointSteps() throws -> [Int] {
    guard FileSystem.isFolder(checkpoints) else { return [] }
    return try FileSystem.entries(of: checkpoints).compactMap {
      let name = $0.lastPathComponent
      guard name.hasPrefix("step-"), let step = Int(name.dropFirst(5)) else { return nil }
      return step
    }.sorted()
  }

  /// A folder's runs at any depth, by path. What lies in a run is part of it.
  /// - Returns: each run with its path from the folder, or its name if the folder itself is one.
  /// - Throws: `GroveError` if a folder cannot be listed.
  public static func all(in folder: URL) throws -> [(path: String, run: RunFolder)] {
    let run = RunFolder(folder)
    if run.exists { return [(run.name, run)] }
    var found: [(path: String, run: RunFolder)] = []
    func walk(_ folder: URL, _ prefix: String, _ ancestors: Set<String>) throws {
      let real = folder.resolvingSymlinksInPath().path
      guard !ancestors.contains(real) else { return }  // a link back up leads to nothing new
      for entry in try FileSystem.entries(of: folder) where FileSystem.isFolder(entry) {
        let (path, run) = (prefix + entry.lastPathComponent, RunFolder(entry))
        if run.exists { found.append((path, run)) } else { try walk(entry, path + "/", ancestors.union([real])) }
      }
    }
    if FileSystem.isFolder(folder) { try walk(folder, "", []) }
    return found
  }
}
