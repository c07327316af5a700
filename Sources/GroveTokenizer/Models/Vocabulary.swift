/// The tokens by id, as bytes, and the ids by bytes.
public struct Vocabulary: Sendable {
  /// All the tokens' bytes, one after another.
  private var arena: [UInt8] = []
  private var starts: [Int] = [0]
  /// Open addressing, a power of two of slots: id + 1, or 0 for an empty slot.
  private var slots: [UInt32] = [UInt32](repeating: 0, count: 64)
  private var used = 0

  init() {}

  /// Number of ids: they run from 0 without a gap.
  public var count: Int { starts.count - 1 }

  /// The bytes that a token stands for; nil for an id that no token has.
  public func bytes(of id: UInt32) -> ArraySlice<UInt8>? {
    Int(id) < count ? token(Int(id)) : nil
  }

  /// How many bytes a token stands for; nil for an id that no token has.
  public func byteCount(of id: UInt32) -> Int? { Int(id) < count ? starts[Int(id) + 1] - starts[Int(id)] : nil }

  /// The id of the token that stands for exactly these bytes.
  /// - Complexity: O(bytes).
  public func id(of bytes: some Sequence<UInt8>) -> UInt32? {
    Array(bytes).withUnsafeBufferPointer { id(of: $0) }
  }

  func id(of bytes: UnsafeBufferPointer<UInt8>) -> UInt32? {
    let entry = slots[findSlot(of: bytes)]
    return entry == 0 ? nil : entry - 1
  }

  /// Whether every byte is a token by itself.
  var hasEveryByte: Bool { (UInt8.min...UInt8.max).allSatisfy { id(of: [$0]) != nil } }

  /// Adds the next id. A token that is not `findable` is decoded but never found by its bytes.
  mutating func append(_ bytes: some Collection<UInt8>, findable: Bool) {
    arena.append(contentsOf: bytes)
    starts.append(arena.count)
    guard findable else { return }
    if (used + 1) * 2 > slots.count { grow() }
    let slot = token(count - 1).withUnsafeBufferPointer { findSlot(of: $0) }
    if slots[slot] == 0 {
      slots[slot] = UInt32(count)
      used += 1
    }
  }

  private func token(_ id: Int) -> ArraySlice<UInt8> { arena[starts[id]..<starts[id + 1]] }

  /// The slot that holds these bytes, or the empty one where they would go.
  private func findSlot(of bytes: UnsafeBufferPointer<UInt8>) -> Int {
    let mask = slots.count - 1
    guard let start = bytes.baseAddress else { return hashedSlot(0) { _ in true } }
    let hash = Int(truncatingIfNeeded: ByteHash.hash(start, count: bytes.count)) & mask
    return hashedSlot(hash) { id in
      starts[id + 1] - starts[id] == bytes.count && token(id).elementsEqual(bytes)
    }
  }

  private func hashedSlot(_ hash: Int, _ matches: (Int) -> Bool) -> Int {
    var slot = hash
    while slots[slot] != 0, !matches(Int(slots[slot] - 1)) { slot = (slot + 1) & (slots.count - 1) }
    return slot
  }

  private mutating func grow() {
    let ids = slots.filter { $0 != 0 }.sorted()
    slots = [UInt32](repeating: 0, count: slots.count * 2)
    for entry in ids {
      let slot = token(Int(entry) - 1).withUnsafeBufferPointer { findSlot(of: $0) }
      slots[slot] = entry
    }
  }
}
