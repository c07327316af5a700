import Foundation
import GroveCore
import GroveReport
import Testing

@Suite("TensorBoard")
struct TensorBoardTests {
  private let folder = FileManager.default.temporaryDirectory.appending(path: "grove-events-\(UUID().uuidString)")

  @Test("A file holds exactly the bytes that the format prescribes")
  func bytes() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    let writer = try TensorBoardWriter(folder: folder, startedAt: 0)
    try writer.write([("a", 1)], step: 2, at: 0.5)
    try writer.flush()
    // Checks: CRC-32C of each length and content, rotated right by 15 and shifted by 0xA282EAD8, computed apart
    // from this code with the bitwise definition of RFC 3720.
    let records = try Records(FileSystem.read(writer.url))
    #expect(records.contents[0] == [9, 0, 0, 0, 0, 0, 0, 0, 0, 0x1A, 13] + Array("brain.Event:2".utf8))
    #expect(
      records.contents[1] == [
        9, 0, 0, 0, 0, 0, 0, 0xE0, 0x3F, 16, 2, 0x2A, 10, 10, 8, 10, 1, 0x61, 0x15, 0, 0, 0x80, 0x3F,
      ])
    #expect(records.contents.count == 2)
  }

  @Test("The check is CRC-32C: the vectors of RFC 3720")
  func checks() {
    #expect(bitwiseCRC(Array(repeating: 0, count: 32)) == 0x8A91_36AA)
    #expect(bitwiseCRC(Array(repeating: 0xFF, count: 32)) == 0x62A8_AB43)
    #expect(bitwiseCRC(Array(0..<32)) == 0x46DD_794E)
    #expect(bitwiseCRC(Array("123456789".utf8)) == 0xE306_9283)
  }

  @Test("A resumed run writes a new file that sorts after the old, and names the step it goes on from")
  func resuming() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    let first = try TensorBoardWriter(folder: folder, startedAt: 1_700_000_000.9)
    try first.write([("loss", .nan), ("rate", 1e-3)], step: 1, at: 1_700_000_001)
    try first.flush()
    let before = try FileSystem.read(first.url)
    let second = try TensorBoardWriter(folder: folder, startedAt: 1_600_000_000, resumingAt: 180)
    try second.write("sample", text: "안녕 *you*", step: 181, at: 1_600_000_001)
    try second.flush()
    #expect(first.url.lastPathComponent == "events.out.tfevents.1700000000.grove.0000")
    #expect(second.url.lastPathComponent == "events.out.tfevents.1700000000.grove.0001")
    #expect(try FileSystem.read(first.url) == before)
    let contents = try Records(FileSystem.read(second.url)).contents
    #expect(Array(contents[1].suffix(7)) == [16, 180, 1, 0x3A, 2, 8, 1])
    #expect(contents[2].contains(Array("안녕 *you*".utf8)))
  }

  @Test("What was not flushed is written when the writer goes")
  func closing() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    var writer: TensorBoardWriter? = try TensorBoardWriter(folder: folder, startedAt: 0)
    let url = writer!.url
    for step in 0..<5000 { try writer!.write([("loss", Double(step))], step: step, at: Double(step)) }
    writer = nil
    #expect(try Records(FileSystem.read(url)).contents.count == 5001)
  }

  @Test("A folder that cannot be made is named")
  func refusal() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    try FileSystem.makeFolder(folder)
    let file = folder.appending(path: "file")
    try FileSystem.write("x", to: file)
    #expect(throws: GroveError.self) { try TensorBoardWriter(folder: file.appending(path: "events"), startedAt: 0) }
  }
}

/// A record file taken apart, its checks verified with the bitwise definition.
private struct Records {
  var contents: [[UInt8]] = []

  init(_ data: Data) throws {
    var rest = Array(data)[...]
    func take(_ count: Int) throws -> [UInt8] {
      try #require(rest.count >= count)
      defer { rest = rest.dropFirst(count) }
      return Array(rest.prefix(count))
    }
    while !rest.isEmpty {
      let length = try take(8)
      #expect(try take(4) == masked(length))
      let content = try take(Int(length.reversed().reduce(0) { $0 << 8 | UInt64($1) }))
      #expect(try take(4) == masked(content))
      contents.append(content)
    }
  }
}

private func masked(_ bytes: [UInt8]) -> [UInt8] {
  let value = bitwiseCRC(bytes)
  let mask = (value >> 15 | value << 17) &+ 0xA282_EAD8
  return (0..<4).map { UInt8(truncatingIfNeeded: mask >> (8 * $0)) }
}

/// CRC-32C one bit at a time.
private func bitwiseCRC(_ bytes: [UInt8]) -> UInt32 {
  var value: UInt32 = 0xFFFF_FFFF
  for byte in bytes {
    for bit in 0..<8 {
      let isOdd = (value ^ UInt32(byte >> bit)) & 1 == 1
      value = isOdd ? value >> 1 ^ 0x82F6_3B78 : value >> 1
    }
  }
  return ~value
}
