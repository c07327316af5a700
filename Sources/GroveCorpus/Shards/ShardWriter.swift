public import Foundation
import GroveCore

/// What was written of one shard.
public struct ShardContent: Equatable, Sendable {
  /// Sequences of the index, too.
  public var documents: Int
  /// End-of-text ids included.
  public var tokens: Int
  /// UTF-8 bytes of the texts.
  public var bytes: Int
  /// SHA-256 of the three files.
  public var hashes: ShardHashes
}

/// SHA-256 of the files of a shard, in hexadecimal.
public struct ShardHashes: Equatable, Sendable {
  /// The tokens.
  public var bin: String
  /// The index that Megatron-LM and GPT-NeoX read.
  public var idx: String
  /// The way back to the documents.
  public var ledger: String
}

/// Writes one shard: `NAME.bin` and `NAME.idx` as Megatron-LM and GPT-NeoX read them, and `NAME.ledger`.
///
/// One sequence a document. Memory does not grow with the documents: what the index needs waits in a file beside.
/// Nothing stands under the names before `finish` has run.
public final class ShardWriter {
  private let prefix: URL
  private let domain: String
  private let type: TokenType
  private let vocabularySize: Int
  private let bin: HashedFile
  private let ledger: HashedFile
  /// The records, until the ids that stand before them in the ledger are complete.
  private let records: FileWriter
  private let recordsFile: URL
  private var idOffset = LedgerLayout.magic.count
  private var documents = 0
  private var tokens = 0
  private var bytes = 0
  private var scratch: [UInt8] = []

  /// - Parameter prefix: the path of the files without their endings.
  /// - Throws: `GroveError` with code `.file` if the folder is missing or cannot be written.
  public init(prefix: URL, domain: String, vocabularySize: Int) throws {
    self.prefix = prefix
    self.domain = domain
    self.vocabularySize = vocabularySize
    type = TokenType(vocabularySize: vocabularySize)
    bin = HashedFile(try FileWriter(prefix.appendingPathExtension("bin")))
    ledger = HashedFile(try FileWriter(prefix.appendingPathExtension("ledger")))
    recordsFile = prefix.appendingPathExtension("records")
    records = try FileWriter(recordsFile)
    try ledger.write(LedgerLayout.magic)
  }

  /// Appends a document.
  /// - Parameters:
  ///   - tokens: its ids, the end of text included.
  ///   - source: the position of its file in the names that `finish` takes.
  ///   - byteCount: UTF-8 bytes of its text.
  /// - Throws: `GroveError` if an id is not in the vocabulary, or the document has more tokens than an index can count.
  public func append(_ tokens: [UInt32], id: String, source: Int, line: Int, byteCount: Int) throws {
    guard let count = Int32(exactly: tokens.count) else {
      throw GroveError(.argument, id, "the document has \(tokens.count) tokens; a shard counts at most \(Int32.max)")
    }
    try writeTokens(tokens, id)
    let idBytes = Array(id.utf8)
    try ledger.write(idBytes)
    let record = LedgerRecord(
      firstToken: UInt64(self.tokens), idOffset: UInt64(idOffset), line: UInt64(line), byteCount: UInt64(byteCount),
      tokenCount: UInt32(count), idBytes: UInt32(idBytes.count), source: UInt32(source))
    scratch.removeAll(keepingCapacity: true)
    record.append(to: &scratch)
    try records.write(scratch)
    idOffset += idBytes.count
    documents += 1
    self.tokens += tokens.count
    bytes += byteCount
  }

  private func writeTokens(_ tokens: [UInt32], _ id: String) throws {
    if let largest = tokens.max(), Int(largest) >= vocabularySize {
      throw GroveError(
        .argument, id, "the tokenizer gave the id \(largest) for a vocabulary of \(vocabularySize)",
        remedy: "Give the size that the tokenizer reports.")
    }
    let byteCount = tokens.count * type.byteCount
    scratch = [UInt8](unsafeUninitializedCapacity: byteCount) { output, count in
      let raw = UnsafeMutableRawBufferPointer(output)
      switch type {
      case .uint16:
        for (index, token) in tokens.enumerated() {
          raw.storeBytes(of: UInt16(truncatingIfNeeded: token).littleEndian, toByteOffset: 2 * index, as: UInt16.self)
        }
      case .int32:
        for (index, token) in tokens.enumerated() {
          raw.storeBytes(of: token.littleEndian, toByteOffset: 4 * index, as: UInt32.self)
        }
      }
      count = byteCount
    }
    try bin.write(scratch)
  }

  /// Writes the index and the ledger and makes the three files whole.
  /// - Parameter sources: the names of the source files, at the positions that `append` used.
  public func finish(sources: [String]) throws -> ShardContent {
    try records.commit()
    defer { try? FileSystem.remove(recordsFile) }
    let stored = try MappedFile(recordsFile)
    let idx = HashedFile(try FileWriter(prefix.appendingPathExtension("idx")))
    try ShardIndex.write(to: idx, type, sequences: documents) { index in
      Int32(stored.bytes.integer(at: index * LedgerLayout.recordBytes + 32, as: UInt32.self))
    }
    try finishLedger(stored.bytes, sources)
    return ShardContent(
      documents: documents, tokens: tokens, bytes: bytes,
      hashes: ShardHashes(bin: try bin.commit(), idx: try idx.commit(), ledger: try ledger.commit()))
  }

  private func finishLedger(_ records: UnsafeRawBufferPointer, _ sources: [String]) throws {
    try ledger.write(Array(repeating: 0, count: (8 - ledger.byteCount % 8) % 8))
    let recordsAt = ledger.byteCount
    var at = 0
    while at < records.count {
      let end = min(records.count, at + 1 << 20)
      try ledger.write(Array(records[at..<end]))
      at = end
    }
    let namesAt = ledger.byteCount
    let names = JSONValue.object([("domain", .string(domain)), ("sources", .array(sources.map { .string($0) }))]).text
    try ledger.write(Array(names.utf8))
    var footer: [UInt8] = []
    for value in [recordsAt, documents, namesAt, names.utf8.count, tokens, bytes] {
      footer.append(littleEndian: UInt64(value))
    }
    footer.append(littleEndian: LedgerLayout.version)
    try ledger.write(footer + LedgerLayout.magic)
  }
}
