import Foundation
import GroveCore

/// What a run was begun with besides its config: a run goes on only with the same data and tokenizer.
public struct RunIdentity: Codable, Equatable, Sendable {
  /// Fingerprint of the token shards.
  public var dataFingerprint: String
  /// Hash of everything that decides the ids.
  public var tokenizerFingerprint: String
  /// Hash of the weights that it began with; nil where they were drawn.
  public var startFingerprint: String?
  public var groveVersion: String
  /// Going on with another version, device or number of threads gives a warning: the last bits may differ.
  public var libtorchVersion: String
  public var device: String
  /// Of an operator.
  public var threads: Int
  /// That trained together; nil in the file of a run of version 0.1.0 or before.
  public var processes: Int?
  /// Seconds since 1970.
  public var started: Double

  static func read(_ folder: RunFolder) throws -> RunIdentity {
    do { return try JSONDecoder().decode(RunIdentity.self, from: FileSystem.read(folder.identity)) } catch let error
      as DecodingError
    {
      throw GroveError(.format, folder.identity.path, "is not the description of a run", cause: error)
    }
  }

  func write(_ folder: RunFolder) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
    try FileSystem.write(encoder.encode(self), to: folder.identity)
  }

  /// - Throws: `GroveError` with code `.mismatch` if the data or the tokenizer is not what the run was begun with.
  func requireSameData(as now: RunIdentity, _ folder: RunFolder) throws {
    func compare(_ what: String, _ then: String, _ now: String) throws {
      if then == now { return }
      throw GroveError(
        .mismatch, folder.url.path,
        "the run was begun with another \(what): \(then.prefix(12))…, now \(now.prefix(12))…",
        remedy: "Give the \(what) it was begun with, or begin a new run.")
    }
    try compare("tokenizer", tokenizerFingerprint, now.tokenizerFingerprint)
    if let now = now.startFingerprint { try compare("start.model", startFingerprint ?? "weights that were drawn", now) }
    try compare("data set", dataFingerprint, now.dataFingerprint)
  }
}
