public import GroveCore

/// Percentile intervals from resampling whole documents (Efron 1979), the same for the same key.
///
/// The document is the unit, because the bytes of one document are not independent of each other.
public struct Bootstrap: Sendable {
  /// Number of resamples.
  public let resamples: Int
  /// Coverage of the intervals, such as 0.95.
  public let level: Double
  private let key: RandomKey

  /// - Throws: `GroveError` with code `.argument` for fewer than 100 resamples or a level outside (0, 1).
  public init(resamples: Int = 1000, level: Double = 0.95, key: RandomKey) throws {
    guard resamples >= 100 else {
      throw GroveError(.argument, "resamples", "\(resamples) are too few for an interval; at least 100 are needed")
    }
    try Interval.checkLevel(level)
    self.resamples = resamples
    self.level = level
    self.key = key
  }

  /// The mean over documents.
  /// - Complexity: O(resamples · documents), as for all of these.
  public func mean(_ values: [Double]) throws -> Interval {
    try Statistics.check(values, atLeast: 2)
    return interval(count: values.count) { indices in
      indices.reduce(0) { $0 + values[$1] } / Double(indices.count)
    }
  }

  /// The mean of `first[i] − second[i]` over documents that both saw.
  public func pairedDifference(_ first: [Double], _ second: [Double]) throws -> Interval {
    try Statistics.checkPairs(first, second, atLeast: 2)
    return try mean(zip(first, second).map { $0 - $1 })
  }

  /// Σ numerators / Σ denominators: a rate per unit, where documents weigh by their size.
  /// - Throws: `GroveError` with code `.argument` for a denominator that is not positive.
  public func ratioOfSums(_ numerators: [Double], _ denominators: [Double]) throws -> Interval {
    try Bootstrap.checkRatio(numerators, denominators)
    return interval(count: numerators.count) { Bootstrap.ratio($0, numerators, denominators) }
  }

  /// The difference of two such rates over the same documents.
  public func pairedRatioDifference(
    _ first: [Double], _ second: [Double], per denominators: [Double]
  ) throws -> Interval {
    try Bootstrap.checkRatio(first, denominators)
    try Bootstrap.checkRatio(second, denominators)
    let differences = zip(first, second).map { $0 - $1 }
    return interval(count: first.count) { Bootstrap.ratio($0, differences, denominators) }
  }

  /// Any statistic of a resample, given the indices of its documents.
  ///
  /// The `r`-th resample depends on the key and `r` alone.
  public func interval(count: Int, _ statistic: ([Int]) -> Double) -> Interval {
    interval(strata: [count]) { statistic($0[0]) }
  }

  /// Any statistic of a resample whose documents stay in their stratum, given the indices within each: as many are drawn
  /// from a stratum as it has, each of them equally often.
  ///
  /// The `r`-th resample depends on the key and `r` alone.
  public func interval(strata counts: [Int], _ statistic: ([[Int]]) -> Double) -> Interval {
    var values: [Double] = []
    values.reserveCapacity(resamples)
    forEachResample(strata: counts) { values.append(statistic($0)) }
    values.sort()
    let tail = (1 - level) / 2
    return Interval(
      estimate: statistic(counts.map { Array(0..<$0) }), lower: Statistics.quantile(sorted: values, tail),
      upper: Statistics.quantile(sorted: values, 1 - tail), level: level)
  }

  /// The share of resamples of which a statement holds: how sure the sample makes it.
  /// - Parameter holds: given the indices of a resample's documents, those of `interval` with the same key.
  public func probability(count: Int, _ holds: ([Int]) -> Bool) -> Double {
    var successes = 0
    forEachResample(strata: [count]) { successes += holds($0[0]) ? 1 : 0 }
    return Double(successes) / Double(resamples)
  }

  private func forEachResample(strata counts: [Int], _ body: ([[Int]]) -> Void) {
    var indices = counts.map { [Int](repeating: 0, count: $0) }
    for resample in 0..<resamples {
      var generator = key.split(resample).generator()
      for (stratum, count) in counts.enumerated() {
        for place in 0..<count {
          indices[stratum][place] = Int(generator.next().multipliedFullWidth(by: UInt64(count)).high)
        }
      }
      body(indices)
    }
  }

  private static func ratio(_ indices: [Int], _ numerators: [Double], _ denominators: [Double]) -> Double {
    var over = 0.0
    var under = 0.0
    for index in indices {
      over += numerators[index]
      under += denominators[index]
    }
    return over / under
  }

  private static func checkRatio(_ numerators: [Double], _ denominators: [Double]) throws {
    try Statistics.checkPairs(numerators, denominators, atLeast: 2)
    if let index = denominators.firstIndex(where: { $0 <= 0 }) {
      throw GroveError(.argument, "denominators", "value \(index) is \(denominators[index]), not positive")
    }
  }
}
