/// Code points read from and written to UTF-8 bytes.
///
/// A byte that is part of no well-formed character reads as U+DC00 plus the byte (a surrogate, which no text has) and is
/// written back as itself, so that what works on characters works on any bytes.
extension UnsafeBufferPointer<UInt8> {
  /// The code point at `offset` and its width in bytes.
  @inline(__always)
  func scalar(at offset: Int) -> (value: UInt32, width: Int) {
    let lead = self[offset]
    return lead < 0x80 ? (UInt32(lead), 1) : wideScalar(at: offset)
  }

  private func wideScalar(at offset: Int) -> (value: UInt32, width: Int) {
    func tail(_ place: Int) -> UInt32 { UInt32(self[offset + place] & 0x3F) }
    let lead = UInt32(self[offset])
    switch UTF8Check.width(baseAddress!, offset, count) {
    case 2: return ((lead & 0x1F) << 6 | tail(1), 2)
    case 3: return ((lead & 0x0F) << 12 | tail(1) << 6 | tail(2), 3)
    case 4: return ((lead & 7) << 18 | tail(1) << 12 | tail(2) << 6 | tail(3), 4)
    default: return (0xDC00 | lead, 1)
    }
  }

  /// The offset where the character that ends at `end` starts.
  func startOfCharacter(before end: Int) -> Int { TextCursor(baseAddress!).startOfCharacter(before: end) }

  /// Calls `body` with every code point and the range of its bytes.
  @inline(__always)
  func forEachScalar(_ body: (UInt32, Range<Int>) -> Void) {
    var at = 0
    while at < count {
      let (value, width) = scalar(at: at)
      body(value, at..<at + width)
      at += width
    }
  }
}

extension [UInt8] {
  /// Appends a code point that `scalar(at:)` gave.
  @inline(__always)
  mutating func append(scalar value: UInt32) {
    switch value {
    case 0..<0x80: append(UInt8(value))
    case 0x80..<0x800:
      append(UInt8(0xC0 | value >> 6))
      append(UInt8(0x80 | value & 0x3F))
    case 0xDC00...0xDCFF: append(UInt8(truncatingIfNeeded: value))
    case 0x800..<0x10000:
      append(UInt8(0xE0 | value >> 12))
      append(UInt8(0x80 | value >> 6 & 0x3F))
      append(UInt8(0x80 | value & 0x3F))
    default:
      append(UInt8(0xF0 | value >> 18))
      append(UInt8(0x80 | value >> 12 & 0x3F))
      append(UInt8(0x80 | value >> 6 & 0x3F))
      append(UInt8(0x80 | value & 0x3F))
    }
  }

  /// Every place of `needle`, from the left, replaced; nil if there is none.
  func replacing(bytes needle: [UInt8], with replacement: [UInt8]) -> [UInt8]? {
    guard let first = needle.first, needle.count <= count else { return nil }
    var output: [UInt8]?
    var done = 0
    var at = 0
    while at + needle.count <= count {
      guard self[at] == first, self[at..<at + needle.count].elementsEqual(needle) else {
        at += 1
        continue
      }
      if output == nil { output = [] }
      output!.append(contentsOf: self[done..<at])
      output!.append(contentsOf: replacement)
      at += needle.count
      done = at
    }
    output?.append(contentsOf: self[done...])
    return output
  }
}
