public import Foundation
import GroveCore

/// What of a tokenizer the shards depend on.
public struct TokenizerIdentity: Equatable, Sendable {
  /// A hash of everything that decides the ids.
  public var fingerprint: String
  /// Ids are below this.
  public var vocabularySize: Int
  /// The id that ends every document.
  public var endOfText: Int

  /// An identity from its parts.
  public init(fingerprint: String, vocabularySize: Int, endOfText: Int) {
    self.fingerprint = fingerprint
    self.vocabularySize = vocabularySize
    self.endOfText = endOfText
  }
}

/// The `manifest.json` of a folder of shards: what is in it, from what it was made, and the hashes that prove it.
public struct ShardManifest: Equatable, Sendable {
  /// One shard: the documents of one domain on one side of the split.
  public struct Shard: Equatable, Sendable {
    /// The side of its documents.
    public var split: Split
    /// The domain of its documents.
    public var domain: String
    /// The path of its files in the folder, without their endings.
    public var path: String
    /// Counts and hashes.
    public var content: ShardContent
  }

  /// One file that was read.
  public struct Source: Equatable, Sendable {
    /// The name in `DocumentOrigin.file`.
    public var name: String
    /// Bytes as stored, packed or not.
    public var bytes: Int
    /// Of the file as stored.
    public var sha256: String
  }

  /// The name of the file in a folder of shards.
  public static let fileName = "manifest.json"

  /// What the ids mean.
  public var tokenizer: TokenizerIdentity
  /// Which documents are held out.
  public var split: SplitRule
  /// In order of side and domain.
  public var shards: [Shard]
  /// In the order in which they were read.
  public var sources: [Source]
  /// Lines that were no documents.
  public var problems: Int
  /// Files in the folders with another ending.
  public var ignoredFiles: Int
  /// SHA-256 over all that decides the content: sources, tokenizer, split, reading options.
  public var inputs: String

  /// How ids are stored.
  public var type: TokenType { TokenType(vocabularySize: tokenizer.vocabularySize) }

  /// The fingerprint of the data: SHA-256 over the tokenizer and, of every shard in order of side and domain, the
  /// hashes of the tokens and of the index.
  ///
  /// It does not depend on where the folder is, how source files are called or when a shard was made.
  public var fingerprint: String {
    var hash = ContentHash()
    hash.update("grove tokens 1\n\(tokenizer.fingerprint)\n\(tokenizer.vocabularySize) \(tokenizer.endOfText)\n")
    for shard in shards.sorted(by: Shard.inOrder) {
      let hashes = shard.content.hashes
      hash.update("\(shard.split.rawValue) \(shard.domain.utf8.count) \(shard.domain) \(hashes.bin) \(hashes.idx)\n")
    }
    return hash.hexadecimal()
  }

  /// Reads the manifest of a folder.
  /// - Throws: `GroveError` if it is missing, is no manifest, or its fingerprint is not that of its hashes.
  public init(folder: URL) throws {
    let url = folder.appending(path: ShardManifest.fileName)
    try self.init(JSONValue(contentsOf: url), at: url.path)
  }

  /// Writes the manifest into a folder.
  public func write(to folder: URL) throws {
    try FileSystem.write(json.prettyText + "\n", to: folder.appending(path: ShardManifest.fileName))
  }

  /// Recomputes the hashes of all shards.
  /// - Throws: `GroveError` with code `.mismatch` that names the first file that differs.
  /// - Complexity: reads every byte.
  public func verify(folder: URL) throws { try verify(shards, folder) { _ in true } }

  /// Recomputes the hashes of those files of some shards that were not written before the manifest, which is written
  /// last. Clocks of file systems tick slowly, so the same time is not before.
  func verifyWhatIsNewer(_ shards: [Shard], folder: URL) throws {
    let written = try FileSystem.modified(folder.appending(path: ShardManifest.fileName))
    try verify(shards, folder) { try FileSystem.modified($0) >= written }
  }

  private func verify(_ shards: [Shard], _ folder: URL, where isDoubtful: (URL) throws -> Bool) throws {
    for shard in shards {
      let hashes = shard.content.hashes
      for (ending, expected) in [("bin", hashes.bin), ("idx", hashes.idx), ("ledger", hashes.ledger)] {
        let file = folder.appending(path: "\(shard.path).\(ending)")
        guard try isDoubtful(file) else { continue }
        let found = try ContentHash.ofFile(file)
        guard found == expected else {
          throw GroveError(
            .mismatch, file.path,
            "the content is not what the manifest says: SHA-256 \(found.prefix(12))… instead of \(expected.prefix(12))…",
            remedy: "Build the shards again.")
        }
      }
    }
  }
}

extension ShardManifest.Shard {
  static func inOrder(_ a: Self, _ b: Self) -> Bool {
    a.split != b.split ? a.split < b.split : a.domain.utf8.lexicographicallyPrecedes(b.domain.utf8)
  }
}

extension ShardManifest {
  init(
    tokenizer: TokenizerIdentity, split: SplitRule, shards: [Shard], sources: [Source], summary: ReadingSummary,
    inputs: String
  ) {
    self.tokenizer = tokenizer
    self.split = split
    self.shards = shards
    self.sources = sources
    problems = summary.problems
    ignoredFiles = summary.ignoredFiles
    self.inputs = inputs
  }
}
