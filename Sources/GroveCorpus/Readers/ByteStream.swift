import Foundation
import GroveCore

/// The bytes of a file after unpacking, in order, with memory that does not depend on the file.
protocol ByteStream: AnyObject {
  /// Fills up to `buffer.count` bytes; 0 at the end.
  /// - Throws: `StreamFailure` for broken content, `GroveError` for what the system refuses.
  func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int
}

/// Why a compressed file cannot be unpacked further, and the byte of the file where that showed.
struct StreamFailure: Error {
  enum Kind { case truncated, corrupt(String) }
  let kind: Kind
  let byteOffset: Int
}

extension SourceFile {
  func open() throws -> any ByteStream {
    let file = try FileReader(url)
    switch compression {
    case .none: return PlainStream(file)
    case .gzip: return UnpackedStream(try GzipDecoder(file))
    case .zstandard: return UnpackedStream(try ZstandardDecoder(file))
    }
  }
}

/// One compression format, a step at a time.
protocol StreamDecoder: AnyObject {
  /// Unpacks some bytes and returns their count, which may be 0 before the end; nil at the end.
  /// - Throws: `StreamFailure` for broken content, `GroveError` for what the system refuses.
  func step(into buffer: UnsafeMutableRawBufferPointer) throws -> Int?
}

/// Fills buffers from a decoder. What stands before a failure is handed out first.
private final class UnpackedStream: ByteStream {
  private let decoder: any StreamDecoder
  private var failure: StreamFailure?

  init(_ decoder: any StreamDecoder) { self.decoder = decoder }

  func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    if let failure { throw failure }
    var produced = 0
    do {
      while produced < buffer.count,
        let count = try decoder.step(into: UnsafeMutableRawBufferPointer(rebasing: buffer[produced...]))
      {
        produced += count
      }
    } catch let failure as StreamFailure {
      if produced == 0 { throw failure }
      self.failure = failure
    }
    return produced
  }
}

private final class PlainStream: ByteStream {
  private let file: FileReader
  init(_ file: FileReader) { self.file = file }
  func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int { try file.read(into: buffer) }
}

/// The packed side of a decoder: pieces of the file and the count of what was consumed.
struct PackedInput: ~Copyable {
  private let file: FileReader
  private let buffer: UnsafeMutableRawBufferPointer
  private var range = 0..<0
  private var bytesBefore = 0

  init(_ file: FileReader) {
    self.file = file
    buffer = .allocate(byteCount: 128 << 10, alignment: 16)
  }

  deinit { buffer.deallocate() }

  /// Bytes of the file that the decoder has taken.
  var byteOffset: Int { bytesBefore + range.lowerBound }
  /// What was read and not taken.
  var rest: UnsafeMutableRawBufferPointer { UnsafeMutableRawBufferPointer(rebasing: buffer[range]) }

  mutating func take(_ count: Int) { range = (range.lowerBound + count)..<range.upperBound }

  /// Reads the next piece if nothing is left of the last; false at the end of the file.
  mutating func refill() throws -> Bool {
    if !range.isEmpty { return true }
    bytesBefore += range.upperBound
    range = 0..<(try file.read(into: buffer))
    return !range.isEmpty
  }
}
