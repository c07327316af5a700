import Foundation
import GroveCore
import Testing

@Suite("Files")
struct FileTests {
  let folder: TemporaryFolder
  var file: URL { folder.url.appending(path: "a.bin") }

  init() throws { folder = try TemporaryFolder() }

  private func names() throws -> [String] { try FileSystem.entries(of: folder.url).map(\.lastPathComponent) }

  @Test("A committed file holds all that was written, in pieces small and large")
  func commit() throws {
    let writer = try FileWriter(file)
    var expected: [UInt8] = []
    for size in [0, 1, 1 << 20, 3, 1 << 20 | 7, 100] {
      let piece = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ size) }
      try writer.write(piece)
      expected += piece
    }
    try writer.commit()
    #expect(writer.byteCount == expected.count)
    #expect(try FileSystem.byteCount(of: file) == expected.count)
    #expect(try Array(FileSystem.read(file)) == expected)
    #expect(try names() == ["a.bin"])
  }

  @Test("An abandoned writer leaves the old content and nothing else")
  func abandoned() throws {
    try FileSystem.write("old", to: file)
    do {
      let writer = try FileWriter(file)
      try writer.write("new")
    }
    let other = try FileWriter(file)
    try other.write("newer")
    other.abandon()
    #expect(try FileSystem.read(file) == Data("old".utf8))
    #expect(try names() == ["a.bin"])
  }

  @Test("A commit that cannot rename leaves no file aside")
  func failedRename() throws {
    try FileSystem.makeFolder(file.appending(path: "child"))
    do {
      let writer = try FileWriter(file)
      try writer.write("x")
      #expect(message { try writer.commit() } == "\(file.path): cannot rename: is a directory")
    }
    #expect(try names() == ["a.bin"])
  }

  @Test("Missing files and folders are named in words")
  func missing() throws {
    let lost = folder.url.appending(path: "no/such.bin")
    #expect(message { try FileWriter(lost) } == "\(lost.path): cannot create: no such file or directory")
    #expect(message { try MappedFile(lost) } == "\(lost.path): cannot open: no such file or directory")
    #expect(message { try FileReader(lost) } == "\(lost.path): cannot open: no such file or directory")
    #expect(message { try FileSystem.read(lost) } == "\(lost.path): cannot read: no such file or directory")
    #expect(message { try FileSystem.byteCount(of: lost) } == "\(lost.path): cannot read: no such file or directory")
    #expect(message { try MappedFile(folder.url) } == "\(folder.url.path): is a folder, not a file")
    try FileSystem.remove(lost)
  }

  @Test("A mapped file shows the bytes of the file, also when it is empty")
  func mapped() throws {
    try FileSystem.write([1, 2, 3] as [UInt8], to: file)
    #expect(try MappedFile(file).withBytes { Array($0) } == [1, 2, 3])
    try FileSystem.write([] as [UInt8], to: file)
    #expect(try MappedFile(file).withBytes { $0.isEmpty })
  }

  @Test("Memory of a mapped file that was given back is read again")
  func released() throws {
    let bytes = (0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    try FileSystem.write(bytes, to: file)
    let mapped = try MappedFile(file)
    for range in [0..<100_000, 5000..<90_000, 10..<20, 0..<0] {
      mapped.release(range)
      #expect(mapped.withBytes { Array($0) } == bytes)
    }
    try FileSystem.write([] as [UInt8], to: file)
    try MappedFile(file).release(0..<0)
  }

  @Test("Entries are sorted by their bytes")
  func entries() throws {
    for name in ["b", "a", "Z", "é", "10", "9"] { try FileSystem.write("", to: folder.url.appending(path: name)) }
    #expect(try names() == ["10", "9", "Z", "a", "b", "é"])
  }

  @Test("A rename replaces a file and keeps its content")
  func rename() throws {
    let target = folder.url.appending(path: "b.bin")
    try FileSystem.write("new", to: file)
    try FileSystem.write("old", to: target)
    try FileSystem.rename(file, to: target)
    #expect(try FileSystem.read(target) == Data("new".utf8))
    #expect(
      message { try FileSystem.rename(file, to: target) }
        == "\(file.path): cannot rename to b.bin: no such file or directory")
  }
}

@Suite("ContentHash")
struct ContentHashTests {
  @Test(
    "The vectors of FIPS 180-4",
    arguments: [
      ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
      ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
      (
        "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
      ),
    ])
  func vectors(text: String, expected: String) { #expect(ContentHash.of(text) == expected) }

  @Test("A file has the hash of its bytes, whatever the pieces")
  func pieces() throws {
    let folder = try TemporaryFolder()
    let file = folder.url.appending(path: "a")
    let bytes = (0..<(5 << 20)).map { UInt8(truncatingIfNeeded: $0 &* 7) }
    try FileSystem.write(bytes, to: file)
    var hash = ContentHash()
    for start in stride(from: 0, to: bytes.count, by: 999_983) {
      hash.update(bytes[start..<min(start + 999_983, bytes.count)])
    }
    #expect(try ContentHash.ofFile(file) == hash.hexadecimal())
  }
}
