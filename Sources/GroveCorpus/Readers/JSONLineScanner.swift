import Foundation

/// Checks a line of JSON and finds a few fields of its outermost object without building values.
///
/// The verdict is that of `JSONParser`, whatever the line: the same grammar, UTF-8 check, nesting limit and range of
/// numbers. Of a key that stands more than once the last counts.
///
/// - Complexity: O(bytes), eight bytes at a time inside strings; no allocation.
public struct JSONLineScanner {
  /// What a line is.
  public enum Verdict: Sendable {
    case object
    /// Valid JSON, but not an object.
    case otherValue
    case invalid
  }

  /// What stands under a key; ranges are bytes of the line.
  public enum Field: Equatable, Sendable {
    case missing, null
    /// The bytes between the quotes.
    case string(Range<Int>, hasEscapes: Bool)
    case integer(Range<Int>)
    /// A boolean, a fraction, an array or an object.
    case other
  }

  private let keys: [[UInt8]]
  /// For each key that stands among them before, the places of both.
  private let repeated: [(first: Int, later: Int)]
  /// What the last line had under each key, in the order of the keys.
  public private(set) var fields: [Field]

  /// A scanner for some keys of the outermost object. A key may be given more than once: each of its fields is filled.
  public init(keys: [String]) {
    let names = keys.map { Array($0.utf8) }
    self.keys = names
    repeated = names.indices.compactMap { later in
      names[..<later].firstIndex(of: names[later]).map { (first: $0, later: later) }
    }
    fields = Array(repeating: .missing, count: keys.count)
  }

  /// Reads a line; `fields` speaks of it afterwards.
  public mutating func scan(_ line: UnsafeBufferPointer<UInt8>) -> Verdict {
    for index in fields.indices { fields[index] = .missing }
    var cursor = JSONCursor(line)
    cursor.skipSpace()
    guard cursor.peek == UInt8(ascii: "{") else {
      return cursor.skipValue(depth: 0) && cursor.isAtEnd() ? .otherValue : .invalid
    }
    guard object(&cursor, line), cursor.isAtEnd() else { return .invalid }
    for (first, later) in repeated { fields[later] = fields[first] }
    return .object
  }

  private mutating func object(_ cursor: inout JSONCursor, _ line: UnsafeBufferPointer<UInt8>) -> Bool {
    cursor.advance()
    cursor.skipSpace()
    if cursor.take("}") { return true }
    while true {
      cursor.skipSpace()
      guard let key = cursor.string() else { return false }
      cursor.skipSpace()
      guard cursor.take(":") else { return false }
      cursor.skipSpace()
      if let index = index(of: key, line) {
        guard let field = field(&cursor) else { return false }
        fields[index] = field
      } else if !cursor.skipValue(depth: 1) {
        return false
      }
      cursor.skipSpace()
      if cursor.take("}") { return true }
      guard cursor.take(",") else { return false }
    }
  }

  private func field(_ cursor: inout JSONCursor) -> Field? {
    let start = cursor.at
    switch cursor.peek {
    case UInt8(ascii: "\""):
      return cursor.string().map { .string($0.range, hasEscapes: $0.hasEscapes) }
    case UInt8(ascii: "n"):
      return cursor.skipValue(depth: 1) ? .null : nil
    case .some(UInt8(ascii: "-")), .some(UInt8(ascii: "0")...UInt8(ascii: "9")):
      guard let isInteger = cursor.number() else { return nil }
      return isInteger ? .integer(start..<cursor.at) : .other
    default:
      return cursor.skipValue(depth: 1) ? .other : nil
    }
  }

  private func index(of key: JSONCursor.StringRange, _ line: UnsafeBufferPointer<UInt8>) -> Int? {
    if key.hasEscapes {
      let name = JSONLineScanner.unescaped(line, key.range)
      return keys.firstIndex { $0 == name }
    }
    for (index, name) in keys.enumerated() where name.count == key.range.count {
      if line[key.range].elementsEqual(name) { return index }
    }
    return nil
  }

  /// The UTF-8 text of a string that `scan` accepted; a lone surrogate becomes U+FFFD.
  public static func unescaped(_ line: UnsafeBufferPointer<UInt8>, _ range: Range<Int>) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: range.count) { output, count in
      var at = range.lowerBound
      while at < range.upperBound {
        // Escapes never make text longer, so the capacity holds.
        let start = line.baseAddress! + at
        let backslash = memchr(start, 0x5C, range.upperBound - at)
        let stop = backslash.map { at + (UnsafeRawPointer($0) - UnsafeRawPointer(start)) } ?? range.upperBound
        (output.baseAddress! + count).initialize(from: start, count: stop - at)
        count += stop - at
        at = stop
        if at < range.upperBound { at += appendEscape(line, at, range.upperBound, &output, &count) }
      }
    }
  }

  /// Writes what the escape at `at` stands for and returns its length.
  private static func appendEscape(
    _ line: UnsafeBufferPointer<UInt8>, _ at: Int, _ end: Int, _ output: inout UnsafeMutableBufferPointer<UInt8>,
    _ count: inout Int
  ) -> Int {
    let plain: UInt8
    switch line[at + 1] {
    case UInt8(ascii: "b"): plain = 0x08
    case UInt8(ascii: "f"): plain = 0x0C
    case UInt8(ascii: "n"): plain = 0x0A
    case UInt8(ascii: "r"): plain = 0x0D
    case UInt8(ascii: "t"): plain = 0x09
    case UInt8(ascii: "u"):
      let (scalar, length) = unicodeEscape(line, at, end)
      for byte in UTF8.encode(scalar)! {
        output.initializeElement(at: count, to: byte)
        count += 1
      }
      return length
    default: plain = line[at + 1]
    }
    output.initializeElement(at: count, to: plain)
    count += 1
    return 2
  }

  private static func unicodeEscape(
    _ line: UnsafeBufferPointer<UInt8>, _ at: Int, _ end: Int
  ) -> (scalar: Unicode.Scalar, length: Int) {
    func unit(_ at: Int) -> UInt32 {
      (0..<4).reduce(0) { $0 << 4 | UInt32(JSONCursor.hexDigit(line[at + 2 + $1]) ?? 0) }
    }
    let first = unit(at)
    guard first & 0xF800 == 0xD800 else { return (Unicode.Scalar(first) ?? "\u{FFFD}", 6) }
    guard first < 0xDC00, at + 12 <= end, line[at + 6] == UInt8(ascii: "\\"), line[at + 7] == UInt8(ascii: "u") else {
      return ("\u{FFFD}", 6)
    }
    let second = unit(at + 6)
    guard second & 0xFC00 == 0xDC00 else { return ("\u{FFFD}", 6) }
    return (Unicode.Scalar(0x10000 + ((first & 0x3FF) << 10) + (second & 0x3FF)) ?? "\u{FFFD}", 12)
  }
}
