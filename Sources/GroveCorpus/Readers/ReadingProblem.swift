public import GroveCore

/// A line, or the rest of a file, that did not become a document.
public struct ReadingProblem: Equatable, Sendable, CustomStringConvertible {
  /// What is wrong.
  public enum Kind: Equatable, Sendable {
    /// The column counts bytes from 1.
    case notJSON(column: Int, problem: String)
    case notAnObject
    /// The column counts bytes from 1.
    case notUTF8(column: Int)
    case missing(key: String)
    /// The key holds something else than text (or, for an id, an integer).
    case notText(key: String)
    case tooLong(byteLimit: Int)
    /// The packed file ends too early; the offset counts its bytes.
    case truncated(SourceFile.Compression, byteOffset: Int)
    /// The packed file is broken; the offset counts its bytes.
    case corrupt(SourceFile.Compression, byteOffset: Int, problem: String)
  }

  /// Where; in a broken packed file the line after the last whole one.
  public let origin: DocumentOrigin
  /// What is wrong.
  public let kind: Kind

  /// A problem from its parts.
  public init(origin: DocumentOrigin, kind: Kind) {
    self.origin = origin
    self.kind = kind
  }

  /// "FILE:LINE: what is wrong".
  public var description: String { "\(origin): \(problem)" }

  var problem: String {
    switch kind {
    case .notJSON(let column, let problem): "not JSON at column \(column): \(problem)"
    case .notAnObject: "the line is JSON, but not an object"
    case .notUTF8(let column): "not UTF-8 at column \(column)"
    case .missing(let key): "the key '\(key)' is missing"
    case .notText(let key): "the value of '\(key)' is not a text"
    case .tooLong(let limit): "longer than the limit of \(limit) bytes"
    case .truncated(let compression, let offset): "the \(compression.rawValue) data ends too early, at byte \(offset)"
    case .corrupt(let compression, let offset, let problem):
      "the \(compression.rawValue) data is broken at byte \(offset): \(problem)"
    }
  }

  /// The problem as an error, for readers that do not skip.
  public var error: GroveError {
    let remedy =
      switch kind {
      case .tooLong: "Raise the limit, or cut the document."
      case .truncated, .corrupt: "Fetch the file again."
      default: "Correct the line, or read with broken lines skipped."
      }
    return GroveError(.format, origin.description, problem, remedy: remedy)
  }
}

/// What a reader did so far.
public struct ReadingSummary: Equatable, Sendable {
  /// Documents that were handed out.
  public var documents = 0
  /// UTF-8 bytes of the documents' texts.
  public var bytes = 0
  /// Lines that were no documents.
  public var problems = 0
  /// Files that were opened.
  public var files = 0
  /// Files in the folders with another ending.
  public var ignoredFiles = 0
  /// The largest buffer, in bytes: what bounds the memory of a reader.
  public var peakBufferBytes = 0
}
