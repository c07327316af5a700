import GroveCore

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
  private var rest: [Candidate] = []
  private let pivots = RandomKey(seed: 0)

  /// Takes all tokens in the order of their ids, or the `limit` likeliest ones, the likeliest first; 0 is no limit.
  mutating func fill(_ scores: UnsafeBufferPointer<Float>, limit: Int) {
    list.removeAll(keepingCapacity: true)
    let limited = limit > 0 && limit < scores.count
    if !limited { list.reserveCapacity(scores.count) }
    for (id, score) in scores.enumerated() where score > -.infinity {
      let candidate = Candidate(id: Int32(id), score: score, weight: 0)
      if !limited || list.count < limit {
        list.append(candidate)
        if limited && list.count == limit { for index in (0..<limit / 2).reversed() { siftDown(from: index) } }
      } else if candidate.precedes(list[0]) {  // the worst of the best so far gives way
        list[0] = candidate
        siftDown(from: 0)
      }
    }
    if limited { list.sort { $0.precedes($1) } }
  }

  /// Gives every token the weight exp((score − highest) / temperature).
  mutating func weigh(temperature: Double) {
    let highest = Double(list.reduce(-Float.infinity) { max($0, $1.score) })
    for index in list.indices { list[index].weight = exp((Double(list[index].score) - highest) / temperature) }
  }

  /// Keeps the fewest likeliest tokens that have `share` of the weight; the order stays.
  mutating func keepNucleus(_ share: Double) {
    let total = list.reduce(0) { $0 + $1.weight }
    // All tokens below this weight have less than 1 − share together, so that none of them is needed.
    let negligible = (1 - share) * total / Double(list.count)
    rest.removeAll(keepingCapacity: true)
    for candidate in list where candidate.weight >= negligible { rest.append(candidate) }
    let last = likeliestUntil(share * total)
    list.removeAll { last.precedes($0) }
  }

  /// The candidate of `rest` with which the weights, the likeliest first, reach a sum.
  ///
  /// Hoare's selection (1961) by weight in place of rank: O(n) expected, where sorting would be O(n log n).
  private mutating func likeliestUntil(_ sum: Double) -> Candidate {
    var missing = sum
    var range = rest.indices
    while range.count > 1 {
      // Any element will do; a fixed place could meet an order that makes it slow.
      let chosen = range.lowerBound + Int(pivots.bits(range.count) % UInt64(range.count))
      let (place, weightBefore) = partition(range, around: chosen)
      if weightBefore >= missing {
        range = range.lowerBound..<place
      } else {
        missing -= weightBefore + rest[place].weight
        if missing <= 0 { return rest[place] }
        range = place + 1..<range.upperBound
      }
    }
    // Empty only if rounding has left something missing at the very end.
    return rest[min(range.lowerBound, rest.count - 1)]
  }

  /// Moves what precedes an element of the range in front of it; gives its new place and the weight in front of it.
  private mutating func partition(_ range: Range<Int>, around chosen: Int) -> (place: Int, weightBefore: Double) {
    let pivot = rest[chosen]
    let end = range.upperBound - 1
    rest.swapAt(chosen, end)
    var place = range.lowerBound
    var weight = 0.0
    for index in range.lowerBound..<end where rest[index].precedes(pivot) {
      rest.swapAt(place, index)
      weight += rest[place].weight
      place += 1
    }
    rest.swapAt(place, end)
    return (place, weight)
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

  /// Restores the heap, the least likely on top, below an element that may be out of place.
  private mutating func siftDown(from start: Int) {
    var parent = start
    while true {
      var top = parent
      for child in [2 * parent + 1, 2 * parent + 2] where child < list.count && list[top].precedes(list[child]) {
        top = child
      }
      if top == parent { return }
      list.swapAt(parent, top)
      parent = top
    }
  }
}
