import Foundation

/// Cuts a byte stream into lines without copying them; the buffer grows to the longest line and never beyond the limit.
final class LineReader {
  /// What stands next in the stream.
  enum Item {
    /// The bytes without the line ending, valid until the next call.
    case line(UnsafeBufferPointer<UInt8>)
    /// More bytes than the limit; they were skipped.
    case tooLong
    case end
  }

  /// The number of the line that the last call returned, from 1.
  private(set) var lineNumber = 0
  /// The largest buffer so far, in bytes.
  private(set) var peakBytes: Int
  private let stream: any ByteStream
  private let limit: Int
  private var buffer: UnsafeMutableRawBufferPointer
  private var start = 0
  private var searched = 0
  private var end = 0
  private var isSkipping = false
  private static let pieceBytes = 256 << 10

  init(_ stream: any ByteStream, limit: Int) {
    self.stream = stream
    self.limit = limit
    buffer = .allocate(byteCount: 2 * LineReader.pieceBytes, alignment: 16)
    peakBytes = buffer.count
  }

  deinit { buffer.deallocate() }

  func next() throws -> Item {
    while true {
      if let newLine = findNewLine() {
        defer { (start, searched) = (newLine + 1, newLine + 1) }
        return item(upTo: newLine)
      }
      searched = end
      if isSkipping || end - start > limit {
        isSkipping = true
        (start, searched, end) = (0, 0, 0)
      }
      if try !fill() {
        if !isSkipping && start == end { return .end }
        defer { (start, searched) = (end, end) }
        return item(upTo: end)
      }
    }
  }

  private func findNewLine() -> Int? {
    guard searched < end, let base = buffer.baseAddress,
      let found = memchr(base + searched, 0x0A, end - searched)
    else { return nil }
    return UnsafeRawPointer(found) - UnsafeRawPointer(base)
  }

  private func item(upTo stop: Int) -> Item {
    lineNumber += 1
    let wasSkipping = isSkipping
    isSkipping = false
    var line = UnsafeRawBufferPointer(rebasing: buffer[start..<stop]).assumingMemoryBound(to: UInt8.self)
    if line.last == 0x0D { line = UnsafeBufferPointer(rebasing: line.dropLast()) }
    return wasSkipping || line.count > limit ? .tooLong : .line(line)
  }

  /// Appends a piece of the stream; false at its end.
  private func fill() throws -> Bool {
    if buffer.count - end < LineReader.pieceBytes {
      let count = end - start
      if start > 0 { memmove(buffer.baseAddress!, buffer.baseAddress! + start, count) }
      (start, searched, end) = (0, searched - start, count)
    }
    if buffer.count - end < LineReader.pieceBytes {
      let larger = UnsafeMutableRawBufferPointer.allocate(byteCount: 2 * buffer.count, alignment: 16)
      larger.copyMemory(from: UnsafeRawBufferPointer(rebasing: buffer[..<end]))
      buffer.deallocate()
      buffer = larger
      peakBytes = max(peakBytes, buffer.count)
    }
    let room = UnsafeMutableRawBufferPointer(rebasing: buffer[end..<(end + LineReader.pieceBytes)])
    let count = try stream.read(into: room)
    end += count
    return count > 0
  }
}
