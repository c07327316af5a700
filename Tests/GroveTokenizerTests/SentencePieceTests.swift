import Foundation
import GroveCore
import GroveTokenizer
import Testing

/// Models give the ids and the texts of the sentencepiece library, as `sentencepiece.json` holds them.
struct SentencePieceTests {
  static let names: [String] = {
    guard let models = try? Fixtures.json("sentencepiece.json")["models"]?.arrayValue else { return [] }
    return models.compactMap { $0["name"]?.stringValue }
  }()

  private func model(_ name: String) throws -> (fixture: JSONValue, entry: JSONValue, bytes: [UInt8]) {
    let fixture = try Fixtures.json("sentencepiece.json")
    let entry = try #require(fixture["models"]?.arrayValue?.first { $0["name"]?.stringValue == name })
    let text = try #require(entry["model"]?.stringValue)
    let data = try #require(Data(base64Encoded: text))
    return (fixture, entry, [UInt8](data))
  }

  @Test("Every string has the ids and the text that sentencepiece gives it", arguments: names)
  func strings(name: String) throws {
    let (fixture, entry, bytes) = try model(name)
    let tokenizer = try Tokenizer(sentencePiece: bytes, at: name)
    var encoder = tokenizer.encoder(specialTokens: .asText, malformed: .keeping)
    let strings = try #require(fixture["strings"]).strings
    for (text, ids) in zip(strings, try #require(entry["first"]?.arrayValue)) {
      #expect(encoder.encode(text) == ids.ids, "\(text.debugDescription)")
    }
    let block = try #require(fixture["block"]?.integerValue)
    for (index, digest) in try #require(entry["digests"]).strings.enumerated() {
      let lines = try strings[index * block..<(index + 1) * block].map { text in
        let ids = encoder.encode(text)
        return ids.map(String.init).joined(separator: ",") + "\n"
          + (try tokenizer.decodeText(ids, specialTokens: .keeping)) + "\n"
      }
      #expect(ContentHash.of(lines.joined()) == digest, "strings \(index * block) to \((index + 1) * block - 1)")
    }
  }

  @Test("A model is written as it was read")
  func roundTrip() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "grove-model-\(UUID().uuidString)")
    defer { try? FileSystem.remove(folder) }
    let bytes = try model("bpe-bytes").bytes
    let tokenizer = try Tokenizer(sentencePiece: bytes, at: "m")
    try tokenizer.write(toFolder: folder)
    #expect([UInt8](try FileSystem.read(folder.appending(path: "tokenizer.model"))) == bytes)
    let again = try Tokenizer(contentsOf: folder)
    #expect(again.fingerprint == tokenizer.fingerprint)
    #expect(again.roles == tokenizer.roles)
  }

  @Test("A file that is cut off anywhere is refused or has fewer pieces, and never crashes", arguments: names)
  func truncated(name: String) throws {
    let bytes = try model(name).bytes
    for count in stride(from: 0, to: bytes.count, by: 97) {
      do { _ = try Tokenizer(sentencePiece: Array(bytes[..<count]), at: "m") } catch let error as GroveError {
        #expect(error.place.hasPrefix("m"))
      }
    }
  }

  @Test("Any byte may be wrong without a crash", arguments: names)
  func damaged(name: String) throws {
    let bytes = try model(name).bytes
    var random = RandomKey(seed: 3).generator()
    for _ in 0..<150 {
      var broken = bytes
      for _ in 0..<3 {
        broken[Int.random(in: broken.indices, using: &random)] = UInt8.random(in: 0...255, using: &random)
      }
      guard let tokenizer = try? Tokenizer(sentencePiece: broken, at: "m") else { continue }
      var encoder = tokenizer.encoder(specialTokens: .asText, malformed: .keeping)
      _ = try tokenizer.decode(encoder.encode("a  b\u{301} == 한국어 x"), specialTokens: .keeping)
    }
  }

  @Test(
    "What is no model is refused in words",
    arguments: [
      ([], "m: holds no pieces. Is it a sentencepiece model?"),
      ([0x0A, 0x7F, 1], "m, byte 2: a field of 127 bytes, and 1 are left"),
      (
        [0x0A, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F], "m, byte 11: a number of more than 64 bits"
      ),
      ([0x0B], "m, byte 1: 3 is no kind of field"), ([0x00], "m, byte 1: 0 is no field's tag"),
      ([0x0A, 0x80], "m, byte 2: the message ends inside a number"),
      (
        [0x0A, 0x00],
        "m › pieces[0]: a piece of 0 bytes with the score 0.0; it has 1 to 1024 bytes and a finite score"
      ),
      ([0x0A, 0x03, 0x0A, 0x01, 0x61], "m: has no piece for unknown characters"),
      ([0x0A, 0x02, 0x18, 0x09], "m › pieces[0]: 9 is no type of piece"),
      (
        [0x0A, 0x05, 0x0A, 0x01, 0x61, 0x18, 0x02, 0x12, 0x02, 0x18, 0x04],
        "m: the model type 4 is not supported. Unigram (1) and BPE (2) are."
      ),
    ] as [([UInt8], String)])
  func hostile(bytes: [UInt8], message: String) {
    let error = #expect(throws: GroveError.self) { try Tokenizer(sentencePiece: bytes, at: "m") }
    #expect(error?.description == message)
  }

  @Test("A BPE model whose pieces are long is refused before they are cut apart")
  func longPieces() throws {
    func field(_ number: UInt8, _ bytes: [UInt8]) -> [UInt8] {
      [number << 3 | 2] + [UInt8(bytes.count & 0x7F | 0x80), UInt8(bytes.count >> 7)] + bytes
    }
    let unknown = field(1, field(1, Array("<unk>".utf8)) + [0x18, 0x02])
    let pieces = (0..<600).flatMap { field(1, field(1, Array("\($0)".utf8) + Array(repeating: 0x61, count: 1000))) }
    let start = ContinuousClock.now
    let error = #expect(throws: GroveError.self) {
      try Tokenizer(sentencePiece: unknown + pieces + field(2, [0x18, 0x02]), at: "m")
    }
    #expect(error?.description == "m: its 601 pieces are too long: no BPE model of words has such ones")
    #expect(ContinuousClock.now - start < .seconds(5))
  }
}
