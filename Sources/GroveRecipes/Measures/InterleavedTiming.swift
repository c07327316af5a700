import GroveCore
import GroveEval

/// Times of several ways to do something, measured in turn, so that what else the machine does falls on all of them.
struct InterleavedTiming {
  /// Measured rounds, after one that is not.
  let rounds: Int

  /// Seconds of each round by way: A B C A B C …
  func seconds(_ ways: [() throws -> Void]) throws -> [[Double]] {
    let clock = ContinuousClock()
    return try measured(
      ways.map { way in
        {
          let start = clock.now
          try way()
          return (clock.now - start).seconds
        }
      })
  }

  /// As `seconds`, where each way says what it measured: only a part of it counts.
  func measured(_ ways: [() throws -> Double]) throws -> [[Double]] {
    var values = ways.map { _ in [Double]() }
    for round in 0...rounds {
      for (index, way) in ways.enumerated() {
        let value = try way()
        if round > 0 { values[index].append(value) }
      }
    }
    return values
  }

  /// The median of each way.
  func medians(_ ways: [() throws -> Void]) throws -> [Double] { try seconds(ways).map(Statistics.median) }
}
