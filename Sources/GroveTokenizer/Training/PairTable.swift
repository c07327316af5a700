/// Of every pair of neighbours: how often it occurs, and in which words.
struct PairTable {
  /// What is known of one pair.
  struct Record {
    /// left << 32 | right.
    let pair: UInt64
    var count: Int64 = 0
    /// The first link of the list of words where the pair has occurred; -1 ends it.
    var firstLink: Int32 = -1
    /// The word that was linked last, so that no word is linked twice in a row.
    var lastWord: UInt32 = .max
    /// The merge during which the pair was last pushed on the queue.
    var pushedAt: UInt32 = .max
  }
  private struct Link {
    var word: UInt32
    var next: Int32
  }

  private(set) var records: [Record] = []
  private var links: [Link] = []
  private var freeLink: Int32 = -1
  /// Open addressing: index + 1 of the record, or 0.
  private var slots = [UInt32](repeating: 0, count: 1 << 12)

  static func pair(_ left: UInt32, _ right: UInt32) -> UInt64 { UInt64(left) << 32 | UInt64(right) }

  /// The index of the pair's record, made if there is none.
  mutating func index(of pair: UInt64) -> Int {
    let slot = slot(of: pair)
    if slots[slot] != 0 { return Int(slots[slot]) - 1 }
    records.append(Record(pair: pair))
    slots[slot] = UInt32(records.count)
    if records.count * 2 > slots.count { grow() }
    return records.count - 1
  }

  func count(of pair: UInt64) -> Int64 {
    let entry = slots[slot(of: pair)]
    return entry == 0 ? 0 : records[Int(entry) - 1].count
  }

  /// Raises (or lowers) the count of a pair.
  mutating func add(_ occurrences: Int64, at index: Int) { records[index].count += occurrences }

  /// Notes that the pair occurs in the word.
  mutating func link(_ word: UInt32, at index: Int) {
    guard records[index].lastWord != word else { return }
    records[index].lastWord = word
    let link = Link(word: word, next: records[index].firstLink)
    if freeLink >= 0 {
      records[index].firstLink = freeLink
      let next = links[Int(freeLink)].next
      links[Int(freeLink)] = link
      freeLink = next
    } else {
      records[index].firstLink = Int32(links.count)
      links.append(link)
    }
  }

  /// Whether the pair was not yet pushed during this merge; from now on it was.
  mutating func marksPushed(_ merge: UInt32, at index: Int) -> Bool {
    if records[index].pushedAt == merge { return false }
    records[index].pushedAt = merge
    return true
  }

  /// Takes the words of a pair out of the table, and sets its count to 0.
  mutating func takeWords(at index: Int) -> [UInt32] {
    var words: [UInt32] = []
    var link = records[index].firstLink
    while link >= 0 {
      let next = links[Int(link)].next
      words.append(links[Int(link)].word)
      links[Int(link)].next = freeLink
      freeLink = link
      link = next
    }
    records[index].firstLink = -1
    records[index].lastWord = .max
    records[index].count = 0
    return words
  }

  @inline(__always)
  private func slot(of pair: UInt64) -> Int {
    slots.withUnsafeBufferPointer { slots in
      records.withUnsafeBufferPointer { records in
        let mask = slots.count - 1
        var slot = Int(truncatingIfNeeded: (pair &* 0x9E37_79B9_7F4A_7C15) >> 32) & mask
        while slots[slot] != 0, records[Int(slots[slot]) - 1].pair != pair { slot = (slot + 1) & mask }
        return slot
      }
    }
  }

  private mutating func grow() {
    slots = [UInt32](repeating: 0, count: slots.count * 2)
    for index in records.indices { slots[slot(of: records[index].pair)] = UInt32(index + 1) }
  }
}
