import Foundation
import GroveCore
import GroveCorpus
import Testing

@Suite("Shards are Megatron's files, and the ledger leads back")
struct ShardTests {
  private func write(_ folder: TemporaryFolder, vocabularySize: Int = 300) throws -> (URL, ShardContent) {
    let prefix = folder.url.appending(path: "web")
    let writer = try ShardWriter(prefix: prefix, domain: "web", vocabularySize: vocabularySize)
    try writer.append([5, 299, 0], id: "first", source: 0, line: 3, byteCount: 10)
    try writer.append([0], id: "", source: 1, line: 9, byteCount: 0)
    try writer.append([7, 0], id: "dritte ü", source: 1, line: 11, byteCount: 4)
    return (prefix, try writer.finish(sources: ["a.jsonl", "b/c.jsonl"]))
  }

  @Test("The three files of a small shard, byte by byte")
  func bytes() throws {
    let folder = try TemporaryFolder()
    let (prefix, content) = try write(folder)
    #expect(try FileSystem.read(prefix.appendingPathExtension("bin")) == Data([5, 0, 43, 1, 0, 0, 0, 0, 7, 0, 0, 0]))
    var index: [UInt8] = Array("MMIDIDX".utf8) + [0, 0] + littleEndian(UInt64(1)) + [8]
    index += littleEndian(UInt64(3)) + littleEndian(UInt64(4))
    for size: Int32 in [3, 1, 2] { index += littleEndian(size) }
    for offset: Int64 in [0, 6, 8] { index += littleEndian(offset) }
    for mark: Int64 in [0, 1, 2, 3] { index += littleEndian(mark) }
    #expect(try FileSystem.read(prefix.appendingPathExtension("idx")) == Data(index))
    var ledger: [UInt8] = Array("GRVLEDG1firstdritte ü".utf8) + [0, 0]
    func record(_ long: [UInt64], _ short: [UInt32]) {
      ledger += long.flatMap(littleEndian) + short.flatMap(littleEndian)
    }
    record([0, 8, 3, 10], [3, 5, 0, 0])
    record([3, 13, 9, 0], [1, 0, 1, 0])
    record([4, 13, 11, 4], [2, 9, 1, 0])
    let names = #"{"domain":"web","sources":["a.jsonl","b/c.jsonl"]}"#
    ledger += Array(names.utf8)
    for value in [24, 3, 168, names.utf8.count, 6, 14, 1] { ledger += littleEndian(UInt64(value)) }
    #expect(try FileSystem.read(prefix.appendingPathExtension("ledger")) == Data(ledger + Array("GRVLEDG1".utf8)))
    #expect(content.documents == 3 && content.tokens == 6 && content.bytes == 14)
    for (ending, hash) in [("bin", content.hashes.bin), ("idx", content.hashes.idx), ("ledger", content.hashes.ledger)]
    {
      #expect(try ContentHash.ofFile(prefix.appendingPathExtension(ending)) == hash)
    }
    #expect(try FileSystem.entries(of: folder.url).map(\.lastPathComponent) == ["web.bin", "web.idx", "web.ledger"])
  }

  @Test("What was written is read back, and every token leads to its document", arguments: [300, 65_536, 65_537])
  func roundTrip(vocabularySize: Int) throws {
    let folder = try TemporaryFolder()
    let (prefix, _) = try write(folder, vocabularySize: vocabularySize)
    let shard = try TokenShard(prefix: prefix)
    #expect(shard.sequences.type == (vocabularySize <= 65_536 ? .uint16 : .int32))
    var tokens = [Int64](repeating: -1, count: 6)
    let largest = tokens.withUnsafeMutableBufferPointer { shard.sequences.copy(0..<6, into: $0) }
    #expect(tokens == [5, 299, 0, 0, 7, 0] && largest == 299)
    #expect(try (0..<3).map { try shard.sequences.range(of: $0) } == [0..<3, 3..<4, 4..<6])
    #expect(try (0..<6).map { try shard.ledger.entry(holding: $0).index } == [0, 0, 0, 1, 2, 2])
    let last = try shard.ledger.entry(2)
    #expect(last.id == "dritte ü" && last.origin.description == "b/c.jsonl:11" && last.byteCount == 4)
    #expect(shard.ledger.domain == "web" && last.tokens == 4..<6)
  }

