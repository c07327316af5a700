import Foundation
import GroveCore
import GroveTokenizer

/// The documents of a corpus one after the other, in the order of the files and lines.
///
/// Blank lines are passed over, a byte order mark at the start of a file and CR before LF are dropped. Memory is
/// bounded by `ReadingOptions.byteLimit`, whatever the size of the files. A reader is used by one thread.
public final class DocumentReader {
  /// The files that are read.
  public let files: CorpusFiles
  /// How they are read.
  public let options: ReadingOptions
  /// What was read so far.
  public private(set) var summary = ReadingSummary()
  private let onProblem: (ReadingProblem) -> Void
  private var nextFile = 0
  private var current: OpenFile?
  private var scanner: JSONLineScanner

  /// - Parameter onProblem: called for every line that is no document, before it is skipped or thrown.
  public init(_ files: CorpusFiles, _ options: ReadingOptions, onProblem: @escaping (ReadingProblem) -> Void) {
    self.files = files
    self.options = options
    self.onProblem = onProblem
    let fields = options.fields
    var keys = [fields.text, fields.id, fields.language, fields.source]
    if case .field(let key) = options.domain { keys.append(key) }
    scanner = JSONLineScanner(keys: keys)
    summary.ignoredFiles = files.ignored
  }

  /// The next document; nil after the last.
  /// - Throws: `GroveError` with code `.file` if a file cannot be read, `.format` for a broken line that is not skipped.
  public func next() throws -> Document? {
    while true {
      if current == nil {
        guard nextFile < files.files.count else { return nil }
        let file = files.files[nextFile]
        nextFile += 1
        summary.files += 1
        current = try OpenFile(file, byteLimit: options.byteLimit)
      }
      guard let open = current else { continue }
      do {
        if let document = try document(from: open) {
          summary.documents += 1
          summary.bytes += document.text.count
          return document
        }
        current = nil
      } catch let failure as StreamFailure {
        current = nil
        try report(failure, open)
      }
    }
  }

  /// The next documents, about 8 MiB of text: enough for all cores, little enough to hold. Empty after the last.
  public func nextBatch() throws -> [Document] {
    var batch: [Document] = []
    var bytes = 0
    while bytes < 8 << 20, batch.count < 8192, let document = try next() {
      bytes += document.text.count
      batch.append(document)
    }
    return batch
  }

  private func document(from open: OpenFile) throws -> Document? {
    switch open.content {
    case .lines(let lines): return try nextLine(of: open.file, lines)
    case .text(let stream):
      current = nil  // a text file has one document
      return try wholeText(of: open.file, stream)
    }
  }

  private func report(_ kind: ReadingProblem.Kind, _ origin: DocumentOrigin) throws {
    let problem = ReadingProblem(origin: origin, kind: kind)
    summary.problems += 1
    onProblem(problem)
    if options.brokenLines == .fail { throw problem.error }
  }

  private func report(_ failure: StreamFailure, _ open: OpenFile) throws {
    let compression = open.file.compression
    let kind: ReadingProblem.Kind =
      switch failure.kind {
      case .truncated: .truncated(compression, byteOffset: failure.byteOffset)
      case .corrupt(let problem): .corrupt(compression, byteOffset: failure.byteOffset, problem: problem)
      }
    try report(kind, DocumentOrigin(file: open.file.name, line: open.lineNumber + 1))
  }
}

/// A file that is being read.
private struct OpenFile {
  enum Content {
    case lines(LineReader)
    case text(any ByteStream)
  }

  let file: SourceFile
  let content: Content

  init(_ file: SourceFile, byteLimit: Int) throws {
    self.file = file
    let stream = try file.open()
    content = file.format == .jsonLines ? .lines(LineReader(stream, limit: byteLimit)) : .text(stream)
  }

  /// Lines that were read to their end.
  var lineNumber: Int { if case .lines(let lines) = content { lines.lineNumber } else { 0 } }
}

// MARK: - Plain text

extension DocumentReader {
  private static let textPieceBytes = 256 << 10

