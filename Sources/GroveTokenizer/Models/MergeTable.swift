/// One merge: where `left` and `right` stand side by side they become `result`.
public struct Merge: Sendable, Hashable {
  /// The id of the token on the left.
  public let left: UInt32
  /// The id of the token on the right.
  public let right: UInt32
  /// The id of the token that stands for both.
  public let result: UInt32
}

/// The merges by pair: an immutable open-addressing table that encoders share.
final class MergeTable: @unchecked Sendable {  // Safety: the memory is written in `init` only.
  /// No merge applies; larger than every entry.
  static let none = UInt64.max

  private struct Slot {
    var pair: UInt64
    /// rank << 32 | id of the result.
    var entry: UInt64
  }
  private let slots: UnsafeMutablePointer<Slot>
  private let mask: Int
  private let shift: UInt64
  private static let empty = UInt64.max

  /// - Precondition: no pair occurs twice.
  init(_ merges: [Merge]) {
    let bits = max(4, Int.bitWidth - (merges.count * 2).leadingZeroBitCount)
    mask = 1 << bits - 1
    shift = UInt64(64 - bits)
    slots = .allocate(capacity: mask + 1)
    slots.initialize(repeating: Slot(pair: MergeTable.empty, entry: MergeTable.none), count: mask + 1)
    for (rank, merge) in merges.enumerated() {
      let pair = MergeTable.pair(merge.left, merge.right)
      var slot = start(pair)
      while slots[slot].pair != MergeTable.empty { slot = (slot + 1) & mask }
      slots[slot] = Slot(pair: pair, entry: UInt64(rank) << 32 | UInt64(merge.result))
    }
  }

  deinit { slots.deallocate() }

  /// rank << 32 | id of the result, or `none`: the smaller of two entries is the merge that comes first.
  @inline(__always)
  func entry(_ left: UInt32, _ right: UInt32) -> UInt64 {
    let pair = MergeTable.pair(left, right)
    var slot = start(pair)
    while slots[slot].pair != pair {
      if slots[slot].pair == MergeTable.empty { return MergeTable.none }
      slot = (slot + 1) & mask
    }
    return slots[slot].entry
  }

  @inline(__always)
  private func start(_ pair: UInt64) -> Int { Int(truncatingIfNeeded: (pair &* 0x9E37_79B9_7F4A_7C15) >> shift) }

  @inline(__always)
  private static func pair(_ left: UInt32, _ right: UInt32) -> UInt64 { UInt64(left) << 32 | UInt64(right) }
}
