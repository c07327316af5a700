/// The pairs by how often they occur: a heap with the most frequent on top and, among equals, the pair of smaller ids.
struct PairQueue {
  /// A pair and the count that it had when it was pushed.
  struct Entry {
    var count: Int64
    /// left << 32 | right.
    var pair: UInt64

    @inline(__always)
    func comes(before other: Entry) -> Bool { count != other.count ? count > other.count : pair < other.pair }
  }

  private var entries: [Entry] = []

  mutating func push(_ entry: Entry) {
    entries.append(entry)
    entries.withUnsafeMutableBufferPointer { heap in
      var index = heap.count - 1
      while index > 0, entry.comes(before: heap[(index - 1) / 2]) {
        heap[index] = heap[(index - 1) / 2]
        index = (index - 1) / 2
      }
      heap[index] = entry
    }
  }

  mutating func pop() -> Entry? {
    guard let top = entries.first, let last = entries.popLast() else { return nil }
    if !entries.isEmpty { settle(last) }
    return top
  }

  /// Lets an entry sink from the top to its place.
  private mutating func settle(_ entry: Entry) {
    entries.withUnsafeMutableBufferPointer { heap in
      var index = 0
      while true {
        var child = 2 * index + 1
        guard child < heap.count else { break }
        if child + 1 < heap.count, heap[child + 1].comes(before: heap[child]) { child += 1 }
        guard heap[child].comes(before: entry) else { break }
        heap[index] = heap[child]
        index = child
      }
      heap[index] = entry
    }
  }
}
