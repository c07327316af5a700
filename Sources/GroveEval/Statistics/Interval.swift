import Foundation
import GroveCore

/// An estimate with the interval that covers the truth in a share `level` of repetitions.
public struct Interval: Equatable, Codable, Sendable, CustomStringConvertible {
  /// The value found.
  public let estimate: Double
  /// The lower end.
  public let lower: Double
  /// The upper end.
  public let upper: Double
  /// Coverage, such as 0.95.
  public let level: Double

  public init(estimate: Double, lower: Double, upper: Double, level: Double) {
    self.estimate = estimate
    self.lower = lower
    self.upper = upper
    self.level = level
  }

  /// Whether a value is inside, ends included.
  public func contains(_ value: Double) -> Bool { lower <= value && value <= upper }

  public var description: String { String(format: "%.4g [%.4g, %.4g]", estimate, lower, upper) }

  /// The mean of independent values, by Student's t.
  /// - Throws: `GroveError` with code `.argument` for fewer than two values.
  public static func ofMean(_ values: [Double], level: Double = 0.95) throws -> Interval {
    try checkLevel(level)
    let deviation = try Statistics.sampleDeviation(values)
    let mean = try Statistics.mean(values)
    let t = StudentT(degrees: Double(values.count - 1)).quantile((1 + level) / 2)
    let half = t * deviation / Double(values.count).squareRoot()
    return Interval(estimate: mean, lower: mean - half, upper: mean + half, level: level)
  }

  /// The mean of `first[i] − second[i]`, by Student's t: for the same seeds, documents or items under two conditions.
  public static func ofPairedDifference(
    _ first: [Double], _ second: [Double], level: Double = 0.95
  ) throws -> Interval {
    try Statistics.checkPairs(first, second, atLeast: 2)
    return try ofMean(zip(first, second).map { $0 - $1 }, level: level)
  }

  /// A share of successes, by Wilson's score: sound for few trials and for shares near 0 and 1.
  /// - Source: Wilson 1927, "Probable inference, the law of succession, and statistical inference".
  public static func ofShare(successes: Int, trials: Int, level: Double = 0.95) throws -> Interval {
    try checkLevel(level)
    guard trials > 0, 0...trials ~= successes else {
      throw GroveError(.argument, "share", "\(successes) successes in \(trials) trials make no share")
    }
    let n = Double(trials)
    let share = Double(successes) / n
    let z = Normal.quantile((1 + level) / 2)
    let center = (share + z * z / (2 * n)) / (1 + z * z / n)
    let half = z / (1 + z * z / n) * (share * (1 - share) / n + z * z / (4 * n * n)).squareRoot()
    let lower = successes == 0 ? 0 : center - half
    return Interval(estimate: share, lower: lower, upper: successes == trials ? 1 : center + half, level: level)
  }

  static func checkLevel(_ level: Double) throws {
    guard 0 < level && level < 1 else { throw GroveError(.argument, "level", "\(level) is outside (0, 1)") }
  }
}
