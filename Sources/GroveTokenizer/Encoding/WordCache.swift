/// The ids of short words met before: a direct-mapped table of fixed size, one cache line a word.
///
/// A word of at most 22 bytes and 10 ids fits. A newer word takes the place of an older one that hashes alike, so the
/// memory never grows and a hostile text costs no more than a miss a word.
final class WordCache: @unchecked Sendable {  // Safety: one encoder owns it; a copy of the encoder makes its own.
  /// The longest word, in bytes, that a slot holds.
  static let longestWord = 22
  /// The most ids that a slot holds.
  static let mostIDs = 10

  /// A word's bytes, padded with zeros, and its length in the top byte of the last part.
  struct Key {
    var first: UInt64
    var second: UInt64
    var third: UInt64
  }

  /// 64 bytes: the key with the number of ids in byte 6 of its last part, then the ids.
  static let slotBytes = 64
  private static let countShift: UInt64 = 48
  private static let countMask: UInt64 = 0xFF << 48
  private static let idOffset = 24
  private let slots: UnsafeMutableRawPointer
  private let shift: UInt64

  /// - Parameter slotBits: the table has 2^slotBits slots of 64 bytes.
  init(slotBits: Int) {
    let byteCount = WordCache.slotBytes << slotBits
    slots = .allocate(byteCount: byteCount, alignment: WordCache.slotBytes)
    slots.initializeMemory(as: UInt8.self, repeating: 0, count: byteCount)
    shift = UInt64(64 - slotBits)
  }

  deinit { slots.deallocate() }

  /// The key of a word of 1 to 22 bytes of which 24 may be read.
  @inline(__always)
  static func key(_ word: UnsafeRawPointer, count: Int) -> Key {
    let length = UInt64(count) << 56
    let first = word.loadUnaligned(as: UInt64.self)
    if count <= 8 { return Key(first: first & low(count), second: 0, third: length) }
    let second = word.loadUnaligned(fromByteOffset: 8, as: UInt64.self)
    if count <= 16 { return Key(first: first, second: second & low(count - 8), third: length) }
    let third = word.loadUnaligned(fromByteOffset: 16, as: UInt64.self)
    return Key(first: first, second: second, third: third & low(count - 16) | length)
  }

  /// A mask of the first `count` bytes, 1 to 8, as they lie in memory.
  @inline(__always)
  private static func low(_ count: Int) -> UInt64 { UInt64.max >> UInt64(64 - 8 * count) }

  @inline(__always)
  func slot(_ key: Key) -> UnsafeMutableRawPointer {
    let mixed = (key.first ^ 0xA076_1D64_78BD_642F) &* 0xE703_7ED1_A0B4_28DB
    let hash = ByteHash.mix(mixed ^ key.second, key.third ^ 0x8EBC_6AF0_9C88_C6E3 ^ mixed >> 32)
    return slots + Int(truncatingIfNeeded: (hash &* 0x9E37_79B9_7F4A_7C15) >> shift) &* WordCache.slotBytes
  }

  /// Copies the ids of the word to `output`, which has room for ten; the number of ids, or 0 if the slot has another word.
  @inline(__always)
  func take(_ key: Key, _ slot: UnsafeMutableRawPointer, to output: UnsafeMutablePointer<UInt32>) -> Int {
    let third = slot.load(fromByteOffset: 16, as: UInt64.self)
    guard slot.load(as: UInt64.self) == key.first, slot.load(fromByteOffset: 8, as: UInt64.self) == key.second,
      third & ~WordCache.countMask == key.third
    else { return 0 }
    // All ten at once: a copy of fixed size is a few vector moves, whatever the number of ids.
    UnsafeMutableRawPointer(output).copyMemory(from: slot + WordCache.idOffset, byteCount: 4 * WordCache.mostIDs)
    return Int(third >> WordCache.countShift & 0xFF)
  }

  func store(_ key: Key, _ slot: UnsafeMutableRawPointer, _ ids: UnsafePointer<UInt32>, count: Int) {
    slot.storeBytes(of: key.first, as: UInt64.self)
    slot.storeBytes(of: key.second, toByteOffset: 8, as: UInt64.self)
    slot.storeBytes(of: key.third | UInt64(count) << WordCache.countShift, toByteOffset: 16, as: UInt64.self)
    (slot + WordCache.idOffset).copyMemory(from: ids, byteCount: 4 * count)
  }
}
