import Foundation
import GroveCore
import GroveModel
import GroveTesting
import Testing

@Suite("safetensors files that are not")
struct HostileSafetensorsTests {
  /// Bytes of a file, and what is said about it after its path.
  struct Hostile: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let bytes: [UInt8]
    let message: String

    /// A file with a header of its own length and `count` bytes of data.
    init(_ name: String, header: String, data count: Int, _ message: (_ dataStart: Int) -> String) {
      testDescription = name
      let length = UInt64(header.utf8.count)
      bytes =
        withUnsafeBytes(of: length.littleEndian) { Array($0) } + Array(header.utf8) + Array(repeating: 0, count: count)
      self.message = message(8 + Int(length))
    }

    init(_ name: String, length: UInt64, rest: Int, _ message: String) {
      testDescription = name
      bytes = withUnsafeBytes(of: length.littleEndian) { Array($0) } + Array(repeating: 0x20, count: rest)
      self.message = message
    }
  }

  private static let remedy = "The file is damaged or not a safetensors file."

  private static func entry(_ name: String, _ dtype: String, _ shape: String, _ from: Int, _ to: Int) -> String {
    #""\#(name)":{"dtype":"\#(dtype)","shape":\#(shape),"data_offsets":[\#(from),\#(to)]}"#
  }

  private static let lengths = [
    Hostile(
      "header length 2⁶³", length: 1 << 63, rest: 8, "the header claims 9223372036854775808 bytes, the file has 16. "),
    Hostile(
      "header length 2⁶⁴ − 1", length: .max, rest: 0, "the header claims 18446744073709551615 bytes, the file has 8. "),
    Hostile("a claim of 100 MB", length: 100_000_000, rest: 8, "the header claims 100000000 bytes, the file has 16. "),
    Hostile("one byte too long", length: 9, rest: 8, "the header claims 9 bytes, the file has 16. "),
  ]

  private static let headers = [
    Hostile("no JSON", header: "{]", data: 0) { _ in "not JSON at line 1, column 2: expected a key in quotes" },
    Hostile("deep JSON", header: String(repeating: "[", count: 100_000), data: 0) { _ in
      "not JSON at line 1, column 258: nested deeper than 256 levels"
    },
    Hostile("an array", header: "[]", data: 0) { _ in "the header is not an object. " },
    Hostile("an entry that is a number", header: #"{"a":1}"#, data: 0) { _ in "tensor a has the unknown dtype none. " },
    Hostile("an unknown dtype", header: "{\(entry("a", "F7", "[1]", 0, 4))}", data: 4) { _ in
      #"tensor a has the unknown dtype "F7". "#
    },
    Hostile(
      "the same name twice", header: "{\(entry("a", "U8", "[1]", 0, 1)),\(entry("a", "U8", "[1]", 1, 2))}", data: 2
    ) {
      _ in "two tensors have the same name. "
    },
  ]

  private static let shapes = [
    Hostile("a negative size", header: "{\(entry("a", "F32", "[-1]", 0, 4))}", data: 4) { _ in
      "tensor a has no valid shape or data_offsets. "
    },
    Hostile("a broken size", header: "{\(entry("a", "F32", "[1.5]", 0, 4))}", data: 4) { _ in
      "tensor a has no valid shape or data_offsets. "
    },
    Hostile("no shape", header: #"{"a":{"dtype":"F32","data_offsets":[0,4]}}"#, data: 4) { _ in
      "tensor a has no valid shape or data_offsets. "
    },
    Hostile("one offset", header: #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0]}}"#, data: 4) { _ in
      "tensor a has no valid shape or data_offsets. "
    },
    Hostile("a shape that overflows", header: "{\(entry("a", "F32", "[4294967296,4294967296]", 0, 4))}", data: 4) { _ in
      "tensor a has more elements than memory could hold. "
    },
    Hostile("a shape that overflows to 0", header: "{\(entry("a", "F32", "[4611686018427387904,4]", 0, 0))}", data: 0) {
      _ in "tensor a has more elements than memory could hold. "
    },
    Hostile("fewer bytes than the shape", header: "{\(entry("a", "F32", "[2]", 0, 4))}", data: 4) { _ in
      "tensor a needs 8 bytes but data_offsets are [0, 4]. "
    },
  ]

  private static let ranges = [
    Hostile("negative offsets", header: "{\(entry("a", "F32", "[1]", -4, 0))}", data: 4) { _ in
      "tensor a needs 4 bytes but data_offsets are [-4, 0]. "
    },
    Hostile("offsets backwards", header: "{\(entry("a", "F32", "[1]", 4, 0))}", data: 4) { _ in
      "tensor a needs 4 bytes but data_offsets are [4, 0]. "
    },
    Hostile("data cut short", header: "{\(entry("a", "F32", "[2]", 0, 8))}", data: 7) { _ in
      "tensor a ends at byte 8 of the data, the file holds 7. "
    },
    Hostile("data too long", header: "{\(entry("a", "F32", "[2]", 0, 8))}", data: 9) {
      "the tensors end at byte \($0 + 8), the file has \($0 + 9). "
    },
    Hostile("no tensors but data", header: "{}", data: 1) { "the tensors end at byte \($0), the file has \($0 + 1). " },
    Hostile("an overlap", header: "{\(entry("a", "F32", "[2]", 0, 8)),\(entry("b", "F32", "[2]", 4, 12))}", data: 12) {
      "tensor b starts at byte \($0 + 4), expected \($0 + 8). "
    },
    Hostile("a gap", header: "{\(entry("a", "F32", "[1]", 0, 4)),\(entry("b", "F32", "[1]", 8, 12))}", data: 12) {
      "tensor b starts at byte \($0 + 8), expected \($0 + 4). "
    },
    Hostile("a gap in front", header: "{\(entry("a", "F32", "[1]", 4, 8))}", data: 8) {
      "tensor a starts at byte \($0 + 4), expected \($0). "
    },
  ]

  @Test("Each is refused in words", arguments: lengths + headers + shapes + ranges)
  func refused(hostile: Hostile) throws {
    try Fixtures.withTemporaryFolder { folder in
      let url = folder.appending(path: "hostile.safetensors")
      try Data(hostile.bytes).write(to: url)
      let error = #expect(throws: GroveError.self) { try SafetensorsFile(url) }
      // What the JSON parser says has no remedy.
      let remedy = hostile.message.hasSuffix(" ") ? Self.remedy : ""
      #expect(error?.description == "\(url.path): \(hostile.message)\(remedy)")
      #expect(error?.code == .format)
    }
  }

  @Test("A file that ends before its header is refused in words", arguments: 0..<8)
  func short(count: Int) throws {
    try Fixtures.withTemporaryFolder { folder in
      let url = folder.appending(path: "short.safetensors")
      try Data(repeating: 0, count: count).write(to: url)
      let error = #expect(throws: GroveError.self) { try SafetensorsFile(url) }
      #expect(error?.description == "\(url.path): \(count) bytes are too few for a header. \(Self.remedy)")
    }
  }

  @Test("A real file cut off anywhere is refused", arguments: [8, 9, 100, 800, 900, 927])
  func truncated(count: Int) throws {
    let whole = try Data(contentsOf: Fixtures.url("safetensors/python.safetensors"))
    try #require(count < whole.count)
    try Fixtures.withTemporaryFolder { folder in
      let url = folder.appending(path: "cut.safetensors")
      try whole.prefix(count).write(to: url)
      let error = #expect(throws: GroveError.self) { try SafetensorsFile(url) }
      #expect(error?.code == .format)
    }
  }

  @Test("A file that is not there, or is a folder, is refused in words")
  func noFile() throws {
    try Fixtures.withTemporaryFolder { folder in
      let missing = folder.appending(path: "missing.safetensors")
      let error = #expect(throws: GroveError.self) { try SafetensorsFile(missing) }
      #expect(error?.description == "\(missing.path): cannot open: no such file or directory")
      let folderError = #expect(throws: GroveError.self) { try SafetensorsFile(folder) }
      #expect(folderError?.description == "\(folder.path): is a folder, not a file")
    }
  }

  @Test("A header of 2 GB is refused without being read")
  func longHeader() throws {
    try Fixtures.withTemporaryFolder { folder in
      let url = folder.appending(path: "long.safetensors")
      try Data(withUnsafeBytes(of: UInt64(2 << 30).littleEndian) { Array($0) }).write(to: url)
      let handle = try FileHandle(forWritingTo: url)
      try handle.truncate(atOffset: 3 << 30)  // a hole, which takes no disk
      try handle.close()
      let start = ContinuousClock.now
      let error = #expect(throws: GroveError.self) { try SafetensorsFile(url) }
      #expect(
        error?.description
          == "\(url.path): the header claims 2147483648 bytes; more than 100000000 are not read. \(Self.remedy)")
      #expect(ContinuousClock.now - start < .seconds(5))
    }
  }
}
