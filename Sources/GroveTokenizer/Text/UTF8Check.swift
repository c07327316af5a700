/// Well-formed UTF-8 as table 3-7 of the Unicode Standard defines it, and its repair.
public enum UTF8Check {
  /// The width in bytes of the well-formed character at `offset`, or 0 if none stands there.
  @inline(__always)
  package static func width(_ bytes: UnsafePointer<UInt8>, _ offset: Int, _ end: Int) -> Int {
    func continues(_ place: Int) -> Bool { bytes[offset + place] & 0xC0 == 0x80 }
    let left = end - offset
    switch bytes[offset] {
    case 0..<0x80:
      return 1
    case 0xC2...0xDF:
      return left > 1 && continues(1) ? 2 : 0
    case 0xE0...0xEF:
      guard left > 2, continues(1), continues(2) else { return 0 }
      let start = UInt16(bytes[offset]) << 8 | UInt16(bytes[offset + 1])
      // Below U+0800 is too long a form; U+D800 to U+DFFF are surrogates.
      return start < 0xE0A0 || (0xEDA0...0xEDBF).contains(start) ? 0 : 3
    case 0xF0...0xF4:
      guard left > 3, continues(1), continues(2), continues(3) else { return 0 }
      let start = UInt16(bytes[offset]) << 8 | UInt16(bytes[offset + 1])
      return start < 0xF090 || start > 0xF48F ? 0 : 4
    default:
      return 0
    }
  }

  /// The width that the lead byte announces (0 for a byte that cannot lead) and how many bytes of it are well formed.
  @inline(__always)
  private static func shape(_ bytes: UnsafePointer<UInt8>, _ offset: Int, _ end: Int) -> (width: Int, seen: Int) {
    let lead = bytes[offset]
    if lead < 0x80 { return (1, 1) }
    if lead < 0xC2 || lead > 0xF4 { return (0, 1) }
    let width = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4
    guard offset + 1 < end else { return (width, 1) }
    // Only the second byte has a narrower range: it excludes overlong forms, surrogates and what lies above U+10FFFF.
    let low: UInt8 = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80
    let high: UInt8 = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF
    guard bytes[offset + 1] >= low, bytes[offset + 1] <= high else { return (width, 1) }
    var seen = 2
    while seen < width, offset + seen < end, bytes[offset + seen] & 0xC0 == 0x80 { seen += 1 }
    return (width, seen)
  }

  /// The offset of the first byte that is not part of a well-formed character, or nil.
  /// - Complexity: O(bytes); eight bytes at a time through ASCII.
  public static func firstProblem(in text: UnsafeBufferPointer<UInt8>) -> Int? {
    guard let bytes = text.baseAddress else { return nil }
    let raw = UnsafeRawPointer(bytes)
    var at = 0
    while at < text.count {
      if bytes[at] < 0x80 {
        at += 1
        while at + 8 <= text.count, raw.loadUnaligned(fromByteOffset: at, as: UInt64.self) & 0x8080_8080_8080_8080 == 0
        {
          at += 8
        }
        continue
      }
      let width = width(bytes, at, text.count)
      if width == 0 { return at }
      at += width
    }
    return nil
  }

  /// A copy in which each maximal ill-formed subsequence is U+FFFD, as Python's `errors="replace"` has it.
  static func repaired(_ text: UnsafeBufferPointer<UInt8>) -> [UInt8] {
    guard let bytes = text.baseAddress else { return [] }
    var output: [UInt8] = []
    output.reserveCapacity(text.count + 16)
    var at = 0
    while at < text.count {
      let (width, seen) = shape(bytes, at, text.count)
      if seen == width {
        output.append(contentsOf: text[at..<at + width])
      } else {
        output += [0xEF, 0xBF, 0xBD]
      }
      at += seen
    }
    return output
  }
}
