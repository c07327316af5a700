/// Merges a word of any length with a heap over a linked list: O(n log n), so that a hostile text of one endless word
/// costs no more than its length deserves.
struct LongWordMerger: ~Copyable {
  private let merges: MergeTable
  private let count: Int
  private let ids: UnsafeMutablePointer<UInt32>
  /// Of the pair that starts at each place: the merge that applies now. A heap entry that says otherwise is stale.
  private let pairs: UnsafeMutablePointer<UInt64>
  private let next: UnsafeMutablePointer<UInt32>
  private let previous: UnsafeMutablePointer<UInt32>
  /// rank << 32 | place, the smallest first: the earlier merge, then the place further left.
  private var heap: [UInt64] = []
  private(set) var steps = 0

  /// - Precondition: `count` fits in 32 bits, less one.
  init(_ merges: MergeTable, count: Int, id: (Int) -> UInt32) {
    precondition(count < Int(UInt32.max), "a word of \(count) units has no 32-bit places")
    self.merges = merges
    self.count = count
    ids = .allocate(capacity: count)
    pairs = .allocate(capacity: count)
    next = .allocate(capacity: count)
    previous = .allocate(capacity: count)
    for place in 0..<count {
      (ids + place).initialize(to: id(place))
      (next + place).initialize(to: UInt32(place + 1))
      (previous + place).initialize(to: UInt32(truncatingIfNeeded: place - 1))
      (pairs + place).initialize(to: MergeTable.none)
    }
  }

  deinit {
    ids.deallocate()
    pairs.deallocate()
    next.deallocate()
    previous.deallocate()
  }

  /// Merges and appends the ids that are left.
  mutating func merge(appendingTo output: inout [UInt32]) {
    for place in 0..<max(0, count - 1) {
      pairs[place] = merges.entry(ids[place], ids[place + 1])
      if pairs[place] != MergeTable.none { heap.append(heapEntry(place)) }
    }
    for index in stride(from: heap.count / 2 - 1, through: 0, by: -1) { siftDown(index) }
    while let top = heap.first {
      removeTop()
      let place = Int(top & 0xFFFF_FFFF)
      if pairs[place] >> 32 == top >> 32 { apply(place) }
    }
    var place = 0
    while place < count {
      output.append(ids[place])
      place = Int(next[place])
    }
  }

  private func heapEntry(_ place: Int) -> UInt64 { (pairs[place] >> 32) << 32 | UInt64(place) }

  private mutating func apply(_ place: Int) {
    let gone = Int(next[place])
    let after = Int(next[gone])
    ids[place] = UInt32(truncatingIfNeeded: pairs[place])
    next[place] = UInt32(after)
    pairs[gone] = MergeTable.none
    if after < count {
      previous[after] = UInt32(place)
      renew(place, ids[place], ids[after])
    } else {
      pairs[place] = MergeTable.none
    }
    if place > 0 {
      let before = Int(previous[place])
      renew(before, ids[before], ids[place])
    }
  }

  private mutating func renew(_ place: Int, _ left: UInt32, _ right: UInt32) {
    pairs[place] = merges.entry(left, right)
    guard pairs[place] != MergeTable.none else { return }
    heap.append(heapEntry(place))
    siftUp(heap.count - 1)
  }

  private mutating func siftUp(_ start: Int) {
    var index = start
    while index > 0, heap[(index - 1) / 2] > heap[index] {
      heap.swapAt(index, (index - 1) / 2)
      index = (index - 1) / 2
      steps += 1
    }
  }

  private mutating func siftDown(_ start: Int) {
    var index = start
    while true {
      let left = 2 * index + 1
      guard left < heap.count else { return }
      let right = left + 1
      let child = right < heap.count && heap[right] < heap[left] ? right : left
      guard heap[child] < heap[index] else { return }
      heap.swapAt(index, child)
      index = child
      steps += 1
    }
  }

  private mutating func removeTop() {
    steps += 1
    heap.swapAt(0, heap.count - 1)
    heap.removeLast()
    siftDown(0)
  }
}
