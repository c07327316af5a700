public import Foundation

extension JSONValue {
  /// The largest file that is read as one document.
  private static let largestFileBytes = 256 << 20
  /// The most values in such a file: a few times those of the largest `tokenizer.json` that is known.
  public static let mostValuesInFile = 1 << 23

  /// Reads JSON from bytes; errors name `place`, with the line and column.
  /// - Parameter mostValues: a text with more values than this, in all its lists and objects, is refused.
  /// - Throws: `GroveError` with code `.format`.
  public init(parsing bytes: some Collection<UInt8>, at place: String, mostValues: Int = .max) throws {
    func parse(_ buffer: UnsafeBufferPointer<UInt8>) throws -> JSONValue {
      do { return try JSONParser.parse(buffer, mostValues: mostValues) } catch let failure as JSONParser.Failure {
        let before = buffer[..<min(failure.offset, buffer.count)]
        let line = before.count { $0 == 0x0A } + 1
        let column = failure.offset - (before.lastIndex(of: 0x0A).map { $0 + 1 } ?? 0) + 1
        throw GroveError(.format, place, "not JSON at line \(line), column \(column): \(failure.problem)")
      }
    }
    let value = try bytes.withContiguousStorageIfAvailable(parse)
    self = try value ?? ContiguousArray(bytes).withUnsafeBufferPointer(parse)
  }

  /// Reads a JSON file of up to 256 MiB and 8 388 608 values. A large one is mapped, so that one which is no JSON after all
  /// takes no memory.
  /// - Throws: `GroveError` with code `.file` or `.format`, which names the file.
  public init(contentsOf url: URL) throws {
    let byteCount = try FileSystem.byteCount(of: url)
    guard byteCount <= JSONValue.largestFileBytes else {
      throw GroveError(
        .format, url.path, "\(byteCount) bytes are too many for a JSON file; the limit is \(JSONValue.largestFileBytes)"
      )
    }
    let most = JSONValue.mostValuesInFile
    // What is no file, such as a pipe, has no size, and cannot be mapped.
    if byteCount > 1 << 20 {
      self = try MappedFile(url).withBytes { try JSONValue(parsing: $0, at: url.path, mostValues: most) }
    } else {
      self = try JSONValue(parsing: FileSystem.read(url), at: url.path, mostValues: most)
    }
  }

  /// The compact text, keys in their order, non-ASCII characters as they are.
  /// A number that JSON cannot hold (not finite) is written as null.
  public var text: String {
    var output: [UInt8] = []
    write(to: &output, indent: nil, level: 0)
    return String(decoding: output, as: UTF8.self)
  }

  /// The text over several lines, indented by two spaces.
  public var prettyText: String {
    var output: [UInt8] = []
    write(to: &output, indent: 2, level: 0)
    return String(decoding: output, as: UTF8.self)
  }

  private func write(to output: inout [UInt8], indent: Int?, level: Int) {
    switch self {
    case .null: output += "null".utf8
    case .bool(let value): output += (value ? "true" : "false").utf8
    case .integer(let value): output += String(value).utf8
    case .number(let value): output += (value.isFinite ? "\(value)" : "null").utf8
    case .string(let value): JSONValue.write(value, to: &output)
    case .array(let elements):
      JSONValue.writeList(elements, "[", "]", to: &output, indent, level) {
        $0.write(to: &$1, indent: indent, level: level + 1)
      }
    case .object(let members):
      JSONValue.writeList(members, "{", "}", to: &output, indent, level) { member, output in
        JSONValue.write(member.key, to: &output)
        output += (indent == nil ? ":" : ": ").utf8
        member.value.write(to: &output, indent: indent, level: level + 1)
      }
    }
  }

  private static func writeList<Element>(
    _ elements: [Element], _ open: String, _ close: String, to output: inout [UInt8], _ indent: Int?, _ level: Int,
    _ writeElement: (Element, inout [UInt8]) -> Void
  ) {
    func newLine(_ level: Int) {
      guard let indent, !elements.isEmpty else { return }
      output.append(0x0A)
      output += Array(repeating: 0x20, count: indent * level)
    }
    output += open.utf8
    for (index, element) in elements.enumerated() {
      if index > 0 { output.append(UInt8(ascii: ",")) }
      newLine(level + 1)
      writeElement(element, &output)
    }
    newLine(level)
    output += close.utf8
  }

  private static func write(_ text: String, to output: inout [UInt8]) {
    output.append(UInt8(ascii: "\""))
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "\""): output += "\\\"".utf8
      case UInt8(ascii: "\\"): output += "\\\\".utf8
      case 0x0A: output += "\\n".utf8
      case 0x0D: output += "\\r".utf8
      case 0x09: output += "\\t".utf8
      case 0..<0x20:
        let digits = String(byte, radix: 16)
        output += "\\u00\(digits.count == 1 ? "0" : "")\(digits)".utf8
      default: output.append(byte)
      }
    }
    output.append(UInt8(ascii: "\""))
  }
}
