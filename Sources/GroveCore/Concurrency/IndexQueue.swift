import Foundation

/// The numbers `0..<count`, each given out once, to threads that take the next when they have done the last.
package final class IndexQueue: @unchecked Sendable {  // Safety: `lock` guards `position`.
  private let lock = NSLock()
  private var position = 0
  private let count: Int

  package init(count: Int) { self.count = count }

  /// The next number; nil after the last.
  package func next() -> Int? {
    lock.lock()
    defer { lock.unlock() }
    guard position < count else { return nil }
    defer { position += 1 }
    return position
  }
}