  @Test("Ids beyond the vocabulary are refused before they are written")
  func idOutsideVocabulary() throws {
    let folder = try TemporaryFolder()
    #expect(
      message { try write(folder, vocabularySize: 299) }
        == "first: the tokenizer gave the id 299 for a vocabulary of 299. Give the size that the tokenizer reports.")
    #expect(try FileSystem.entries(of: folder.url) == [])
  }

  /// Changes a file of the shard and returns what opening it and reading its last document says.
  private func afterChange(_ ending: String, _ change: (inout [UInt8]) -> Void) throws -> String {
    let folder = try TemporaryFolder()
    let (prefix, _) = try write(folder)
    let file = prefix.appendingPathExtension(ending)
    var bytes = Array(try FileSystem.read(file))
    change(&bytes)
    try FileSystem.write(bytes, to: file)
    return message(folder) {
      let shard = try TokenShard(prefix: prefix)
      for index in 0..<3 { _ = try (shard.sequences.range(of: index), shard.ledger.entry(index)) }
      return try shard.ledger.entry(holding: 5)
    }
  }

  private let remedy = " Build the shards again."

  @Test("Broken indexes are refused with the byte that is wrong")
  func brokenIndex() throws {
    #expect(
      try afterChange("idx") { $0 = Array($0.prefix(20)) }
        == "DIR/web.idx: not a Megatron index: 20 bytes that do not begin with MMIDIDX." + remedy)
    #expect(try afterChange("idx") { $0[9] = 2 } == "DIR/web.idx: version 2 at byte 9; only 1 is known." + remedy)
    #expect(
      try afterChange("idx") { $0[17] = 6 }
        == "DIR/web.idx: token type 6 at byte 17; only 4 (int32) and 8 (uint16) hold ids." + remedy)
    #expect(
      try afterChange("idx") { $0.removeLast() }
        == "DIR/web.idx: 3 sequences and 4 document marks do not fit in 101 bytes." + remedy)
    #expect(
      try afterChange("idx") { $0.replaceSubrange(18..<26, with: littleEndian(UInt64.max)) }
        == "DIR/web.idx: 18446744073709551615 sequences and 4 document marks do not fit in 102 bytes." + remedy)
    #expect(
      try afterChange("idx") { $0[34] = 200 }
        == "DIR/web.idx: sequence 0 (bytes 34 and 46) has 200 tokens at byte 0 of web.bin, which has 12 bytes." + remedy
    )
    #expect(
      try afterChange("idx") { $0[69] = 0x80 }
        == "DIR/web.idx: sequence 2 (bytes 42 and 62) has 2 tokens at byte -9223372036854775800 of web.bin, "
        + "which has 12 bytes." + remedy)
    #expect(
      try afterChange("bin") { $0.removeLast() } == "DIR/web.bin: 11 bytes are no whole number of uint16 tokens."
        + remedy)
    #expect(
      try afterChange("bin") { $0 += [0, 0] }
        == "DIR/web: the ledger tells of 3 documents and 6 tokens, the index and the tokens of 3 and 7." + remedy)
  }

  @Test("Broken ledgers are refused with the byte that is wrong")
  func brokenLedger() throws {
    #expect(
      try afterChange("ledger") { $0 = [] }
        == "DIR/web.ledger: not a ledger: 0 bytes that do not begin with GRVLEDG1." + remedy)
    #expect(
      try afterChange("ledger") { $0.removeLast() }
        == "DIR/web.ledger: the ledger has no footer of version 1 at byte 217; it is cut off or altered." + remedy)
    #expect(
      try afterChange("ledger") { $0[218 + 7] = 0xFF } == "DIR/web.ledger: the number at byte 218 is out of range."
        + remedy)
    #expect(
      try afterChange("ledger") { $0[218 + 8] = 4 }
        == "DIR/web.ledger: the parts do not fill the file: 4 records at byte 24, names at 168." + remedy)
    for (byte, problem) in [(24 + 48 + 4, 1), (24 + 96 + 8 + 3, 2), (24 + 48 + 40, 1), (24 + 32 + 3, 0)] {
      #expect(
        try afterChange("ledger") { $0[byte] = 0x7F }
          == "DIR/web.ledger: the record of document \(problem) at byte \(24 + 48 * problem) points outside the file."
          + remedy)
    }
    #expect(
      try afterChange("ledger") { $0[24 + 96] = 0 }
        == "DIR/web.ledger: no document holds token 5; the records are out of order." + remedy)
  }
}
