import GroveCore
import GroveEval

/// Times of several ways to do something, measured in turn, so that what else the machine does falls on all of them.
struct InterleavedTiming {
  /// Measured rounds, after one that is not.
  let rounds: Int

  /// Seconds of each round by way: A B C A B C …
  func seconds(_ ways: [() throws -> Void]) throws -> [[Double]] {
    let clock = ContinuousClock()
    var seconds = ways.map { _ in [Double]() }
    for round in 0...rounds {
      for (index, way) in ways.enumerated() {
        let start = clock.now
        try way()
        if round > 0 { seconds[index].append((clock.now - start).seconds) }
      }
    }
    return seconds
  }

  /// The median of each way.
  func medians(_ ways: [() throws -> Void]) throws -> [Double] { try seconds(ways).map(Statistics.median) }
}
