public import Foundation

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A buffered file that appears under its name only when it is whole: written aside, synced, renamed.
///
/// If `commit()` is not reached, the file aside is removed and what stood under the name before stays.
public final class FileWriter {
  /// Where the content appears on `commit()`.
  public let url: URL
  /// Bytes written so far.
  public private(set) var byteCount = 0
  private let temporary: String
  private var descriptor: Int32
  /// Whether the file aside is gone or was never ours.
  private var isSettled = false
  private var buffer: [UInt8] = []
  private static let bufferBytes = 1 << 20

  /// - Throws: `GroveError` with code `.file` if the folder is missing or cannot be written.
  public init(_ url: URL) throws {
    self.url = url
    temporary = "\(url.path).\(getpid())-\(UInt32.random(in: 0 ..< .max)).partial"
    descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
    if descriptor < 0 {
      let code = errno
      isSettled = true
      throw GroveError.system(url.path, "create", errno: code)
    }
    buffer.reserveCapacity(FileWriter.bufferBytes)
  }

  deinit { abandon() }

  /// Adds bytes to the end.
  /// - Throws: `GroveError` with code `.file`, for example on a full disk.
  public func write(_ bytes: UnsafeRawBufferPointer) throws {
    byteCount += bytes.count
    if bytes.count >= FileWriter.bufferBytes {
      try flush()
      try writeAll(bytes)
    } else {
      buffer.append(contentsOf: bytes)
      if buffer.count >= FileWriter.bufferBytes { try flush() }
    }
  }

  public func write(_ bytes: [UInt8]) throws { try bytes.withUnsafeBytes { try write($0) } }
  /// Adds the UTF-8 bytes of a text.
  public func write(_ text: String) throws { try write(Array(text.utf8)) }

  /// Makes the file whole under its name: flushed, synced to the disk, renamed, the folder synced.
  public func commit() throws {
    try flush()
    if fsync(descriptor) != 0 { throw GroveError.system(url.path, "sync", errno: errno) }
    let closed = close(descriptor)
    descriptor = -1
    if closed != 0 { throw GroveError.system(url.path, "close", errno: errno) }
    if rename(temporary, url.path) != 0 { throw GroveError.system(url.path, "rename", errno: errno) }
    isSettled = true
    try FileSystem.syncFolder(url.deletingLastPathComponent())
  }

  /// Removes what was written. Does nothing after `commit()`.
  public func abandon() {
    guard !isSettled else { return }
    if descriptor >= 0 { _ = close(descriptor) }
    descriptor = -1
    isSettled = true
    _ = unlink(temporary)
  }

  private func flush() throws {
    try buffer.withUnsafeBytes { try writeAll($0) }
    buffer.removeAll(keepingCapacity: true)
  }

  private func writeAll(_ bytes: UnsafeRawBufferPointer) throws {
    var rest = bytes
    while !rest.isEmpty {
      #if canImport(Glibc)
        let count = Glibc.write(descriptor, rest.baseAddress, rest.count)
      #else
        let count = Darwin.write(descriptor, rest.baseAddress, rest.count)
      #endif
      if count < 0 {
        if errno == EINTR { continue }
        let remedy = errno == ENOSPC ? "Free some space; nothing that was there before is lost." : ""
        throw GroveError.system(url.path, "write", errno: errno, remedy: remedy)
      }
      rest = UnsafeRawBufferPointer(rebasing: rest[count...])
    }
  }
}
