import Foundation
import GroveCore
import GroveModel
import GroveTesting
import Testing

@Suite("GGUF files that are not")
struct HostileGGUFTests {
  /// Bytes of a file, and what is said about it after its path.
  struct Hostile: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let bytes: [UInt8]
    let message: String

    init(_ name: String, _ bytes: [UInt8], _ problem: String, remedy: String = HostileGGUFTests.remedy) {
      (testDescription, self.bytes, message) = (name, bytes, "\(problem). \(remedy)")
    }
  }

  static let remedy = "The file is damaged or not a GGUF file."

  private static func number(_ value: some FixedWidthInteger) -> [UInt8] {
    withUnsafeBytes(of: value.littleEndian) { Array($0) }
  }

  private static func text(_ text: String) -> [UInt8] { number(UInt64(text.utf8.count)) + Array(text.utf8) }

  private static func header(tensors: UInt64 = 0, keys: UInt64 = 0, version: UInt32 = 3) -> [UInt8] {
    Array("GGUF".utf8) + number(version) + number(tensors) + number(keys)
  }

  private static func value(_ key: String, _ type: UInt32, _ bytes: [UInt8]) -> [UInt8] {
    text(key) + number(type) + bytes
  }

  private static func tensor(_ name: String, _ shape: [UInt64], type: UInt32 = 0, at offset: UInt64 = 0) -> [UInt8] {
    text(name) + number(UInt32(shape.count)) + shape.flatMap { number($0) } + number(type) + number(offset)
  }

  /// A file of these tensors, with so many bytes behind the header.
  private static func file(_ tensors: [[UInt8]], data: Int, keys: [[UInt8]] = []) -> [UInt8] {
    let start = header(tensors: UInt64(tensors.count), keys: UInt64(keys.count)) + keys.joined() + tensors.joined()
    return start + [UInt8](repeating: 0, count: (32 - start.count % 32) % 32 + data)
  }

  private static let starts = [
    Hostile("empty", [], "is not a GGUF file", remedy: "A model is a folder with config.json, or a GGUF file."),
    Hostile(
      "another kind of file", Array("GGML and more".utf8), "is not a GGUF file",
      remedy: "A model is a folder with config.json, or a GGUF file."),
    Hostile(
      "version 1", header(version: 1), "is GGUF of version 1",
      remedy: "Convert the model anew; little-endian files of versions 2 and 3 are read."),
    Hostile(
      "big-endian", header(version: 3 << 24), "is a big-endian GGUF file",
      remedy: "Convert the model anew; little-endian files of versions 2 and 3 are read."),
    Hostile("cut in the counts", Array(header().dropLast(3)), "the file ends after 21 bytes, in the header"),
    Hostile(
      "2⁶⁴ − 1 tensors", header(tensors: .max),
      "the header claims 18446744073709551615 tensors and 0 keys; more than 262144 and 65536 are not read"),
    Hostile(
      "2⁴⁰ keys", header(keys: 1 << 40),
      "the header claims 0 tensors and 1099511627776 keys; more than 262144 and 65536 are not read"),
    Hostile("no keys behind the count", header(keys: 1), "the file ends after 24 bytes, in key 0"),
    Hostile(
      "no tensors behind the count", header(tensors: 5), "the file ends after 24 bytes, in the name of tensor 0"),
  ]

  private static let values = [
    Hostile(
      "a key of 2⁶³ bytes", header(keys: 1) + number(UInt64(1) << 63) + [97],
      "key 0 has a text of 9223372036854775808 bytes, the file has 1 more"),
    Hostile(
      "a key of 100 kB", header(keys: 1) + text(String(repeating: "a", count: 100_000)),
      "key 0 has a text of 100000 bytes; more than 65535 are not read"),
    Hostile(
      "a key that is not UTF-8", header(keys: 1) + number(UInt64(1)) + [0xFF], "key 0 has a text that is not UTF-8"),
    Hostile("an unknown type", header(keys: 1) + value("a", 13, []), "a has the unknown type 13"),
    Hostile("a bool of 2", header(keys: 1) + value("a", 7, [2]), "a is 2, which is neither true nor false"),
    Hostile("a cut number", header(keys: 1) + value("a", 10, [1, 2]), "the file ends after 39 bytes, in a"),
    Hostile(
      "a list of 2⁶² numbers", header(keys: 1) + value("a", 9, number(UInt32(6)) + number(UInt64(1) << 62)),
      "a has 4611686018427387904 elements, the file has 0 more bytes"),
    Hostile(
      "a list of texts that end",
      header(keys: 1) + value("a", 9, number(UInt32(8)) + number(UInt64(2)) + text("12345678")),
      "the file ends after 65 bytes, in a"),
    Hostile(
      "a list of lists", header(keys: 1) + value("a", 9, number(UInt32(9)) + number(UInt64(1)) + number(UInt64(0))),
      "a is a list of lists, which no model needs"),
    Hostile(
      "a key twice", header(keys: 2) + value("a", 0, [1]) + value("a", 0, [1]), "the key a occurs twice"),
    Hostile(
      "an alignment of 0", header(keys: 1) + value("general.alignment", 4, number(UInt32(0))),
      "general.alignment is 0, not a power of two up to 1048576"),
    Hostile(
      "an alignment of 24", header(keys: 1) + value("general.alignment", 4, number(UInt32(24))),
      "general.alignment is 24, not a power of two up to 1048576"),
    Hostile(
      "an alignment that is a text", header(keys: 1) + value("general.alignment", 8, text("32")),
      "general.alignment is \"32\", not a power of two up to 1048576"),
  ]

  private static let tensors = [
    Hostile(
      "a name of 65 bytes", file([tensor(String(repeating: "n", count: 65), [1])], data: 32),
      "the name of tensor 0 has a text of 65 bytes; more than 64 are not read"),
    Hostile("no axes", file([tensor("a", [])], data: 32), "tensor a has 0 axes; a tensor has 1 to 4"),
    Hostile(
      "five axes", file([tensor("a", [1, 1, 1, 1, 1])], data: 32), "tensor a has 5 axes; a tensor has 1 to 4"),
    Hostile("an axis of 0", file([tensor("a", [4, 0])], data: 32), "tensor a has an axis of size 0"),
    Hostile(
      "sizes that overflow", file([tensor("a", [1 << 33, 1 << 33])], data: 32),
      "tensor a has more elements than memory could hold"),
    Hostile(
      "a size of 2⁶⁴ − 1", file([tensor("a", [.max])], data: 32), "tensor a has more elements than memory could hold"),
    Hostile(
      "a type that is not read", file([tensor("a", [256], type: 10)], data: 96),
      "tensor a has the type Q2_K, which is not supported",
      remedy: "Convert it to one of F32, F16, Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, Q4_K, Q5_K, Q6_K, BF16."),
    Hostile(
      "rows that are no blocks", file([tensor("a", [33], type: 8)], data: 96),
      "tensor a has rows of 33, not a multiple of Q8_0's 32"),
    Hostile(
      "outside the file", file([tensor("a", [9])], data: 32),
      "tensor a needs 36 bytes from byte 0, the tensors have 32"),
    Hostile(
      "an offset of 2⁶³", file([tensor("a", [1], at: 1 << 63)], data: 32),
      "tensor a needs 4 bytes from byte 9223372036854775808, the tensors have 32"),
    Hostile(
      "an offset between multiples", file([tensor("a", [1], at: 4)], data: 32),
      "tensor a starts at byte 4, not a multiple of 32"),
    Hostile(
      "overlapping tensors", file([tensor("a", [16]), tensor("b", [1], at: 32)], data: 64),
      "the tensors a and b overlap"),
    Hostile(
      "a name twice", file([tensor("a", [1]), tensor("a", [1], at: 32)], data: 64), "two tensors are called a"),
  ]

  private static func message(_ bytes: [UInt8]) throws -> String? {
    try Fixtures.withTemporaryFolder { folder in
      let url = folder.appending(path: "hostile.gguf")
      try Data(bytes).write(to: url)
      do { _ = try GGUFFile(url) } catch let error as GroveError {
        return error.description.replacingOccurrences(of: url.path + ": ", with: "")
      }
      return nil
    }
  }

  @Test("A file that is wrong is refused with the place and the reason", arguments: starts + values + tensors)
  func refused(hostile: Hostile) throws { #expect(try Self.message(hostile.bytes) == hostile.message) }

  @Test("A file cut anywhere is refused, never misread")
  func truncated() throws {
    let whole = try Data(contentsOf: Fixtures.url("gguf/blocks.gguf"))
    for count in stride(from: 0, to: whole.count - 64, by: 997) {
      #expect(try Self.message(Array(whole.prefix(count))) != nil, "\(count) bytes")
    }
  }

  @Test("Flipped bytes of a header never crash, and what is read stays inside the file")
  func flipped() throws {
    let whole = try Array(Data(contentsOf: Fixtures.url("gguf/blocks.gguf")))
    let random = RandomKey(seed: 7)
    try Fixtures.withTemporaryFolder { folder in
      let url = folder.appending(path: "flipped.gguf")
      for round in 0..<400 {
        var bytes = whole
        for flip in 0..<4 {
          let key = random.split(round).split(flip)
          bytes[Int(key.uniform(0) * 2_200)] = UInt8(key.uniform(1) * 255)
        }
        try Data(bytes).write(to: url)
        guard let file = try? GGUFFile(url) else { continue }
        for entry in file.entries { #expect(entry.bytes.upperBound <= bytes.count) }
        for (_, value) in file.metadata { _ = value.arrayValue?.strings() ?? [] }
      }
    }
  }

  @Test("Texts that fill gigabytes are refused before they are copied or counted")
  func longTexts() throws {
    let texts = (0..<5).map { index in Self.value("\(index)", 8, Self.number(UInt64(1) << 24)) }
    let list = Self.header(keys: 1) + Self.value("a", 9, Self.number(UInt32(8)) + Self.number(UInt64(1) << 23))
    try Fixtures.withTemporaryFolder { folder throws in
      let url = folder.appending(path: "long.gguf")
      func message(_ parts: [[UInt8]], apart: Int) throws -> String? {
        try Data().write(to: url)
        let handle = try FileHandle(forWritingTo: url)
        for (index, part) in parts.enumerated() {
          try handle.seek(toOffset: UInt64(index * apart + (index > 0 ? parts[..<index].joined().count : 0)))
          try handle.write(contentsOf: part)
        }
        try handle.truncate(atOffset: 1 << 30)
        try handle.close()
        let start = ContinuousClock.now
        defer { #expect(ContinuousClock.now - start < .seconds(5)) }
        return #expect(throws: GroveError.self) { try GGUFFile(url) }?.description
      }
      #expect(
        try message([Self.header(keys: 5) + texts[0]] + texts[1...], apart: 1 << 24)
          == "\(url.path): 3 brings the texts to 67108868 bytes; more than 67108864 are not read. \(Self.remedy)")
      #expect(
        try message([list], apart: 0)
          == "\(url.path): a has 8388608 texts; more than 4194304 are not read. \(Self.remedy)")
    }
  }

  @Test("A list that claims a gigabyte costs neither time nor memory")
  func claims() throws {
    let bytes = Self.header(keys: 1) + Self.value("a", 9, Self.number(UInt32(0)) + Self.number(UInt64(1) << 30))
    let start = ContinuousClock.now
    #expect(try Self.message(bytes) == "a has 1073741824 elements, the file has 0 more bytes. \(Self.remedy)")
    #expect(ContinuousClock.now - start < .seconds(1))
  }
}
