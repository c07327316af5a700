import Foundation
import GroveCore

/// A least-squares line, with the test whether its slope is 0.
public struct LinearTrend: Equatable, Codable, Sendable {
  /// Change of y per unit of x, with its interval by Student's t.
  public let slope: Interval
  /// The line at x = 0.
  public let intercept: Double
  /// The t of the slope and its two-sided p-value, n − 2 degrees.
  public let test: HypothesisTest

  /// - Throws: `GroveError` with code `.argument` for fewer than three points or x that are all equal.
  public init(_ x: [Double], _ y: [Double], level: Double = 0.95) throws {
    try Statistics.checkPairs(x, y, atLeast: 3)
    try Interval.checkLevel(level)
    let meanX = try Statistics.mean(x)
    let meanY = try Statistics.mean(y)
    let xx = Statistics.sum(x.map { ($0 - meanX) * ($0 - meanX) })
    guard xx > 0 else { throw GroveError(.argument, "trend", "all x are equal; there is no slope") }
    let steepness = Statistics.sum(zip(x, y).map { ($0 - meanX) * ($1 - meanY) }) / xx
    let start = meanY - steepness * meanX
    let residuals = zip(x, y).map { $1 - start - steepness * $0 }
    let distribution = StudentT(degrees: Double(x.count - 2))
    let error = (Statistics.sum(residuals.map { $0 * $0 }) / distribution.degrees / xx).squareRoot()
    let half = distribution.quantile((1 + level) / 2) * error
    slope = Interval(estimate: steepness, lower: steepness - half, upper: steepness + half, level: level)
    intercept = start
    let t = error > 0 ? steepness / error : (steepness == 0 ? 0 : steepness * .infinity)
    test = HypothesisTest(statistic: t, pValue: distribution.twoSided(t))
  }
}
