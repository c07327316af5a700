import Foundation
import GroveCore

/// The newest line of a log that somebody else is writing.
struct LogTail {
  let url: URL
  /// Where this attempt's part of the log starts.
  private let start: UInt64
  private var seen: UInt64
  private var last: String?

  /// Begins at the end of what is there.
  init(afterContentOf url: URL) { self.init(url: url, from: Int(LogTail.size(of: url))) }

  /// Begins where an attempt began.
  init(url: URL, from start: Int) {
    self.url = url
    self.start = UInt64(start)
    seen = self.start
  }

  /// The newest line, if the log has grown since the last call and another line than the last one is its newest.
  mutating func news() -> String? {
    let size = LogTail.size(of: url)
    guard size != seen else { return nil }
    seen = size
    guard let line = lastLine(), line != last else { return nil }
    last = line
    return line
  }

  /// The last line that is not blank, without control characters and cut to 300 characters; nil if there is none.
  ///
  /// A progress bar that is drawn over counts as lines of its own.
  func lastLine() -> String? {
    guard let file = try? FileHandle(forReadingFrom: url) else { return nil }
    defer { try? file.close() }
    let size = LogTail.size(of: url)
    let from = max(min(start, size), size > 8192 ? size - 8192 : 0)
    guard (try? file.seek(toOffset: from)) != nil, let bytes = try? file.readToEnd() else { return nil }
    let lines = String(decoding: bytes, as: UTF8.self).split { $0.isNewline }
    let words = lines.reversed().lazy.map(LogTail.printable).first { !$0.isEmpty }
    return words.map { String($0.prefix(300)) }
  }

  /// Why a job has failed: how it ended, and the last that it said.
  func failure(_ end: ProcessEnd) -> String {
    let words = end == .killed(signal: SIGKILL) ? "\(end.words), as the system does when memory runs out" : end.words
    return lastLine().map { "\(words): \($0)" } ?? "\(words) and said nothing"
  }

  private static func printable(_ line: Substring) -> String {
    let scalars = line.unicodeScalars.filter { $0.value >= 0x20 && $0.value != 0x7F }
    return String(String.UnicodeScalarView(scalars)).trimmingCharacters(in: .whitespaces)
  }

  private static func size(of url: URL) -> UInt64 { UInt64((try? FileSystem.byteCount(of: url)) ?? 0) }
}
