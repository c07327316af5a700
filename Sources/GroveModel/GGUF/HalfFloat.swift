/// float16 and bfloat16 as bits; Swift's `Float16` is not there on every platform that Grove builds on.
enum HalfFloat {
  /// The value of a float16, exactly.
  @inline(__always)
  static func float(_ bits: UInt16) -> Float {
    let (sign, rest) = (UInt32(bits & 0x8000) << 16, UInt32(bits & 0x7FFF))
    if rest >= 0x7C00 { return Float(bitPattern: sign | 0x7F80_0000 | (rest & 0x3FF) << 13) }
    // Scaled by 2^112, which also makes normal numbers out of subnormal ones.
    let magnitude = Float(bitPattern: rest << 13) * Float(bitPattern: 0x7780_0000)
    return Float(bitPattern: sign | magnitude.bitPattern)
  }

  /// The nearest float16, to even between two; infinite where that is too large.
  static func bits(_ value: Float) -> UInt16 {
    let sign = UInt16(truncatingIfNeeded: value.bitPattern >> 16) & 0x8000
    let magnitude = value.magnitude
    if value.isNaN { return sign | 0x7E00 }
    if magnitude >= 65_520 { return sign | 0x7C00 }
    if magnitude < Float(bitPattern: 0x3880_0000) {
      // Below 2^-14: a multiple of 2^-24.
      return sign | UInt16((magnitude * 16_777_216).rounded(.toNearestOrEven))
    }
    let bits = magnitude.bitPattern
    let rounded = bits + 0xFFF + (bits >> 13 & 1)
    return sign | UInt16(truncatingIfNeeded: (rounded - 0x3800_0000) >> 13)
  }
}