  /// The whole file as a document; nil if it is none.
  private func wholeText(of file: SourceFile, _ stream: any ByteStream) throws -> Document? {
    let origin = DocumentOrigin(file: file.name, line: 1)
    var text: [UInt8] = []
    let piece = UnsafeMutableRawBufferPointer.allocate(byteCount: DocumentReader.textPieceBytes, alignment: 16)
    defer { piece.deallocate() }
    while true {
      let count = try stream.read(into: piece)
      if count == 0 { break }
      text.append(contentsOf: piece[..<count])
      summary.peakBufferBytes = max(summary.peakBufferBytes, text.count + piece.count)
      if text.count > options.byteLimit {
        try report(.tooLong(byteLimit: options.byteLimit), origin)
        return nil
      }
    }
    if text.starts(with: DocumentReader.byteOrderMark) { text.removeFirst(3) }
    if let offset = text.withUnsafeBufferPointer({ UTF8Check.firstProblem(in: $0) }) {
      try report(.notUTF8(column: offset + 1), origin)
      return nil
    }
    let domain = if case .fixed(let name) = options.domain { name } else { file.stem }
    return Document(id: origin.description, text: text, domain: domain, origin: origin)
  }
}

// MARK: - JSON lines

extension DocumentReader {
  private static let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]

  /// The next document of the file; nil at its end.
  private func nextLine(of file: SourceFile, _ lines: LineReader) throws -> Document? {
    while true {
      let item = try lines.next()
      summary.peakBufferBytes = max(summary.peakBufferBytes, lines.peakBytes)
      let origin = DocumentOrigin(file: file.name, line: lines.lineNumber)
      switch item {
      case .end: return nil
      case .tooLong: try report(.tooLong(byteLimit: options.byteLimit), origin)
      case .line(var line):
        if origin.line == 1, line.starts(with: DocumentReader.byteOrderMark) {
          line = UnsafeBufferPointer(rebasing: line.dropFirst(3))
        }
        if line.allSatisfy({ $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }) { continue }
        switch parse(line, origin, file) {
        case .success(let document): return document
        case .failure(let broken): try report(broken.kind, origin)
        }
      }
    }
  }

  private struct Broken: Error {
    let kind: ReadingProblem.Kind
    init(_ kind: ReadingProblem.Kind) { self.kind = kind }
  }

  private func parse(
    _ line: UnsafeBufferPointer<UInt8>, _ origin: DocumentOrigin, _ file: SourceFile
  ) -> Result<Document, Broken> {
    switch scanner.scan(line) {
    case .invalid: return .failure(Broken(DocumentReader.whyInvalid(line)))
    case .otherValue: return .failure(Broken(.notAnObject))
    case .object: break
    }
    let fields = options.fields
    do throws(Broken) {
      guard let text = try bytes(0, fields.text, line) else { throw Broken(.missing(key: fields.text)) }
      let domain: String
      switch options.domain {
      case .fixed(let name): domain = name
      case .fileName: domain = file.stem
      case .field(let key):
        guard let name = try string(4, key, line), !name.isEmpty else { throw Broken(.missing(key: key)) }
        domain = name
      }
      return .success(
        Document(
          id: try identifier(line) ?? origin.description, text: text, domain: domain,
          language: try string(2, fields.language, line) ?? "", source: try string(3, fields.source, line) ?? "",
          origin: origin))
    } catch {
      return .failure(error)
    }
  }

  private func bytes(_ index: Int, _ key: String, _ line: UnsafeBufferPointer<UInt8>) throws(Broken) -> [UInt8]? {
    switch scanner.fields[index] {
    case .missing: return nil
    // A text that is null is there and is no text; other keys may be null.
    case .null: if index == 0 { throw Broken(.notText(key: key)) } else { return nil }
    case .string(let range, false): return Array(line[range])
    case .string(let range, true): return JSONLineScanner.unescaped(line, range)
    case .integer, .other: throw Broken(.notText(key: key))
    }
  }

  private func string(_ index: Int, _ key: String, _ line: UnsafeBufferPointer<UInt8>) throws(Broken) -> String? {
    try bytes(index, key, line).map { String(decoding: $0, as: UTF8.self) }
  }

  private func identifier(_ line: UnsafeBufferPointer<UInt8>) throws(Broken) -> String? {
    if case .integer(let range) = scanner.fields[1] { return String(decoding: line[range], as: UTF8.self) }
    return try string(1, options.fields.id, line)
  }

  /// The scanner only says that a line is wrong; the parser has the words.
  private static func whyInvalid(_ line: UnsafeBufferPointer<UInt8>) -> ReadingProblem.Kind {
    if let offset = UTF8Check.firstProblem(in: line) { return .notUTF8(column: offset + 1) }
    do {
      _ = try JSONParser.parse(line)
    } catch let failure as JSONParser.Failure {
      return .notJSON(column: failure.offset + 1, problem: failure.problem)
    } catch {
      preconditionFailure("the JSON parser threw \(error)")
    }
    preconditionFailure("the line scanner refused what the JSON parser takes, a line of \(line.count) bytes")
  }
}
