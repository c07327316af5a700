import GroveTensor

/// Which elements of a tensor are among the largest or smallest by magnitude, found without sorting.
///
/// The bits of a float without its sign grow with its magnitude, so two counts of 2¹⁶ buckets each find any rank.
/// - Complexity: O(elements), three passes, and 512 KiB.
struct MagnitudeRanks {
  private let values: Tensor
  private let count: Int

  /// What lies around the element of one rank.
  private struct Place {
    /// The element's magnitude as bits.
    let key: UInt32
    /// Elements with smaller magnitudes.
    let below: Int
    /// Elements with the same magnitude.
    let equal: Int
  }

  /// - Parameter tensor: of any floating dtype; magnitudes are compared in float32.
  init(_ tensor: Tensor) throws {
    values = try tensor.cast(to: .float32).contiguous()
    count = tensor.elementCount
  }

  /// True at the `kept` largest elements; of equal ones, the first ones.
  func largest(_ kept: Int) throws -> Tensor {
    guard kept < count else { return try Tensor.full(values.shape, 1, .bool) }
    guard kept > 0 else { return try Tensor.zeros(values.shape, .bool) }
    let place = place(ofRank: count - kept)
    var ties = kept - (count - place.below - place.equal)
    return try mask { key in
      guard key == place.key else { return key > place.key }
      ties -= 1
      return ties >= 0
    }
  }

  /// True at the elements of these ranks in ascending order; of equal ones, the first have the lower ranks.
  func ranked(_ ranks: Range<Int>) throws -> Tensor {
    guard !ranks.isEmpty else { return try Tensor.zeros(values.shape, .bool) }
    let (first, last) = (place(ofRank: ranks.lowerBound), place(ofRank: ranks.upperBound - 1))
    var (nextOfFirst, nextOfLast) = (first.below, last.below)
    return try mask { key in
      if key == first.key {
        nextOfFirst += 1
        return ranks.contains(nextOfFirst - 1)
      }
      if key == last.key {
        nextOfLast += 1
        return ranks.contains(nextOfLast - 1)
      }
      return first.key < key && key < last.key
    }
  }

  @inline(__always)
  private func mask(_ isKept: (UInt32) -> Bool) throws -> Tensor {
    let mask = try Tensor.empty(values.shape, .bool)
    mask.withMutableBytes { target in
      withKeys { keys in
        for index in 0..<count { target[index] = isKept(keys[index] & 0x7FFF_FFFF) ? 1 : 0 }
      }
    }
    return mask
  }

  private func place(ofRank rank: Int) -> Place {
    withKeys { keys in
      var high = [Int](repeating: 0, count: 1 << 16)
      for index in 0..<count { high[Int((keys[index] & 0x7FFF_FFFF) >> 16)] += 1 }
      let (bucket, below) = MagnitudeRanks.bucket(high, holding: rank)
      var low = [Int](repeating: 0, count: 1 << 16)
      for index in 0..<count where Int((keys[index] & 0x7FFF_FFFF) >> 16) == bucket {
        low[Int(keys[index] & 0xFFFF)] += 1
      }
      let (rest, belowInBucket) = MagnitudeRanks.bucket(low, holding: rank - below)
      return Place(key: UInt32(bucket << 16 | rest), below: below + belowInBucket, equal: low[rest])
    }
  }

  private static func bucket(_ counts: [Int], holding rank: Int) -> (bucket: Int, below: Int) {
    var below = 0
    for (bucket, count) in counts.enumerated() {
      if rank < below + count { return (bucket, below) }
      below += count
    }
    preconditionFailure("rank \(rank) of \(below) elements")
  }

  private func withKeys<Result>(_ body: (UnsafeBufferPointer<UInt32>) throws -> Result) rethrows -> Result {
    try values.withBytes { try $0.withMemoryRebound(to: UInt32.self, body) }
  }
}
