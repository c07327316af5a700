/// The order in which items are read again and again, each time in another permutation. Any place of it costs O(1).
public struct EpochOrder: Sendable {
  /// Items of an epoch.
  public let count: Int
  private let key: RandomKey

  /// - Parameter key: Epoch e takes the permutation of `key.split(e)`.
  /// - Precondition: `count` is positive.
  public init(count: Int, key: RandomKey) {
    precondition(count > 0, "an order needs at least one item, got \(count)")
    self.count = count
    self.key = key
  }

  /// The item that is read as number `sample`, and the epoch in which that is; both count from 0.
  public subscript(sample: Int) -> (item: Int, epoch: Int) {
    let (epoch, position) = sample.quotientAndRemainder(dividingBy: count)
    return (Permutation(count: count, key: key.split(epoch))[position], epoch)
  }
}
