/// UTF-8 bytes with the class of the character at any offset: what splits and added tokens look at.
///
/// A byte that starts no well-formed character counts as one character of class `other`, so that the splits are
/// defined on any bytes at all.
struct TextCursor {
  let bytes: UnsafePointer<UInt8>
  let table: UnsafePointer<UInt8>

  init(_ bytes: UnsafePointer<UInt8>) {
    self.bytes = bytes
    table = CharacterClasses.shared.table
  }

  /// The table entry and the width in bytes of the character at `offset`; `end` bounds the text.
  @inline(__always)
  func entry(at offset: Int, _ end: Int) -> (entry: UInt8, width: Int) {
    let lead = bytes[offset]
    if lead < 0x80 { return (table[Int(lead)], 1) }
    return wideEntry(at: offset, end)
  }

  /// The class (`CharacterClasses.letter` and so on) and the width in bytes of the character at `offset`.
  @inline(__always)
  func character(at offset: Int, _ end: Int) -> (kind: UInt8, width: Int) {
    let (entry, width) = entry(at: offset, end)
    return (entry & CharacterClasses.mask, width)
  }

  /// Where the run of characters of one class that starts at `offset` ends.
  @inline(__always)
  func runEnd(of kind: UInt8, from offset: Int, _ end: Int) -> Int {
    var at = offset
    while at < end {
      let (next, width) = character(at: at, end)
      if next != kind { break }
      at += width
    }
    return at
  }

  /// The start of the character that ends just before `offset`.
  func startOfCharacter(before offset: Int) -> Int {
    var start = offset - 1
    let lowest = max(0, offset - 4)
    while start > lowest, bytes[start] & 0xC0 == 0x80 { start -= 1 }
    return start + UTF8Check.width(bytes, start, offset) == offset ? start : offset - 1
  }

  private func wideEntry(at offset: Int, _ end: Int) -> (entry: UInt8, width: Int) {
    let width = UTF8Check.width(bytes, offset, end)
    let lead = Int(bytes[offset])
    switch width {
    case 2: return (table[(lead & 0x1F) << 6 | tail(offset + 1)], 2)
    case 3: return (table[(lead & 0x0F) << 12 | tail(offset + 1) << 6 | tail(offset + 2)], 3)
    case 4:
      return (table[(lead & 7) << 18 | tail(offset + 1) << 12 | tail(offset + 2) << 6 | tail(offset + 3)], 4)
    default: return (CharacterClasses.other, 1)
    }
  }

  @inline(__always)
  private func tail(_ offset: Int) -> Int { Int(bytes[offset] & 0x3F) }
}
