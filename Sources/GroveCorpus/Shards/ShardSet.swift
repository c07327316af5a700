import Foundation
import GroveCore

/// The shards of a build, opened as domains turn up.
struct ShardSet {
  /// Each shard holds three files open; with both sides this stays below the usual limit of 1,024.
  private static let domainLimit = 128

  private struct Key: Hashable {
    let split: Split
    let domain: String
  }

  /// Tokens written so far.
  private(set) var tokens = 0
  private let folder: URL
  private let vocabularySize: Int
  private let sources: [String]
  private let sourceIndex: [String: Int]
  private var writers: [Key: ShardWriter] = [:]
  private var domains: Set<String> = []

  init(folder: URL, vocabularySize: Int, sources: [String]) throws {
    self.folder = folder
    self.vocabularySize = vocabularySize
    self.sources = sources
    sourceIndex = Dictionary(uniqueKeysWithValues: sources.enumerated().map { ($1, $0) })
    for split in Split.allCases { try FileSystem.makeFolder(folder.appending(path: split.rawValue)) }
  }

  mutating func append(_ document: Document, _ ids: [UInt32], _ split: Split) throws {
    guard let source = sourceIndex[document.origin.file] else {
      preconditionFailure("\(document.origin.file) is not among the sources of the build")
    }
    try writer(Key(split: split, domain: document.domain), document.origin).append(
      ids, id: document.id, source: source, line: document.origin.line, byteCount: document.text.count)
    tokens += ids.count
  }

  private mutating func writer(_ key: Key, _ origin: DocumentOrigin) throws -> ShardWriter {
    if let writer = writers[key] { return writer }
    guard !key.domain.isEmpty else {
      throw GroveError(.format, origin.description, "the name of the domain is empty", remedy: "Give it a name.")
    }
    guard domains.contains(key.domain) || domains.count < ShardSet.domainLimit else {
      throw GroveError(
        .format, origin.description, "'\(key.domain.prefix(80))' would be domain \(ShardSet.domainLimit + 1)",
        remedy: "Take domains from a field with at most \(ShardSet.domainLimit) values, or from the file names.")
    }
    domains.insert(key.domain)
    let prefix = folder.appending(path: ShardSet.path(key.split, key.domain))
    let writer = try ShardWriter(prefix: prefix, domain: key.domain, vocabularySize: vocabularySize)
    writers[key] = writer
    return writer
  }

  /// Makes every shard whole, in order of side and domain.
  func finish(_ onFinished: (ShardManifest.Shard) -> Void) throws -> [ShardManifest.Shard] {
    let keys = writers.keys.sorted {
      $0.split != $1.split ? $0.split < $1.split : $0.domain.utf8.lexicographicallyPrecedes($1.domain.utf8)
    }
    return try keys.map { key in
      guard let writer = writers[key] else { preconditionFailure("no writer for \(key)") }
      let shard = ShardManifest.Shard(
        split: key.split, domain: key.domain, path: ShardSet.path(key.split, key.domain),
        content: try writer.finish(sources: sources))
      onFinished(shard)
      return shard
    }
  }

  /// "train/web".
  private static func path(_ split: Split, _ domain: String) -> String {
    "\(split.rawValue)/\(FileName.escaping(domain))"
  }
}
