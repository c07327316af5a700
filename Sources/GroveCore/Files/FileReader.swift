public import Foundation

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// An open file descriptor for sequential reading; closed when the last reference goes.
public final class FileReader {
  public let url: URL
  private let descriptor: Int32

  /// - Throws: `GroveError` with code `.file` if the file cannot be opened.
  public init(_ url: URL) throws {
    self.url = url
    descriptor = open(url.path, O_RDONLY | O_CLOEXEC)
    if descriptor < 0 { throw GroveError.system(url.path, "open", errno: errno) }
  }

  deinit { _ = close(descriptor) }

  /// Reads up to `buffer.count` bytes; 0 at the end of the file.
  public func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    while true {
      #if canImport(Glibc)
        let count = Glibc.read(descriptor, buffer.baseAddress, buffer.count)
      #else
        let count = Darwin.read(descriptor, buffer.baseAddress, buffer.count)
      #endif
      if count >= 0 { return count }
      if errno != EINTR { throw GroveError.system(url.path, "read", errno: errno) }
    }
  }

  /// Hands the rest of the file to `body` in pieces.
  public func forEachPiece(ofBytes size: Int, _ body: (UnsafeRawBufferPointer) throws -> Void) throws {
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: size, alignment: 16)
    defer { buffer.deallocate() }
    while true {
      let count = try read(into: buffer)
      if count == 0 { return }
      try body(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
    }
  }
}
