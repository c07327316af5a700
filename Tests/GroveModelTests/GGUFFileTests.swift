import Foundation
import GroveCore
import GroveModel
import GroveTensor
import GroveTesting
import Testing

@Suite("GGUF files")
struct GGUFFileTests {
  private static func fixture() throws -> GGUFFile { try GGUFFile(Fixtures.url("gguf/blocks.gguf")) }

  private static func bytes(_ tensor: Tensor) throws -> [UInt8] { try tensor.contiguous().withBytes { Array($0) } }

  private static func stored(_ name: String) throws -> [UInt8] {
    let file = try fixture()
    let range = try #require(file.entry(name)).bytes
    return Array(try Data(contentsOf: file.url)[range])
  }

  @Test("Metadata of every type is read")
  func metadata() throws {
    let file = try Self.fixture()
    #expect(file.version == 3 && file.alignment == 64)
    let integers: [String: Int] = [
      "uint8": 200, "int8": -100, "uint16": 60_000, "int16": -30_000, "uint32": 4_000_000_000,
      "int32": -2_000_000_000, "int64": -(1 << 62),
    ]
    for (type, value) in integers { #expect(file["value.\(type)"]?.integerValue == value, "\(type)") }
    // Beyond Int: a number that has no value as one.
    #expect(file["value.uint64"]?.integerValue == nil && file["value.uint64"]?.type == .uint64)
    #expect(file["value.float32"]?.numberValue == 0.1 && file["value.float64"]?.numberValue == 0.1)
    #expect(file["value.bool"]?.boolValue == true && file["value.string"]?.stringValue == "größer")
    #expect(file["value.texts"]?.arrayValue?.strings() == ["a", "", "größer"])
    #expect(file["value.integers"]?.arrayValue?.integers() == [1, -2, 3])
    #expect(file["value.numbers"]?.arrayValue?.numbers() == [0.5, -0.25])
    #expect(file["value.flags"]?.arrayValue?.count == 2 && file["value.flags"]?.arrayValue?.integers() == nil)
    #expect(file["value.none"] == nil)
  }

  @Test("Every type decodes to the bits of the reference", arguments: GGUFTensorType.allCases.dropFirst())
  func decoding(type: GGUFTensorType) throws {
    let file = try Self.fixture()
    let tensor = try file.tensor(type.name)
    #expect(file.entry(type.name)?.type == type && tensor.shape == [4, 512])
    #expect(try Self.bytes(tensor.cast(to: .float32)) == Self.bytes(file.tensor("\(type.name) decoded")))
  }

  @Test("What is written has the bytes of the reference", arguments: [GGUFTensorType.q8_0, .q4_0, .float16, .bfloat16])
  func encoding(type: GGUFTensorType) throws {
    try Fixtures.withTemporaryFolder { folder in
      let url = folder.appending(path: "out.gguf")
      let source = try Self.fixture().tensor("source")
      try GGUFWriter.write([.init("x", type, [4, 512]) { source }], metadata: [], to: url)
      let range = try #require(GGUFFile(url).entry("x")).bytes
      #expect(try Array(Data(contentsOf: url)[range]) == Self.stored(type.name))
    }
  }

  /// What is in the bytes of one block, and the values by hand at some places.
  private static let blocks: [(type: GGUFTensorType, bytes: [UInt8], values: [Int: Float])] = [
    // Scale 0.5: (1 − 8)/2 in the low halves, (15 − 8)/2 in the high ones.
    (.q4_0, [0x00, 0x38] + [UInt8](repeating: 0xF1, count: 16), [0: -3.5, 15: -3.5, 16: 3.5, 31: 3.5]),
    // Scale 0.5, minimum −1.
    (.q4_1, [0x00, 0x38, 0x00, 0xBC] + [UInt8](repeating: 0xF1, count: 16), [0: -0.5, 16: 6.5]),
    // The fifth bit of places 0 and 31.
    (.q5_0, [0x00, 0x38, 1, 0, 0, 0x80] + [UInt8](repeating: 0xF1, count: 16), [0: 0.5, 1: -7.5, 16: -0.5, 31: 7.5]),
    (
      .q5_1, [0x00, 0x38, 0x00, 0xBC, 1, 0, 0, 0x80] + [UInt8](repeating: 0xF1, count: 16),
      [0: 7.5, 1: -0.5, 16: 6.5, 31: 14.5]
    ),
    (.q8_0, [0x00, 0x38, 0x80, 0x7F] + [UInt8](repeating: 0, count: 30), [0: -64, 1: 63.5, 2: 0]),
    // Scale 1, minimum 1; part 0 has step 2 and lowest 3, part 4 step 1 + 16 and lowest 2 + 32.
    (
      .q4_K,
      [0x00, 0x3C, 0x00, 0x3C, 2 | 1 << 6, 0, 0, 0, 3 | 2 << 6, 0, 0, 0, 1 | 2 << 4, 0, 0, 0]
        + [UInt8](repeating: 0x21, count: 128), [0: -1, 31: -1, 32: 0, 128: 17 - 34, 160: 0]
    ),
    // The same with a fifth bit of part 0 everywhere.
    (
      .q5_K,
      [0x00, 0x3C, 0x00, 0x3C, 2 | 1 << 6, 0, 0, 0, 3 | 2 << 6, 0, 0, 0, 1 | 2 << 4, 0, 0, 0]
        + [UInt8](repeating: 1, count: 32) + [UInt8](repeating: 0x21, count: 128), [0: 31, 32: 0, 128: -17]
    ),
    // Scale 1, steps 1 and −2: low bits 1 and 2, high bits 3, 0, 0, 0.
    (
      .q6_K,
      [UInt8](repeating: 0x21, count: 128) + [UInt8](repeating: 3, count: 64)
        + [1, 0xFE] + [UInt8](repeating: 1, count: 14) + [0x00, 0x3C], [0: 17, 16: -34, 32: -31, 64: -30, 128: 17]
    ),
  ]

  @Test("Blocks by hand", arguments: blocks.indices)
  func handWorked(index: Int) {
    let (type, bytes, expected) = Self.blocks[index]
    #expect(bytes.count == type.blockBytes)
    var values = [Float](repeating: 0, count: type.blockElements)
    values.withUnsafeMutableBufferPointer { values in bytes.withUnsafeBytes { type.decode($0, into: values) } }
    for (place, value) in expected { #expect(values[place] == value, "\(type.name) at \(place)") }
  }

  @Test("Quantising what was quantised changes nothing", arguments: [GGUFTensorType.q8_0, .q4_0])
  func idempotent(type: GGUFTensorType) throws {
    let blocks = try Self.stored(type.name)
    var values = [Float](repeating: 0, count: 2048)
    values.withUnsafeMutableBufferPointer { values in blocks.withUnsafeBytes { type.decode($0, into: values) } }
    let again = try #require(values.withUnsafeBufferPointer { type.encode($0) })
    var second = [Float](repeating: 0, count: 2048)
    second.withUnsafeMutableBufferPointer { second in again.withUnsafeBytes { type.decode($0, into: second) } }
    #expect(zip(values, second).allSatisfy { abs($0 - $1) <= 1e-3 * max(abs($0), 1e-3) })
  }

  @Test("What is written is read back: metadata of every type, and tensors at their places")
  func roundTrip() throws {
    try Fixtures.withTemporaryFolder { folder in
      let url = folder.appending(path: "all.gguf")
      let fixture = try Self.fixture()
      let items = try ["source", "F16", "BF16"].map { name in
        let entry = try #require(fixture.entry(name))
        return GGUFWriter.Item(name, entry.type, entry.shape) { try fixture.tensor(name) }
      }
      try GGUFWriter.write(items, metadata: fixture.metadata, to: url)
      let file = try GGUFFile(url)
      #expect(file.alignment == 32)
      #expect(file.metadata.map(\.key) == fixture.metadata.map(\.key).filter { $0 != "general.alignment" })
      #expect(file["value.texts"]?.arrayValue?.strings() == ["a", "", "größer"])
      #expect(file["value.float32"]?.numberValue == 0.1 && file["value.int8"]?.integerValue == -100)
      for item in items {
        #expect(file.entry(item.name)?.shape == item.shape)
        #expect(try Self.bytes(file.tensor(item.name)) == Self.bytes(fixture.tensor(item.name)), "\(item.name)")
      }
    }
  }

  @Test("Version 2 is read as version 3 is")
  func version2() throws {
    try Fixtures.withTemporaryFolder { folder in
      var bytes = try Data(contentsOf: Fixtures.url("gguf/blocks.gguf"))
      bytes[4] = 2
      let url = folder.appending(path: "old.gguf")
      try bytes.write(to: url)
      let file = try GGUFFile(url)
      #expect(try file.version == 2 && file.entries.count == Self.fixture().entries.count)
    }
  }

  @Test("A tensor outlives the file that it was read from, and a missing one is an error with its name")
  func tensors() throws {
    let tensor = try Self.fixture().tensor("source").narrowed(0, from: 1, count: 1)
    #expect(try tensor.values(as: Float.self).count == 512)
    let error = #expect(throws: GroveError.self) { try Self.fixture().tensor("weights") }
    #expect(error?.description == "\(Fixtures.url("gguf/blocks.gguf").path): has no tensor weights")
  }

  @Test("Values that blocks cannot hold are refused, and what was there before stays")
  func unwritable() throws {
    try Fixtures.withTemporaryFolder { folder in
      let url = folder.appending(path: "one.gguf")
      let good = try Tensor([Float](repeating: 1, count: 32), [1, 32])
      try GGUFWriter.write([.init("x", .q8_0, [1, 32]) { good }], metadata: [], to: url)
      for wrong in [Float.nan, .infinity, 1e8] {
        let error = #expect(throws: GroveError.self) {
          try GGUFWriter.write(
            [.init("y", .q8_0, [1, 32]) { try Tensor([wrong] + [Float](repeating: 1, count: 31), [1, 32]) }],
            metadata: [], to: url)
        }
        #expect(
          error?.description
            == "y: has values that Q8_0 cannot hold: not finite, or too large for its scale. Write it as float32.")
      }
      #expect(try GGUFFile(url).entries.map(\.name) == ["x"])
      #expect(try FileSystem.entries(of: folder).count == 1)
    }
  }
}
