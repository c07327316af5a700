/// The layout of a `.ledger` file, version 1. All numbers are little-endian.
///
/// | part | bytes |
/// |---|---|
/// | magic "GRVLEDG1" | 8 |
/// | ids, UTF-8, one after the other | as they are |
/// | zeros up to a multiple of 8 | 0 to 7 |
/// | records, one a document in the order of the shard | 48 each |
/// | JSON: `{"domain": …, "sources": [file names]}` | as it is |
/// | footer | 64 |
///
/// A record is: first token in the shard (u64), first byte of the id in the file (u64), line (u64), UTF-8 bytes of the
/// text (u64), tokens (u32), bytes of the id (u32), source (u32), zero (u32). The footer is: records at (u64), records
/// (u64), JSON at (u64), JSON bytes (u64), tokens of the shard (u64), UTF-8 bytes of all texts (u64), version 1
/// (u64), magic. So a reader finds everything from the end, and a document by a token with a binary search.
enum LedgerLayout {
  static let magic: [UInt8] = Array("GRVLEDG1".utf8)
  static let version: UInt64 = 1
  static let recordBytes = 48
  static let footerBytes = 64
}

/// One document in a ledger, as it is stored.
struct LedgerRecord {
  var firstToken: UInt64
  var idOffset: UInt64
  var line: UInt64
  var byteCount: UInt64
  var tokenCount: UInt32
  var idBytes: UInt32
  var source: UInt32

  func append(to bytes: inout [UInt8]) {
    bytes.append(littleEndian: firstToken)
    bytes.append(littleEndian: idOffset)
    bytes.append(littleEndian: line)
    bytes.append(littleEndian: byteCount)
    bytes.append(littleEndian: tokenCount)
    bytes.append(littleEndian: idBytes)
    bytes.append(littleEndian: source)
    bytes.append(littleEndian: UInt32(0))
  }
}

extension LedgerRecord {
  /// - Precondition: the 48 bytes at `offset` are inside the buffer.
  init(_ bytes: UnsafeRawBufferPointer, at offset: Int) {
    firstToken = bytes.integer(at: offset, as: UInt64.self)
    idOffset = bytes.integer(at: offset + 8, as: UInt64.self)
    line = bytes.integer(at: offset + 16, as: UInt64.self)
    byteCount = bytes.integer(at: offset + 24, as: UInt64.self)
    tokenCount = bytes.integer(at: offset + 32, as: UInt32.self)
    idBytes = bytes.integer(at: offset + 36, as: UInt32.self)
    source = bytes.integer(at: offset + 40, as: UInt32.self)
  }
}
