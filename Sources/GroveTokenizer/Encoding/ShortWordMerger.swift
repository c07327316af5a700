/// Merges a short word by looking for the best pair over and over: O(n²), and faster than any heap while n is small.
struct ShortWordMerger: ~Copyable {
  /// The longest word, in bytes, that goes this way.
  static let longestWord = 64

  private let merges: MergeTable
  /// Of the pair that starts at each place: rank << 32 | result, or `MergeTable.none`.
  private let pairs: UnsafeMutablePointer<UInt64>

  init(_ merges: MergeTable) {
    self.merges = merges
    pairs = .allocate(capacity: ShortWordMerger.longestWord)
  }

  deinit { pairs.deallocate() }

  /// Merges the ids in place.
  /// - Parameter steps: raised by the number of pairs looked at.
  /// - Returns: how many ids are left.
  func merge(_ ids: UnsafeMutablePointer<UInt32>, count: Int, steps: inout Int) -> Int {
    var count = count
    guard count > 1 else { return count }
    for place in 0..<count - 1 { pairs[place] = merges.entry(ids[place], ids[place + 1]) }
    while count > 1 {
      var best = 0
      var bestEntry = pairs[0]
      for place in 1..<max(1, count - 1) where pairs[place] < bestEntry {
        bestEntry = pairs[place]
        best = place
      }
      steps += count
      if bestEntry == MergeTable.none { break }
      ids[best] = UInt32(truncatingIfNeeded: bestEntry)
      count -= 1
      for place in best + 1..<max(best + 1, count) {
        ids[place] = ids[place + 1]
        pairs[place - 1] = pairs[place]
      }
      if best + 1 < count { pairs[best] = merges.entry(ids[best], ids[best + 1]) }
      if best > 0 { pairs[best - 1] = merges.entry(ids[best - 1], ids[best]) }
    }
    return count
  }
}
