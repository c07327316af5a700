/// A strict JSON parser (RFC 8259) over UTF-8 bytes that keeps the order of keys and refuses what is not JSON.
///
/// Strings are checked to be UTF-8; a lone surrogate escape becomes U+FFFD, as in `tokenizers` and `orjson` with
/// replacement. Nesting is limited, so that hostile input cannot exhaust the stack, and so can be the number of values,
/// which take 20 times the memory of their text.
///
/// - Complexity: O(bytes).
public struct JSONParser {
  private let bytes: UnsafeBufferPointer<UInt8>
  private var at = 0
  private var valuesLeft: Int
  private static let depthLimit = 256

  /// Where and why a text is not JSON.
  public struct Failure: Error, Sendable {
    /// Offset in bytes from the start of the text.
    public let offset: Int
    /// What is wrong, without the place.
    public let problem: String
  }

  /// - Parameter mostValues: a text with more values than this, in all its lists and objects, is refused.
  /// - Throws: `JSONParser.Failure`.
  public static func parse(_ bytes: UnsafeBufferPointer<UInt8>, mostValues: Int = .max) throws -> JSONValue {
    var parser = JSONParser(bytes, valuesLeft: mostValues)
    let value = try parser.value(depth: 0)
    parser.skipSpace()
    if parser.at != bytes.count { throw parser.failure("more text after the value") }
    return value
  }

  private init(_ bytes: UnsafeBufferPointer<UInt8>, valuesLeft: Int) {
    (self.bytes, self.valuesLeft) = (bytes, valuesLeft)
  }

  private func failure(_ problem: String) -> Failure { Failure(offset: at, problem: problem) }

  private mutating func skipSpace() {
    while at < bytes.count, [0x20, 0x0A, 0x0D, 0x09].contains(bytes[at]) { at += 1 }
  }

  private mutating func value(depth: Int) throws -> JSONValue {
    skipSpace()
    guard at < bytes.count else { throw failure("the text ends where a value should stand") }
    if depth > JSONParser.depthLimit { throw failure("nested deeper than \(JSONParser.depthLimit) levels") }
    if valuesLeft == 0 { throw failure("more values than are read") }
    valuesLeft -= 1
    switch bytes[at] {
    case UInt8(ascii: "{"): return try object(depth: depth)
    case UInt8(ascii: "["): return try array(depth: depth)
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"): return try word("true", .bool(true))
    case UInt8(ascii: "f"): return try word("false", .bool(false))
    case UInt8(ascii: "n"): return try word("null", .null)
    default: return try number()
    }
  }

  private mutating func word(_ text: StaticString, _ value: JSONValue) throws -> JSONValue {
    let count = text.utf8CodeUnitCount
    guard at + count <= bytes.count, (0..<count).allSatisfy({ bytes[at + $0] == text.utf8Start[$0] }) else {
      throw failure("unknown word; expected a value")
    }
    at += count
    return value
  }

  private mutating func object(depth: Int) throws -> JSONValue {
    at += 1
    var members: [(key: String, value: JSONValue)] = []
    skipSpace()
    if take("}") { return .object(members) }
    while true {
      skipSpace()
      guard at < bytes.count, bytes[at] == UInt8(ascii: "\"") else { throw failure("expected a key in quotes") }
      let key = try string()
      skipSpace()
      guard take(":") else { throw failure("expected ':' after the key \"\(key)\"") }
      members.append((key, try value(depth: depth + 1)))
      skipSpace()
      if take("}") { return .object(members) }
      guard take(",") else { throw failure("expected ',' or '}'") }
    }
  }

  private mutating func array(depth: Int) throws -> JSONValue {
    at += 1
    var elements: [JSONValue] = []
    skipSpace()
    if take("]") { return .array(elements) }
    while true {
      elements.append(try value(depth: depth + 1))
      skipSpace()
      if take("]") { return .array(elements) }
      guard take(",") else { throw failure("expected ',' or ']'") }
    }
  }

  private mutating func take(_ character: Unicode.Scalar) -> Bool {
    guard at < bytes.count, bytes[at] == UInt8(ascii: character) else { return false }
    at += 1
    return true
  }

