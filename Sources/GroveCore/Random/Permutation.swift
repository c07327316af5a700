/// A pseudo-random permutation of `0..<count` that is computed, not stored: any position in O(1) time and memory.
///
/// A balanced Feistel network over the smallest even number of bits that holds `count`; values outside the range are
/// walked on until they fall inside (at most four times on average).
///
/// - Source: Black and Rogaway 2002, "Ciphers with arbitrary finite domains", the cycle-walking cipher.
public struct Permutation: Sendable {
  public let count: Int
  private let keys: [RandomKey]
  private let halfBits: UInt64

  /// - Precondition: `count` is positive.
  public init(count: Int, key: RandomKey) {
    precondition(count > 0, "a permutation needs at least one element, got \(count)")
    self.count = count
    keys = (0..<6).map { key.split($0) }
    let bits = max(2, Int.bitWidth - (count - 1).leadingZeroBitCount)
    halfBits = UInt64((bits + 1) / 2)
  }

  /// The element at a position.
  public subscript(position: Int) -> Int {
    precondition(0 <= position && position < count, "position \(position) is outside 0..<\(count)")
    var x = UInt64(position)
    repeat { x = rounds(x) } while x >= UInt64(count)
    return Int(x)
  }

  private func rounds(_ x: UInt64) -> UInt64 {
    let mask = (UInt64(1) << halfBits) &- 1
    var left = x >> halfBits
    var right = x & mask
    for key in keys { (left, right) = (right, left ^ (key.bits(Int(right)) & mask)) }
    return left << halfBits | right
  }
}
