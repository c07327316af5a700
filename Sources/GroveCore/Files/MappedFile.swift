public import Foundation

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A file mapped into memory for reading; unmapped when the last reference goes.
public final class MappedFile: @unchecked Sendable {  // Safety: the mapping is private, read-only and never changes.
  public let url: URL
  /// The content. Valid only while the file is held: Swift may release a local after its last use, so keep the file
  /// in a stored property, or use `withBytes(_:)`.
  public let bytes: UnsafeRawBufferPointer

  /// - Throws: `GroveError` with code `.file` if the file cannot be opened or mapped.
  public init(_ url: URL) throws {
    self.url = url
    let descriptor = open(url.path, O_RDONLY | O_CLOEXEC)
    if descriptor < 0 { throw GroveError.system(url.path, "open", errno: errno) }
    defer { _ = close(descriptor) }
    var status = stat()
    if fstat(descriptor, &status) != 0 { throw GroveError.system(url.path, "read", errno: errno) }
    if status.st_mode & S_IFMT == S_IFDIR { throw GroveError(.file, url.path, "is a folder, not a file") }
    let count = Int(status.st_size)
    if count == 0 {
      bytes = UnsafeRawBufferPointer(start: nil, count: 0)
      return
    }
    guard let address = mmap(nil, count, PROT_READ, MAP_PRIVATE, descriptor, 0), address != MAP_FAILED else {
      throw GroveError.system(url.path, "map", errno: errno)
    }
    bytes = UnsafeRawBufferPointer(start: address, count: count)
  }

  /// Hands the content to `body`; the mapping stays until it returns.
  public func withBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
    try withExtendedLifetime(self) { try body(bytes) }
  }

  /// Gives the memory of a part back to the system, which counts it as this process's since it was read. The bytes stay
  /// valid: they are read again when they are used again.
  public func release(_ range: Range<Int>) {
    guard let address = bytes.baseAddress else { return }
    let page = Int(sysconf(Int32(_SC_PAGESIZE)))
    let start = (range.lowerBound + page - 1) / page * page
    let end = range.upperBound / page * page
    guard start < end else { return }
    // Advice: where the system does not take it, nothing is lost.
    _ = madvise(UnsafeMutableRawPointer(mutating: address + start), end - start, MADV_DONTNEED)
  }

  deinit {
    if let address = bytes.baseAddress { _ = munmap(UnsafeMutableRawPointer(mutating: address), bytes.count) }
  }
}
