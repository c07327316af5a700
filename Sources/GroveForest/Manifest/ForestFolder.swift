public import Foundation
import GroveCore
public import GroveTrain

/// Where everything of one forest lies.
///
/// ```
/// FOREST/
///   forest.yaml       the resolved config
///   forest.json       the manifest: the seed and the experts that are grown, with hashes
///   domains/          the clusterer, if one found the domains
///   seed/             the run of the seed phase
///   experts/NAME/     the run of an expert
///   dense/            the run of the dense model on as many tokens, if it is wanted
///   starts/NAME/      what an expert that was added later has branched from
///   configs/, logs/   of the jobs
///   report.html
/// ```
public struct ForestFolder: Sendable, Hashable {
  public let url: URL

  public init(_ url: URL) { self.url = url }

  /// The last component of the path.
  public var name: String { url.lastPathComponent }
  public var config: URL { url.appending(path: "forest.yaml") }
  public var manifest: URL { url.appending(path: "forest.json") }
  /// The clusterer that found the domains; not there for domains that came with the documents.
  public var clusterer: URL { url.appending(path: "domains") }
  public var report: URL { url.appending(path: "report.html") }
  /// Where executors keep what they must remember.
  public var jobs: URL { url.appending(path: "jobs") }

  /// Whether a forest was begun here.
  public var exists: Bool { FileSystem.exists(config) }

  /// The path of the seed's run in the forest.
  public static let seedPath = "seed"
  /// The path of the dense model's run in the forest.
  public static let densePath = "dense"
  /// The path of an expert's run in the forest.
  public static func expertPath(_ name: String) -> String { "experts/\(FileName.escaping(name))" }

  /// A run by its path in the forest.
  public func run(_ path: String) -> RunFolder { RunFolder(url.appending(path: path)) }
  /// Keeps other processes from changing the forest.
  func lock() throws -> FolderLock {
    try FolderLock(url, problem: "another process is growing this forest", remedy: "Wait for it, or stop it.")
  }
  /// The checkpoint that an expert which was added later has branched from.
  func start(_ name: String) -> URL { url.appending(path: "starts/\(FileName.escaping(name))") }
  /// What was decided when that expert was begun.
  func beginning(_ name: String) -> URL { url.appending(path: "starts/\(FileName.escaping(name)).json") }
  /// The config of the job that trains the run of a path.
  func jobConfig(_ path: String) -> URL { url.appending(path: "configs/\(path).yaml") }
  /// The output of that job.
  func log(_ path: String) -> URL { url.appending(path: "logs/\(path).log") }
}
