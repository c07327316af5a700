import GroveCore

/// A uniform sample of ids that depends on the ids alone, not on their order: those with the smallest draws.
struct DocumentSample: Sendable {
  private let key: RandomKey
  private let limit: Int
  private var draws: [UInt64] = []
  /// Draws above are not among the smallest.
  private var threshold = UInt64.max

  init(limit: Int, key: RandomKey) {
    self.limit = limit
    self.key = key
  }

  /// Takes the draw of an id into account.
  mutating func add(_ id: String) {
    let draw = key.split(id).bits(0)
    guard draw <= threshold else { return }
    draws.append(draw)
    if draws.count >= 2 * limit { shrink() }
  }

  /// Settles which ids are in the sample.
  mutating func finish() { if draws.count > limit { shrink() } }

  /// Whether an id is in the sample. Ids with the same draw are in it together.
  func contains(_ id: String) -> Bool { key.split(id).bits(0) <= threshold }

  private mutating func shrink() {
    draws.sort()
    draws.removeLast(draws.count - limit)
    threshold = draws.last ?? 0
  }
}
