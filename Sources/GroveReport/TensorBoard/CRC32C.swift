/// The Castagnoli cyclic redundancy check, and the mask that record files put over it.
/// - Source: RFC 3720 appendix B.4 (polynomial and test vectors).
enum CRC32C {
  private static let table: [UInt32] = (0..<256).map { byte in
    (0..<8).reduce(UInt32(byte)) { value, _ in value & 1 == 1 ? value >> 1 ^ 0x82F6_3B78 : value >> 1 }
  }

  static func of(_ bytes: some Sequence<UInt8>) -> UInt32 {
    var value: UInt32 = 0xFFFF_FFFF
    for byte in bytes { value = value >> 8 ^ table[Int(UInt8(truncatingIfNeeded: value) ^ byte)] }
    return ~value
  }

  /// A check over bytes that hold checks themselves would be weak; so it is rotated and shifted by a constant.
  static func masked(_ bytes: some Sequence<UInt8>) -> UInt32 {
    let value = of(bytes)
    return (value >> 15 | value << 17) &+ 0xA282_EAD8
  }
}
