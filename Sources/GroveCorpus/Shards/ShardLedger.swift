public import Foundation
import GroveCore

/// One document of a shard, as its ledger tells it.
public struct LedgerEntry: Equatable, Sendable {
  /// The position of the document in the shard: its sequence in the `.idx`.
  public let index: Int
  /// The id of the document.
  public let id: String
  /// Where it stood in our files.
  public let origin: DocumentOrigin
  /// UTF-8 bytes of the text.
  public let byteCount: Int
  /// Where its tokens stand in the shard, the end of text included.
  public let tokens: Range<Int>
}

/// The way from every token of a shard back to its document: a memory-mapped `.ledger` file.
public final class ShardLedger: Sendable {
  /// The domain of all documents.
  public let domain: String
  /// Names of the source files.
  public let sources: [String]
  /// Documents.
  public let count: Int
  /// Tokens of the shard.
  public let tokenCount: Int
  /// UTF-8 bytes of all texts.
  public let byteCount: Int
  private let file: MappedFile
  private let recordsAt: Int

  /// - Throws: `GroveError` with code `.format` if the file is no ledger, is cut off or contradicts itself.
  /// - Complexity: O(1); records are checked when they are read.
  public init(_ url: URL) throws {
    file = try MappedFile(url)
    let bytes = file.bytes
    func broken(_ problem: String) -> GroveError { GroveError(.format, url.path, problem, remedy: ShardLedger.remedy) }
    let magic = LedgerLayout.magic
    let footerAt = bytes.count - LedgerLayout.footerBytes
    guard footerAt >= magic.count, bytes.prefix(magic.count).elementsEqual(magic) else {
      throw broken("not a ledger: \(bytes.count) bytes that do not begin with GRVLEDG1")
    }
    guard bytes.suffix(magic.count).elementsEqual(magic),
      bytes.integer(at: footerAt + 48, as: UInt64.self) == LedgerLayout.version
    else { throw broken("the ledger has no footer of version 1 at byte \(footerAt); it is cut off or altered") }
    func field(_ index: Int) throws -> Int {
      guard let value = Int(exactly: bytes.integer(at: footerAt + 8 * index, as: UInt64.self)), value < 1 << 56 else {
        throw broken("the number at byte \(footerAt + 8 * index) is out of range")
      }
      return value
    }
    recordsAt = try field(0)
    count = try field(1)
    let namesAt = try field(2)
    let namesBytes = try field(3)
    tokenCount = try field(4)
    byteCount = try field(5)
    guard recordsAt >= magic.count, namesAt >= recordsAt, namesAt + namesBytes == footerAt,
      (namesAt - recordsAt) % LedgerLayout.recordBytes == 0, (namesAt - recordsAt) / LedgerLayout.recordBytes == count
    else { throw broken("the parts do not fill the file: \(count) records at byte \(recordsAt), names at \(namesAt)") }
    let names = try JSONValue(parsing: bytes[namesAt..<footerAt], at: url.path)
    guard let domain = names["domain"]?.stringValue, let list = names["sources"]?.arrayValue else {
      throw broken("the names at byte \(namesAt) are incomplete")
    }
    self.domain = domain
    sources = list.map { $0.stringValue ?? "" }
  }

  private static let remedy = "Build the shards again."

  private func record(_ index: Int) -> LedgerRecord {
    LedgerRecord(file.bytes, at: recordsAt + index * LedgerLayout.recordBytes)
  }

  /// The document at a position.
  /// - Precondition: `0 <= index < count`.
  /// - Throws: `GroveError` with code `.format` if the record contradicts the file.
  public func entry(_ index: Int) throws -> LedgerEntry {
    precondition(0 <= index && index < count, "document \(index) is outside 0..<\(count)")
    let record = record(index)
    let limit = UInt64(tokenCount)
    guard record.firstToken <= limit, UInt64(record.tokenCount) <= limit - record.firstToken,
      record.idOffset <= UInt64(recordsAt), UInt64(record.idBytes) <= UInt64(recordsAt) - record.idOffset,
      record.source < sources.count, record.line < 1 << 56, record.byteCount < 1 << 56
    else {
      let at = recordsAt + index * LedgerLayout.recordBytes
      throw GroveError(
        .format, file.url.path, "the record of document \(index) at byte \(at) points outside the file",
        remedy: ShardLedger.remedy)
    }
    let id = file.bytes[Int(record.idOffset)..<Int(record.idOffset) + Int(record.idBytes)]
    let first = Int(record.firstToken)
    return LedgerEntry(
      index: index, id: String(decoding: id, as: UTF8.self),
      origin: DocumentOrigin(file: sources[Int(record.source)], line: Int(record.line)),
      byteCount: Int(record.byteCount), tokens: first..<first + Int(record.tokenCount))
  }

  /// The document that holds a token of the shard.
  /// - Precondition: `0 <= token < tokenCount`.
  /// - Throws: `GroveError` with code `.format` if the ledger does not cover the token.
  /// - Complexity: O(log count).
  public func entry(holding token: Int) throws -> LedgerEntry {
    precondition(0 <= token && token < tokenCount, "token \(token) is outside 0..<\(tokenCount)")
    var (low, high) = (0, count)  // the first document that begins after the token is in low...high
    while low < high {
      let middle = (low + high) / 2
      if record(middle).firstToken <= UInt64(token) { low = middle + 1 } else { high = middle }
    }
    // Documents without tokens begin where the next one does; the last that begins there holds the token.
    if low > 0 {
      let entry = try entry(low - 1)
      if entry.tokens.contains(token) { return entry }
    }
    throw GroveError(
      .format, file.url.path, "no document holds token \(token); the records are out of order",
      remedy: ShardLedger.remedy)
  }
}
