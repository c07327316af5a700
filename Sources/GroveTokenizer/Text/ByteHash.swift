/// A fast 64-bit hash of bytes for tables in memory: the same on every run and machine, not for fingerprints.
package enum ByteHash {
  @inline(__always)
  static func mix(_ a: UInt64, _ b: UInt64) -> UInt64 {
    let product = a.multipliedFullWidth(by: b)
    return product.high ^ product.low
  }

  package static func hash(_ bytes: UnsafeRawPointer, count: Int) -> UInt64 {
    var state = UInt64(truncatingIfNeeded: count) ^ 0x9E37_79B9_7F4A_7C15
    var at = 0
    while at + 8 <= count {
      state = mix(state ^ bytes.loadUnaligned(fromByteOffset: at, as: UInt64.self).littleEndian, 0xA076_1D64_78BD_642F)
      at += 8
    }
    var rest: UInt64 = 0
    var shift: UInt64 = 0
    while at < count {
      rest |= UInt64(bytes.load(fromByteOffset: at, as: UInt8.self)) << shift
      at += 1
      shift += 8
    }
    return mix(state ^ rest, 0xE703_7ED1_A0B4_28DB)
  }
}
