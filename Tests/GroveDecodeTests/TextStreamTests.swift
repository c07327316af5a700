import GroveCore
import GroveDecode
import Testing

@Suite("From bytes to text")
struct TextStreamTests {
  /// The pieces that come out, with what the end gives.
  private static func pieces(_ parts: [[UInt8]], stops: [String] = []) throws -> [String] {
    var stream = try TextStream(stops: stops)
    return parts.map { stream.append($0) } + [stream.flush()]
  }

  private static func bytes(_ text: String) -> [[UInt8]] { text.utf8.map { [$0] } }

  /// Text with characters of one to four bytes, joined emoji, and bytes that are not UTF-8.
  private static let hostile: [UInt8] =
    Array("aé漢🌲 👩‍👩‍👧 é\u{0}".utf8) + [0xFF, 0x80, 0xE0, 0x80, 0xF0, 0x9F, 0x8C, 0x41, 0xED, 0xA0, 0x80, 0xC3, 0xE6, 0xBC]

  @Test("The joined pieces are the whole text, however the bytes are cut", arguments: 1...9)
  func cuts(length: Int) throws {
    let parts = stride(from: 0, to: Self.hostile.count, by: length).map {
      Array(Self.hostile[$0..<min($0 + length, Self.hostile.count)])
    }
    #expect(try Self.pieces(parts).joined() == String(decoding: Self.hostile, as: UTF8.self))
  }

  @Test("Where the text stops does not depend on how the bytes are cut", arguments: 1...9)
  func stopCuts(length: Int) throws {
    let all = Array("one 🌲 two<end>three".utf8)
    let parts = stride(from: 0, to: all.count, by: length).map { Array(all[$0..<min($0 + length, all.count)]) }
    #expect(try Self.pieces(parts, stops: ["<end>", "three", "<enx"]).joined() == "one 🌲 two")
  }

  @Test("A character waits for its last byte, and no longer")
  func character() throws {
    #expect(try Self.pieces(Self.bytes("é🌲a")) == ["", "é", "", "", "", "🌲", "a", ""])
  }

  @Test("A character that never becomes whole is U+FFFD at the end")
  func incomplete() throws {
    #expect(try Self.pieces([[0x41, 0xF0, 0x9F], [0x8C]]) == ["A", "", "\u{FFFD}"])
  }

  @Test("What may begin a stop string waits, and comes out when it does not go on")
  func falseAlarm() throws {
    #expect(try Self.pieces(Self.bytes("a##b##!c"), stops: ["##!"]) == ["a", "", "", "##b", "", "", "", "", ""])
    #expect(try Self.pieces(Self.bytes("a##"), stops: ["##!"]) == ["a", "", "", "##"])
    #expect(try Self.pieces(Self.bytes("ababac!"), stops: ["abac"]).joined() == "ab")
  }

  @Test("The stop string that ends first counts, and of several the longest")
  func severalStops() throws {
    #expect(try Self.pieces(Self.bytes("xabcd"), stops: ["abcd", "bc"]).joined() == "xa")
    #expect(try Self.pieces(Self.bytes("xabc"), stops: ["c", "abc", "bc"]).joined() == "x")
  }

  @Test("A stop string that begins in the middle of a broken character still stops")
  func stopAfterBroken() throws {
    #expect(
      try Self.pieces([[0xE6, 0xBC], Array("EN".utf8), Array("D.".utf8)], stops: ["END"]).joined() == "\u{FFFD}")
  }

  @Test("An empty stop string is refused in words")
  func emptyStop() throws {
    let error = #expect(throws: GroveError.self) { try TextStream(stops: ["a", ""]) }
    #expect(error?.description == "stopStrings[1]: is empty, which would end every text at once")
  }
}
