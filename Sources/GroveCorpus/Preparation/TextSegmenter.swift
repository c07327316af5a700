import Foundation
import GroveCore

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A program that marks the morphemes of texts: a line in, the same line with a separator between morphemes out, at once.
///
/// What comes out is checked: without separators it is what went in. The program runs under `/bin/sh -c` until this is
/// released, and has a minute for each line.
public final class TextSegmenter {
  private static let patience: Int32 = 60_000
  private let command: String
  private let separator: [UInt8]
  private let process = Process()
  /// Our end of a socket: a pipe to a program that has ended would end this process too.
  private let input: Int32
  private let output: FileHandle
  private var pending: [UInt8] = []
  private var lineCount = 0

  /// Starts the program.
  /// - Parameter separator: what it writes between morphemes.
  /// - Throws: `GroveError` with code `.file` if there is no shell.
  public init(_ command: String, separator: String) throws {
    (self.command, self.separator) = (command, Array(separator.utf8))
    var ends: [Int32] = [0, 0]
    #if canImport(Glibc)
      let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
    #else
      let kind = SOCK_STREAM
    #endif
    guard socketpair(AF_UNIX, kind, 0, &ends) == 0 else { throw GroveError.system(command, "connect", errno: errno) }
    #if !canImport(Glibc)
      var yes: Int32 = 1
      _ = setsockopt(ends[0], SOL_SOCKET, SO_NOSIGPIPE, &yes, socklen_t(MemoryLayout<Int32>.size))
      _ = fcntl(ends[0], F_SETFD, FD_CLOEXEC)
    #endif
    input = ends[0]
    let pipe = Pipe()
    output = pipe.fileHandleForReading
    process.executableURL = URL(filePath: "/bin/sh")
    process.arguments = ["-c", command]
    process.standardInput = FileHandle(fileDescriptor: ends[1], closeOnDealloc: true)
    process.standardOutput = pipe
    do { try process.run() } catch {
      throw GroveError(
        .file, "segmenter '\(command)'", "cannot be started: \(error.localizedDescription)", cause: error)
    }
    try? pipe.fileHandleForWriting.close()
    try? (process.standardInput as? FileHandle)?.close()
  }

  deinit {
    _ = close(input)
    if process.isRunning { process.terminate() }
    process.waitUntilExit()
  }

  /// The text with separators between its morphemes. Empty lines are not asked about.
  /// - Throws: `GroveError` with code `.format` or `.file`, which names the program and the line: it ended, was too slow, or
  ///   wrote another text.
  public func segmented(_ text: [UInt8]) throws -> [UInt8] {
    let newline = UInt8(ascii: "\n")
    let lines = text.split(separator: newline, omittingEmptySubsequences: false)
    return Array(try lines.map { $0.isEmpty ? [] : try segmented(line: Array($0)) }.joined(separator: [newline]))
  }

  private func segmented(line: [UInt8]) throws -> [UInt8] {
    lineCount += 1
    try send(line + [UInt8(ascii: "\n")])
    let answer = try receive()
    guard answer.removing(separator) == line.removing(separator) else {
      throw failure(
        .format, "wrote another text than it read: \"\(String(decoding: answer.prefix(60), as: UTF8.self))\"",
        remedy: "Without separators each line must be the one that went in, spaces and all.")
    }
    return answer
  }

  private func send(_ bytes: [UInt8]) throws {
    #if canImport(Glibc)
      let flags = Int32(MSG_NOSIGNAL)
    #else
      let flags: Int32 = 0
    #endif
    var sent = 0
    while sent < bytes.count {
      let count = bytes.withUnsafeBytes { Foundation.send(input, $0.baseAddress! + sent, bytes.count - sent, flags) }
      if count > 0 { sent += count } else if errno != EINTR { throw ended() }
    }
  }

  private func receive() throws -> [UInt8] {
    while true {
      if let end = pending.firstIndex(of: UInt8(ascii: "\n")) {
        defer { pending.removeFirst(end + 1) }
        return Array(pending[..<end])
      }
      var request = pollfd(fd: output.fileDescriptor, events: Int16(POLLIN), revents: 0)
      guard poll(&request, 1, TextSegmenter.patience) > 0 else {
        throw failure(
          .file, "wrote no line for \(TextSegmenter.patience / 1000) seconds",
          remedy: "It must write every line at once, without waiting for the next.")
      }
      let data = output.availableData
      if data.isEmpty { throw ended() }
      pending += data
    }
  }

  private func ended() -> GroveError {
    process.waitUntilExit()
    return failure(
      .file, "ended with the code \(process.terminationStatus)", remedy: "It must read until its input ends.")
  }

  private func failure(_ code: GroveError.Code, _ problem: String, remedy: String) -> GroveError {
    GroveError(code, "segmenter '\(command)', line \(lineCount)", problem, remedy: remedy)
  }
}

extension [UInt8] {
  /// Without every place of a text.
  fileprivate func removing(_ text: [UInt8]) -> [UInt8] {
    var output: [UInt8] = []
    var at = 0
    while at < count {
      if self[at...].starts(with: text) {
        at += text.count
      } else {
        output.append(self[at])
        at += 1
      }
    }
    return output
  }
}
