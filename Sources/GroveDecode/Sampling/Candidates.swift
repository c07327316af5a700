#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The tokens that are still in play for one draw. Weights are relative to the likeliest token, whose weight is 1.
struct Candidates {
  private struct Candidate {
    let id: Int32
    let score: Float
    var weight: Double

    /// Likelier, or with the lower id in a tie.
    func precedes(_ other: Candidate) -> Bool {
      score > other.score || (score == other.score && id < other.id)
    }
  }
  private var list: [Candidate] = []

  /// Takes all tokens in the order of their ids, or the `limit` likeliest ones, the likeliest first; 0 is no limit.
  mutating func fill(_ scores: UnsafeBufferPointer<Float>, limit: Int) {
    list.removeAll(keepingCapacity: true)
    let limited = limit > 0 && limit < scores.count
    if !limited { list.reserveCapacity(scores.count) }
    for (id, score) in scores.enumerated() where score > -.infinity {
      let candidate = Candidate(id: Int32(id), score: score, weight: 0)
      if !limited || list.count < limit {
        list.append(candidate)
        if limited && list.count == limit { makeHeap { $1.precedes($0) } }
      } else if candidate.precedes(list[0]) {  // the worst of the best so far gives way
        list[0] = candidate
        siftDown(from: 0, list.count) { $1.precedes($0) }
      }
    }
    if limited { list.sort { $0.precedes($1) } }
  }

  /// Gives every token the weight exp((score − highest) / temperature).
  mutating func weigh(temperature: Double) {
    let highest = Double(list.reduce(-Float.infinity) { max($0, $1.score) })
    for index in list.indices { list[index].weight = exp((Double(list[index].score) - highest) / temperature) }
  }

  /// Keeps the fewest likeliest tokens that have `share` of the weight, the likeliest first.
  mutating func keepNucleus(_ share: Double) {
    let total = list.reduce(0) { $0 + $1.weight }
    // All tokens below this weight have less than 1 − share together, so that none of them is needed.
    let negligible = (1 - share) * total / Double(list.count)
    list.removeAll { $0.weight < negligible }
    makeHeap { $0.precedes($1) }
    var gathered = 0.0
    var end = list.count
    while end > 0, gathered < share * total {  // the kept ones gather at the end of the array
      end -= 1
      list.swapAt(0, end)
      gathered += list[end].weight
      siftDown(from: 0, end) { $0.precedes($1) }
    }
    list.removeSubrange(..<end)
    list.reverse()
  }

  /// Keeps tokens with at least `share` of the likeliest one's weight.
  mutating func keep(atLeast share: Double) { list.removeAll { $0.weight < share } }

  /// The token at a point of the total weight, with `point` in [0, 1).
  func pick(_ point: Double) -> Int {
    let target = point * list.reduce(0) { $0 + $1.weight }
    var gathered = 0.0
    for candidate in list {
      gathered += candidate.weight
      if gathered > target { return Int(candidate.id) }
    }
    // Rounding can leave the target at the very end.
    return Int(list.last { $0.weight > 0 }!.id)
  }

  private mutating func makeHeap(_ isAbove: (Candidate, Candidate) -> Bool) {
    for index in stride(from: list.count / 2 - 1, through: 0, by: -1) { siftDown(from: index, list.count, isAbove) }
  }

  /// Restores the heap of the first `count` elements below an element that may be out of place.
  private mutating func siftDown(from start: Int, _ count: Int, _ isAbove: (Candidate, Candidate) -> Bool) {
    var parent = start
    while true {
      var top = parent
      for child in [2 * parent + 1, 2 * parent + 2] where child < count && isAbove(list[child], list[top]) {
        top = child
      }
      if top == parent { return }
      list.swapAt(parent, top)
      parent = top
    }
  }
}
