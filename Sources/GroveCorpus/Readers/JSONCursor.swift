import GroveTokenizer

/// A position in a line of JSON that moves over whole values; every `skip` and `take` is false where the line is wrong.
struct JSONCursor {
  /// The bytes between two quotes.
  struct StringRange {
    let range: Range<Int>
    let hasEscapes: Bool
  }

  private(set) var at = 0
  private let bytes: UnsafeBufferPointer<UInt8>
  /// The limit of `JSONParser`.
  private static let depthLimit = 256
  /// A decimal number with fewer digits than this and no exponent is finite as a `Double`.
  private static let safeDigits = 300

  init(_ bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

  var peek: UInt8? { at < bytes.count ? bytes[at] : nil }

  mutating func advance() { at += 1 }

  mutating func skipSpace() {
    while at < bytes.count {
      let byte = bytes[at]
      guard byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 else { return }
      at += 1
    }
  }

  mutating func isAtEnd() -> Bool {
    skipSpace()
    return at == bytes.count
  }

  mutating func take(_ character: Unicode.Scalar) -> Bool {
    guard at < bytes.count, bytes[at] == UInt8(ascii: character) else { return false }
    at += 1
    return true
  }

  mutating func skipValue(depth: Int) -> Bool {
    skipSpace()
    guard at < bytes.count, depth <= JSONCursor.depthLimit else { return false }
    switch bytes[at] {
    case UInt8(ascii: "{"): return skipObject(depth: depth)
    case UInt8(ascii: "["): return skipArray(depth: depth)
    case UInt8(ascii: "\""): return string() != nil
    case UInt8(ascii: "t"): return skipWord("true")
    case UInt8(ascii: "f"): return skipWord("false")
    case UInt8(ascii: "n"): return skipWord("null")
    default: return number() != nil
    }
  }

  private mutating func skipObject(depth: Int) -> Bool {
    at += 1
    skipSpace()
    if take("}") { return true }
    while true {
      skipSpace()
      guard string() != nil else { return false }
      skipSpace()
      guard take(":"), skipValue(depth: depth + 1) else { return false }
      skipSpace()
      if take("}") { return true }
      guard take(",") else { return false }
    }
  }

  private mutating func skipArray(depth: Int) -> Bool {
    at += 1
    skipSpace()
    if take("]") { return true }
    while true {
      guard skipValue(depth: depth + 1) else { return false }
      skipSpace()
      if take("]") { return true }
      guard take(",") else { return false }
    }
  }

  private mutating func skipWord(_ word: StaticString) -> Bool {
    let count = word.utf8CodeUnitCount
    guard at + count <= bytes.count else { return false }
    for offset in 0..<count where bytes[at + offset] != word.utf8Start[offset] { return false }
    at += count
    return true
  }

  /// Moves over a number: true for an integer without fraction and exponent, nil where there is none or it is not finite.
  mutating func number() -> Bool? {
    let start = at
    if peek == UInt8(ascii: "-") { at += 1 }
    let whole = at
    guard skipDigits() else { return nil }
    if bytes[whole] == UInt8(ascii: "0"), at - whole > 1 { return nil }
    var isInteger = true
    var hasExponent = false
    if peek == UInt8(ascii: ".") {
      isInteger = false
      at += 1
      guard skipDigits() else { return nil }
    }
    if let byte = peek, byte | 0x20 == UInt8(ascii: "e") {
      isInteger = false
      hasExponent = true
      at += 1
      if peek == UInt8(ascii: "+") || peek == UInt8(ascii: "-") { at += 1 }
      guard skipDigits() else { return nil }
    }
    if hasExponent || at - start > JSONCursor.safeDigits {
      guard let value = Double(String(decoding: bytes[start..<at], as: UTF8.self)), value.isFinite else { return nil }
    }
    return isInteger
  }

  private mutating func skipDigits() -> Bool {
    let start = at
    while at < bytes.count, bytes[at] >= 0x30, bytes[at] <= 0x39 { at += 1 }
    return at > start
  }

  /// Moves over a string, quotes included.
  mutating func string() -> StringRange? {
    guard at < bytes.count, bytes[at] == UInt8(ascii: "\"") else { return nil }
    at += 1
    let start = at
    var isASCII = true
    var hasEscapes = false
    while true {
      isASCII = skipPlainText() && isASCII
      guard at < bytes.count else { return nil }
      switch bytes[at] {
      case UInt8(ascii: "\""):
        let range = start..<at
        at += 1
        if !isASCII, UTF8Check.firstProblem(in: UnsafeBufferPointer(rebasing: bytes[range])) != nil { return nil }
        return StringRange(range: range, hasEscapes: hasEscapes)
      case UInt8(ascii: "\\"):
        hasEscapes = true
        guard skipEscape() else { return nil }
      default:
        return nil  // a control character
      }
    }
  }

  /// Moves to the next quote, backslash or control character; false if bytes above 0x7F may stand before it.
  private mutating func skipPlainText() -> Bool {
    let raw = UnsafeRawBufferPointer(bytes)
    let ones: UInt64 = 0x0101_0101_0101_0101
    let high: UInt64 = 0x8080_8080_8080_8080
    var seen: UInt64 = 0
    while at + 8 <= bytes.count {
      let word = UInt64(littleEndian: raw.loadUnaligned(fromByteOffset: at, as: UInt64.self))
      seen |= word
      let quote = word ^ (ones &* 0x22)
      let backslash = word ^ (ones &* 0x5C)
      // A byte of each term has its high bit set where it is zero, zero, below 0x20; borrows only mark bytes after one.
      let found =
        ((quote &- ones) & ~quote | (backslash &- ones) & ~backslash | (word &- ones &* 0x20) & ~word) & high
      if found != 0 {
        at += found.trailingZeroBitCount >> 3
        return seen & high == 0
      }
      at += 8
    }
    while at < bytes.count {
      let byte = bytes[at]
      if byte == 0x22 || byte == 0x5C || byte < 0x20 { break }
      seen |= UInt64(byte)
      at += 1
    }
    return seen & high == 0
  }

  private mutating func skipEscape() -> Bool {
    guard at + 1 < bytes.count else { return false }
    switch bytes[at + 1] {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
      UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
      at += 2
      return true
    case UInt8(ascii: "u"):
      guard at + 6 <= bytes.count else { return false }
      for offset in 2..<6 where JSONCursor.hexDigit(bytes[at + offset]) == nil { return false }
      at += 6
      return true
    default:
      return false
    }
  }

  static func hexDigit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case 0x30...0x39: byte - 0x30
    case 0x41...0x46: byte - 0x37
    case 0x61...0x66: byte - 0x57
    default: nil
    }
  }
}
