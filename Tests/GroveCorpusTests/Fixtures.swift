import Foundation
import GroveCore
import GroveCorpus

/// A folder that goes away with the last reference.
final class TemporaryFolder {
  let url: URL

  init() throws {
    url = FileManager.default.temporaryDirectory.resolvingSymlinksInPath()
      .appending(path: "grove-corpus-\(UUID().uuidString)")
    try FileSystem.makeFolder(url)
  }

  deinit { try? FileSystem.remove(url) }

  func file(_ name: String, _ bytes: [UInt8]) throws -> URL {
    let file = url.appending(path: name)
    try FileSystem.makeFolder(file.deletingLastPathComponent())
    try FileSystem.write(bytes, to: file)
    return file
  }

  func file(_ name: String, _ text: String) throws -> URL { try file(name, Array(text.utf8)) }
}

/// Compressed data written out by hand: what a format says, not what a library makes of it.
enum Packed {
  /// One gzip member with one stored block (RFC 1951 §3.2.4, RFC 1952 §2.3).
  static func gzip(_ text: String) -> [UInt8] {
    let bytes = Array(text.utf8)
    precondition(bytes.count < 1 << 16)
    let size = UInt16(bytes.count)
    var packed: [UInt8] = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 255, 1]
    packed += littleEndian(size) + littleEndian(~size) + bytes
    return packed + littleEndian(crc32(bytes)) + littleEndian(UInt32(size))
  }

  /// One Zstandard frame with one raw block and no checksum (RFC 8878 §3.1.1).
  static func zstandard(_ text: String) -> [UInt8] {
    let bytes = Array(text.utf8)
    precondition(bytes.count < 256)
    let header = UInt32(bytes.count) << 3 | 1
    return [0x28, 0xB5, 0x2F, 0xFD, 0x20, UInt8(bytes.count)] + littleEndian(header).prefix(3) + bytes
  }

  private static func crc32(_ bytes: [UInt8]) -> UInt32 {
    ~bytes.reduce(~0) { crc, byte in
      (0..<8).reduce(crc ^ UInt32(byte)) { crc, _ in crc & 1 == 1 ? crc >> 1 ^ 0xEDB8_8320 : crc >> 1 }
    }
  }
}

func littleEndian(_ value: some FixedWidthInteger) -> [UInt8] { withUnsafeBytes(of: value.littleEndian, Array.init) }

/// The message of the `GroveError` that `body` throws, with the folder replaced by "DIR".
func message(_ folder: TemporaryFolder? = nil, _ body: () throws -> some Any) -> String {
  do {
    _ = try body()
    return "no error"
  } catch {
    let text = "\(error)"
    return folder.map { text.replacingOccurrences(of: $0.url.path, with: "DIR") } ?? text
  }
}

/// A tokenizer of single bytes; 256 ends a text.
let byteTokenizer = TokenizerIdentity(fingerprint: "bytes", vocabularySize: 257, endOfText: 256)

func encodeBytes(_ text: UnsafeBufferPointer<UInt8>, _ ids: inout [UInt32]) {
  ids.append(contentsOf: text.map(UInt32.init))
}

/// A corpus of documents with known texts: `count` of each domain, of every length from 0 up.
struct TinyCorpus {
  let folder: TemporaryFolder
  let texts: [String: String]

  init(domains: [String], count: Int) throws {
    folder = try TemporaryFolder()
    var generator = RandomKey(seed: 5).generator()
    var texts: [String: String] = [:]
    for domain in domains {
      var lines = ""
      for index in 0..<count {
        let text = String((0..<(index * 7 % 41)).map { _ in "abcdefghij".randomElement(using: &generator)! })
        texts["\(domain)/\(index)"] = text
        lines += "{\"id\": \"\(domain)/\(index)\", \"text\": \"\(text)\"}\n"
      }
      _ = try folder.file("texts/\(domain).jsonl", lines)
    }
    self.texts = texts
  }

  func files() throws -> CorpusFiles { try CorpusFiles([folder.url.appending(path: "texts")]) }

  /// Builds `FOLDER/NAME` and returns it with its manifest.
  func build(
    _ name: String, workers: Int = 2, validationShare: Double = 0.25, existing: ExistingShards = .refuse,
    tokenizer: TokenizerIdentity = byteTokenizer
  ) throws -> (folder: URL, manifest: ShardManifest) {
    let target = folder.url.appending(path: name)
    let builder = try ShardBuilder(
      folder: target, tokenizer: tokenizer, split: SplitRule(validationShare: validationShare, seed: 1),
      workers: workers, existing: existing)
    let options = ReadingOptions(domain: .fileName, brokenLines: .fail)
    let manifest = try builder.build(files(), options, makeEncoder: { encodeBytes }, onEvent: { _ in })
    return (target, manifest)
  }
}
