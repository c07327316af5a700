/// Whether bytes are well-formed UTF-8 (Unicode 16, table 3-7), eight ASCII bytes at a time.
enum UTF8Check {
  /// The offset of the first byte that does not belong to a well-formed sequence; nil if all do.
  static func firstError(in bytes: UnsafeBufferPointer<UInt8>) -> Int? {
    let raw = UnsafeRawBufferPointer(bytes)
    var at = 0
    while at < bytes.count {
      if bytes[at] < 0x80 {
        at += 1
        while at + 8 <= bytes.count, raw.loadUnaligned(fromByteOffset: at, as: UInt64.self) & 0x8080_8080_8080_8080 == 0
        {
          at += 8
        }
        continue
      }
      let length = sequenceLength(bytes, at)
      if length == 0 { return at }
      at += length
    }
    return nil
  }

  static func isValid(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool { firstError(in: bytes) == nil }

  /// The length of the sequence of two to four bytes that starts at `at`; 0 if there is none.
  @inline(__always)
  private static func sequenceLength(_ bytes: UnsafeBufferPointer<UInt8>, _ at: Int) -> Int {
    func continues(_ offset: Int) -> Bool { bytes[at + offset] & 0xC0 == 0x80 }
    let left = bytes.count - at
    switch bytes[at] {
    case 0xC2...0xDF:
      return left > 1 && continues(1) ? 2 : 0
    case 0xE0...0xEF:
      guard left > 2, continues(1), continues(2) else { return 0 }
      let start = UInt16(bytes[at]) << 8 | UInt16(bytes[at + 1])
      // Below U+0800 is too long a form; U+D800 to U+DFFF are surrogates.
      return start < 0xE0A0 || (0xEDA0...0xEDBF).contains(start) ? 0 : 3
    case 0xF0...0xF4:
      guard left > 3, continues(1), continues(2), continues(3) else { return 0 }
      let start = UInt16(bytes[at]) << 8 | UInt16(bytes[at + 1])
      return start < 0xF090 || start > 0xF48F ? 0 : 4
    default:
      return 0
    }
  }
}
