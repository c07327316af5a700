public import Foundation
import GroveCore

/// The tokens of a shard: a memory-mapped `.bin` with its `.idx`, as Megatron-LM, GPT-NeoX or Grove wrote them.
public final class TokenSequences: Sendable {
  /// How an id is stored.
  public let type: TokenType
  /// Sequences; in a shard of Grove one a document.
  public let count: Int
  /// Tokens of the `.bin`.
  public let tokenCount: Int
  private let index: MappedFile
  private let data: MappedFile

  /// - Parameter prefix: the path of the files without their endings.
  /// - Throws: `GroveError` with code `.format` if the files are cut off, altered or of a token type that holds no ids.
  /// - Complexity: O(1); a sequence is checked when it is read.
  public init(prefix: URL) throws {
    index = try MappedFile(prefix.appendingPathExtension("idx"))
    data = try MappedFile(prefix.appendingPathExtension("bin"))
    let bytes = index.bytes
    let path = index.url.path
    func broken(_ problem: String) -> GroveError { GroveError(.format, path, problem, remedy: TokenSequences.remedy) }
    guard bytes.count >= ShardIndex.headerBytes, bytes.prefix(9).elementsEqual(ShardIndex.magic) else {
      throw broken("not a Megatron index: \(bytes.count) bytes that do not begin with MMIDIDX")
    }
    let version = bytes.integer(at: 9, as: UInt64.self)
    guard version == 1 else { throw broken("version \(version) at byte 9; only 1 is known") }
    guard let type = TokenType(code: bytes[17]) else {
      throw broken("token type \(bytes[17]) at byte 17; only 4 (int32) and 8 (uint16) hold ids")
    }
    let sequences = bytes.integer(at: 18, as: UInt64.self)
    let marks = bytes.integer(at: 26, as: UInt64.self)
    let rest = UInt64(bytes.count - ShardIndex.headerBytes)
    // The comparisons come first, so that the products cannot overflow.
    guard sequences <= rest / 12, marks <= rest / 8, sequences * 12 + marks * 8 <= rest else {
      throw broken("\(sequences) sequences and \(marks) document marks do not fit in \(bytes.count) bytes")
    }
    self.type = type
    count = Int(sequences)
    guard data.bytes.count % type.byteCount == 0 else {
      throw GroveError(
        .format, data.url.path, "\(data.bytes.count) bytes are no whole number of \(type.rawValue) tokens",
        remedy: TokenSequences.remedy)
    }
    tokenCount = data.bytes.count / type.byteCount
    if count > 0 { _ = try range(of: count - 1) }
  }

  private static let remedy = "Build the shards again."

  /// Where a sequence stands in the tokens of the shard.
  /// - Precondition: `0 <= sequence < count`.
  /// - Throws: `GroveError` with code `.format` if the index points outside the tokens.
  public func range(of sequence: Int) throws -> Range<Int> {
    precondition(0 <= sequence && sequence < count, "sequence \(sequence) is outside 0..<\(count)")
    let sizeAt = ShardIndex.headerBytes + 4 * sequence
    let offsetAt = ShardIndex.headerBytes + 4 * count + 8 * sequence
    let size = Int(index.bytes.integer(at: sizeAt, as: Int32.self))
    let offset = Int(index.bytes.integer(at: offsetAt, as: Int64.self))
    guard size >= 0, offset >= 0, offset % type.byteCount == 0, offset / type.byteCount <= tokenCount,
      size <= tokenCount - offset / type.byteCount
    else {
      throw GroveError(
        .format, index.url.path,
        "sequence \(sequence) (bytes \(sizeAt) and \(offsetAt)) has \(size) tokens at byte \(offset) "
          + "of \(data.url.lastPathComponent), which has \(data.bytes.count) bytes",
        remedy: TokenSequences.remedy)
    }
    let first = offset / type.byteCount
    return first..<first + size
  }

  /// Copies tokens into a buffer of the same count and returns the largest.
  /// - Precondition: the range is inside `0..<tokenCount` and as long as the buffer.
  @discardableResult
  public func copy(_ range: Range<Int>, into output: UnsafeMutableBufferPointer<Int64>) -> Int64 {
    precondition(
      range.lowerBound >= 0 && range.upperBound <= tokenCount && range.count == output.count,
      "tokens \(range) of \(tokenCount) do not fill a buffer of \(output.count)")
    var largest: Int64 = 0
    // A negative int32 reads as a number beyond every vocabulary, so that the caller's check finds it.
    switch type {
    case .uint16:
      for (position, token) in range.enumerated() {
        output[position] = Int64(data.bytes.integer(at: 2 * token, as: UInt16.self))
        largest = max(largest, output[position])
      }
    case .int32:
      for (position, token) in range.enumerated() {
        output[position] = Int64(data.bytes.integer(at: 4 * token, as: UInt32.self))
        largest = max(largest, output[position])
      }
    }
    return largest
  }
}
