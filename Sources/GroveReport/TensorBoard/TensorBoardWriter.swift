public import Foundation
import GroveCore

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Writes scalars and texts that TensorBoard shows.
///
/// Every start of a run writes its own file, and nothing that an earlier start wrote is touched. A resumed run says
/// from which step it goes on, so that TensorBoard drops the steps that were lost. Belongs to one task at a time.
public final class TensorBoardWriter {
  /// The event file of this start.
  public let url: URL
  private let descriptor: Int32
  private var buffer: [UInt8] = []
  private static let bufferBytes = 1 << 16

  /// Creates the next event file of a run.
  /// - Parameters:
  ///   - folder: Created if missing.
  ///   - seconds: Unix time of the start, from the caller's clock.
  ///   - step: The first step that this start will write, if the run is resumed.
  /// - Throws: `GroveError` with code `.file`.
  public init(folder: URL, startedAt seconds: Double, resumingAt step: Int? = nil) throws {
    try FileSystem.makeFolder(folder)
    url = folder.appending(path: try TensorBoardWriter.nextName(in: folder, seconds))
    descriptor = open(url.path, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0o644)
    if descriptor < 0 { throw GroveError.system(url.path, "create", errno: errno) }
    buffer = EventRecord.version(at: seconds)
    if let step { buffer += EventRecord.sessionStart(step: step, at: seconds) }
    try flush()
  }

  deinit {
    try? flush()
    _ = close(descriptor)
  }

  /// Adds values of one step. Values are stored in single precision; those that are not finite are kept, and
  /// TensorBoard marks them.
  /// - Parameters:
  ///   - values: Tags and values; slashes in tags make groups: "loss/train".
  ///   - seconds: Unix time, from the caller's clock.
  public func write(_ values: [(tag: String, value: Double)], step: Int, at seconds: Double) throws {
    try append(EventRecord.scalars(values, step: step, at: seconds))
  }

  /// Adds a text, which TensorBoard shows as Markdown.
  public func write(_ tag: String, text: String, step: Int, at seconds: Double) throws {
    try append(EventRecord.text(tag, text, step: step, at: seconds))
  }

  /// Hands everything to the system, so that readers see it.
  public func flush() throws {
    var start = 0
    defer { buffer.removeFirst(start) }
    while start < buffer.count {
      let count = buffer.withUnsafeBytes { bytes in
        #if canImport(Glibc)
          Glibc.write(descriptor, bytes.baseAddress! + start, bytes.count - start)
        #else
          Darwin.write(descriptor, bytes.baseAddress! + start, bytes.count - start)
        #endif
      }
      if count < 0 {
        if errno == EINTR { continue }
        throw GroveError.system(url.path, "write", errno: errno)
      }
      start += count
    }
  }

  private func append(_ record: [UInt8]) throws {
    buffer += record
    if buffer.count >= TensorBoardWriter.bufferBytes { try flush() }
  }

  /// Readers take the files in the order of their names, so a later start never sorts before an earlier one, even if
  /// the clock went back.
  private static func nextName(in folder: URL, _ seconds: Double) throws -> String {
    let prefix = "events.out.tfevents."
    var start = max(0, min(9_999_999_999, seconds.isFinite ? Int(seconds.rounded(.down)) : 0))
    var number = 0
    for name in try FileSystem.entries(of: folder).map(\.lastPathComponent) where name.hasPrefix(prefix) {
      let parts = name.dropFirst(prefix.count).split(separator: ".")
      guard parts.count == 3, let earlier = Int(parts[0]), let count = Int(parts[2]) else { continue }
      start = max(start, earlier)
      number = max(number, count + 1)
    }
    return prefix + padded(start, 10) + ".grove." + padded(number, 4)
  }

  private static func padded(_ value: Int, _ width: Int) -> String {
    let digits = String(value)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
  }
}
