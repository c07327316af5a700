/// Words as bytes, numbered in the order in which they came: a hash table for tens of millions of them.
///
/// A word takes its bytes and about `overheadBytes` more. Words are told apart by their bytes, never by a hash alone.
package struct WordIndex: Sendable {
  /// What a word takes besides its bytes: a start and two slots.
  package static let overheadBytes = 24

  private var bytes: [UInt8] = []
  private var starts: [Int] = [0]
  /// Open addressing: the upper half of the hash << 32 | index + 1, or 0 for an empty slot.
  private var slots: [UInt64]

  package init() { slots = [UInt64](repeating: 0, count: 1 << 10) }

  /// Number of words.
  package var count: Int { starts.count - 1 }

  /// Bytes that the words and the table take.
  package var usedBytes: Int { bytes.count + count * WordIndex.overheadBytes }

  /// The word of a number, for as long as the call lasts.
  package func withWord<Result>(_ index: Int, _ body: (UnsafeBufferPointer<UInt8>) throws -> Result) rethrows -> Result
  {
    try bytes.withUnsafeBufferPointer {
      try body(UnsafeBufferPointer(rebasing: $0[starts[index]..<starts[index + 1]]))
    }
  }

  /// The number of a word that is there.
  package func number(of word: UnsafeBufferPointer<UInt8>) -> Int? {
    guard let start = word.baseAddress else { return nil }
    return find(word, ByteHash.hash(start, count: word.count)).index
  }

  /// The number of a word, which is added if it is new.
  /// - Precondition: the word is not empty.
  package mutating func insert(_ word: UnsafeBufferPointer<UInt8>) -> (index: Int, isNew: Bool) {
    guard let start = word.baseAddress else { preconditionFailure("an empty word has no number") }
    let hash = ByteHash.hash(start, count: word.count)
    let (slot, index) = find(word, hash)
    if let index { return (index, false) }
    bytes.append(contentsOf: word)
    starts.append(bytes.count)
    slots[slot] = WordIndex.entry(hash, count - 1)
    if count * 2 > slots.count { rebuildSlots(count: slots.count * 2) }
    return (count - 1, true)
  }

  /// Drops the words that do not pass; those that stay are numbered anew in their order.
  /// - Parameter isKept: called once for each word, with its number so far.
  package mutating func keep(where isKept: (Int) -> Bool) {
    var kept = 0
    var end = 0
    for index in 0..<count {
      let range = starts[index]..<starts[index + 1]
      guard isKept(index) else { continue }
      for place in range {
        bytes[end] = bytes[place]
        end += 1
      }
      kept += 1
      starts[kept] = end  // kept <= index + 1, and where they are equal nothing has moved yet
    }
    starts.removeLast(count - kept)
    bytes.removeLast(bytes.count - end)
    rebuildSlots(count: slots.count)
  }

  /// Drops all words and keeps the memory.
  package mutating func removeAll() {
    bytes.removeAll(keepingCapacity: true)
    starts.removeAll(keepingCapacity: true)
    starts.append(0)
    for slot in slots.indices { slots[slot] = 0 }
  }

  private static func entry(_ hash: UInt64, _ index: Int) -> UInt64 { (hash >> 32) << 32 | UInt64(index + 1) }

  /// The slot of the word and its index, or the slot where it would go.
  @inline(__always)
  private func find(_ word: UnsafeBufferPointer<UInt8>, _ hash: UInt64) -> (slot: Int, index: Int?) {
    slots.withUnsafeBufferPointer { slots in
      let mask = slots.count - 1
      var slot = Int(truncatingIfNeeded: hash) & mask
      while slots[slot] != 0 {
        if slots[slot] >> 32 == hash >> 32 {
          let index = Int(slots[slot] & 0xFFFF_FFFF) - 1
          if matches(index, word) { return (slot, index) }
        }
        slot = (slot + 1) & mask
      }
      return (slot, nil)
    }
  }

  @inline(__always)
  private func matches(_ index: Int, _ word: UnsafeBufferPointer<UInt8>) -> Bool {
    let start = starts[index]
    guard starts[index + 1] - start == word.count else { return false }
    return bytes.withUnsafeBufferPointer { bytes in
      for place in 0..<word.count where bytes[start + place] != word[place] { return false }
      return true
    }
  }

  private mutating func rebuildSlots(count slotCount: Int) {
    slots = [UInt64](repeating: 0, count: slotCount)
    bytes.withUnsafeBufferPointer { bytes in
      guard let base = bytes.baseAddress else { return }
      for index in 0..<count {
        let hash = ByteHash.hash(base + starts[index], count: starts[index + 1] - starts[index])
        var slot = Int(truncatingIfNeeded: hash) & (slotCount - 1)
        while slots[slot] != 0 { slot = (slot + 1) & (slotCount - 1) }
        slots[slot] = WordIndex.entry(hash, index)
      }
    }
  }
}