  private mutating func number() throws -> JSONValue {
    let start = at
    func digit(_ i: Int) -> Bool { i < bytes.count && bytes[i] >= 0x30 && bytes[i] <= 0x39 }
    if at < bytes.count, bytes[at] == UInt8(ascii: "-") { at += 1 }
    guard digit(at) else { throw Failure(offset: start, problem: "expected a value") }
    if bytes[at] == 0x30, digit(at + 1) { throw failure("a number may not start with 0") }
    while digit(at) { at += 1 }
    var isInteger = true
    if at < bytes.count, bytes[at] == UInt8(ascii: ".") {
      isInteger = false
      at += 1
      guard digit(at) else { throw failure("expected a digit after '.'") }
      while digit(at) { at += 1 }
    }
    if at < bytes.count, bytes[at] | 0x20 == UInt8(ascii: "e") {
      isInteger = false
      at += 1
      if at < bytes.count, bytes[at] == UInt8(ascii: "+") || bytes[at] == UInt8(ascii: "-") { at += 1 }
      guard digit(at) else { throw failure("expected a digit in the exponent") }
      while digit(at) { at += 1 }
    }
    let text = String(decoding: bytes[start..<at], as: UTF8.self)
    if isInteger, let value = Int(text) { return .integer(value) }
    guard let value = Double(text), value.isFinite else {
      throw Failure(offset: start, problem: "the number \(text.prefix(40)) is too large")
    }
    return .number(value)
  }

  private mutating func string() throws -> String {
    at += 1
    let start = at
    while at < bytes.count, bytes[at] != UInt8(ascii: "\""), bytes[at] != UInt8(ascii: "\\"), bytes[at] >= 0x20 {
      at += 1
    }
    if at < bytes.count, bytes[at] == UInt8(ascii: "\"") {  // nothing escaped: no copy before the check
      let piece = bytes[start..<at]
      guard let text = String(validating: piece, as: UTF8.self) else {
        throw Failure(offset: start, problem: "the string is not UTF-8")
      }
      at += 1
      return text
    }
    var content = Array(bytes[start..<at])
    while true {
      guard at < bytes.count else { throw Failure(offset: start - 1, problem: "the string does not end") }
      let byte = bytes[at]
      at += 1
      switch byte {
      case UInt8(ascii: "\""):
        guard let text = String(validating: content, as: UTF8.self) else {
          throw Failure(offset: start, problem: "the string is not UTF-8")
        }
        return text
      case UInt8(ascii: "\\"): try escape(into: &content)
      case 0..<0x20:
        at -= 1
        throw failure("a control character stands in a string; it must be escaped")
      default: content.append(byte)
      }
    }
  }

  private mutating func escape(into content: inout [UInt8]) throws {
    guard at < bytes.count else { throw failure("the string does not end") }
    let byte = bytes[at]
    at += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): content.append(byte)
    case UInt8(ascii: "b"): content.append(0x08)
    case UInt8(ascii: "f"): content.append(0x0C)
    case UInt8(ascii: "n"): content.append(0x0A)
    case UInt8(ascii: "r"): content.append(0x0D)
    case UInt8(ascii: "t"): content.append(0x09)
    case UInt8(ascii: "u"): content.append(contentsOf: Array(String(try unicodeEscape()).utf8))
    default:
      at -= 1
      throw failure("unknown escape")
    }
  }

  private mutating func unicodeEscape() throws -> Unicode.Scalar {
    let replacement: Unicode.Scalar = "\u{FFFD}"
    let first = try hexadecimal()
    guard first & 0xF800 == 0xD800 else { return Unicode.Scalar(first) ?? replacement }
    guard first < 0xDC00, at + 1 < bytes.count, bytes[at] == UInt8(ascii: "\\"), bytes[at + 1] == UInt8(ascii: "u")
    else {
      return replacement
    }
    let before = at
    at += 2
    let second = try hexadecimal()
    guard second & 0xFC00 == 0xDC00 else {
      at = before
      return replacement
    }
    return Unicode.Scalar(0x10000 + ((first & 0x3FF) << 10) + (second & 0x3FF)) ?? replacement
  }

  private mutating func hexadecimal() throws -> UInt32 {
    var value: UInt32 = 0
    for _ in 0..<4 {
      guard at < bytes.count, let digit = Character(Unicode.Scalar(bytes[at])).hexDigitValue else {
        throw failure("expected four hexadecimal digits after \\u")
      }
      value = value << 4 | UInt32(digit)
      at += 1
    }
    return value
  }
}
