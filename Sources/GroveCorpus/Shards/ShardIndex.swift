import GroveCore

/// The layout of an `.idx` file: magic (9 bytes), version 1 (u64), token type (u8), sequences (u64), document marks
/// (u64), then tokens a sequence (int32 each), byte offsets of the sequences in the `.bin` (int64 each) and the
/// sequences at which documents begin, with the end (int64 each). Nothing is aligned.
///
/// - Source: `megatron/core/datasets/indexed_dataset.py` of Megatron-LM, `megatron/data/indexed_dataset.py` of GPT-NeoX.
enum ShardIndex {
  static let magic: [UInt8] = Array("MMIDIDX\0\0".utf8)
  static let headerBytes = 34

  /// Writes the index of sequences that are one document each, in pieces.
  /// - Parameter tokenCount: the tokens of a sequence, asked for twice in order.
  static func write(to file: HashedFile, _ type: TokenType, sequences: Int, tokenCount: (Int) -> Int32) throws {
    var header = magic
    header.append(littleEndian: UInt64(1))
    header.append(type.code)
    header.append(littleEndian: UInt64(sequences))
    header.append(littleEndian: UInt64(sequences + 1))
    try file.write(header)
    try writeColumn(to: file, count: sequences, tokenCount)
    var offset: Int64 = 0
    try writeColumn(to: file, count: sequences) { index in
      defer { offset += Int64(tokenCount(index)) * Int64(type.byteCount) }
      return offset
    }
    try writeColumn(to: file, count: sequences + 1) { Int64($0) }
  }

  private static func writeColumn(
    to file: HashedFile, count: Int, _ value: (Int) -> some FixedWidthInteger
  ) throws {
    var piece: [UInt8] = []
    for index in 0..<count {
      piece.append(littleEndian: value(index))
      if piece.count >= 64 << 10 {
        try file.write(piece)
        piece.removeAll(keepingCapacity: true)
      }
    }
    try file.write(piece)
  }
}
