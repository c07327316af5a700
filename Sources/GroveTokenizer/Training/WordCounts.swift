/// How often each word occurs, in memory that does not grow beyond a limit.
///
/// When the limit is reached, the rarest words are forgotten until half of the memory is free: those that occurred
/// once, then twice, and so on. What was forgotten is counted, so that a caller can say so.
struct WordCounts: Sendable {
  /// Words that were forgotten, and how often they had occurred.
  private(set) var forgotten = (words: 0, occurrences: Int64(0))

  private var bytes: [UInt8] = []
  private var starts: [Int] = [0]
  private var counts: [Int64] = []
  /// Open addressing: the upper half of the hash << 32 | index + 1, or 0 for an empty slot.
  private var slots: [UInt64]
  private let byteLimit: Int
  /// What a word takes besides its bytes: a start, a count and two slots.
  private static let overheadBytes = 32

  init(byteLimit: Int) {
    self.byteLimit = max(byteLimit, 1 << 16)
    slots = [UInt64](repeating: 0, count: 1 << 10)
  }

  /// Number of different words.
  var count: Int { counts.count }

  /// Bytes that the words, their counts and the table take.
  var usedBytes: Int { bytes.count + counts.count * WordCounts.overheadBytes }

  /// Calls `body` with each word and its count, in the order in which they were first met.
  func forEach(_ body: (UnsafeBufferPointer<UInt8>, Int64) -> Void) {
    bytes.withUnsafeBufferPointer { bytes in
      for index in counts.indices {
        body(UnsafeBufferPointer(rebasing: bytes[starts[index]..<starts[index + 1]]), counts[index])
      }
    }
  }

  /// Counts a word that occurs `occurrences` times more.
  mutating func add(_ word: UnsafeBufferPointer<UInt8>, occurrences: Int64 = 1) {
    guard let start = word.baseAddress else { return }
    let hash = ByteHash.hash(start, count: word.count)
    let (slot, index) = find(word, hash)
    if let index {
      counts[index] += occurrences
      return
    }
    bytes.append(contentsOf: word)
    starts.append(bytes.count)
    counts.append(occurrences)
    slots[slot] = WordCounts.entry(hash, counts.count - 1)
    if counts.count * 2 > slots.count { rebuildSlots(count: slots.count * 2) }
    if usedBytes > byteLimit { forgetRarest() }
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

  private mutating func rebuildSlots(count: Int) {
    slots = [UInt64](repeating: 0, count: count)
    bytes.withUnsafeBufferPointer { bytes in
      guard let base = bytes.baseAddress else { return }
      for index in counts.indices {
        let hash = ByteHash.hash(base + starts[index], count: starts[index + 1] - starts[index])
        var slot = Int(truncatingIfNeeded: hash) & (count - 1)
        while slots[slot] != 0 { slot = (slot + 1) & (count - 1) }
        slots[slot] = WordCounts.entry(hash, index)
      }
    }
  }

  private mutating func forgetRarest() {
    var floor: Int64 = 0
    repeat {
      floor += 1
      keep { $0 > floor }
    } while usedBytes > byteLimit / 2
    rebuildSlots(count: slots.count)
  }

  /// Moves the words whose count passes to the front and drops the others.
  private mutating func keep(where isKept: (Int64) -> Bool) {
    var kept = 0
    var end = 0
    for index in counts.indices {
      let range = starts[index]..<starts[index + 1]
      guard isKept(counts[index]) else {
        forgotten.words += 1
        forgotten.occurrences += counts[index]
        continue
      }
      for place in range {
        bytes[end] = bytes[place]
        end += 1
      }
      counts[kept] = counts[index]
      kept += 1
      starts[kept] = end  // kept <= index + 1, and where they are equal nothing has moved yet
    }
    counts.removeLast(counts.count - kept)
    starts.removeLast(starts.count - kept - 1)
    bytes.removeLast(bytes.count - end)
  }
}
