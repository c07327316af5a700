import GroveEval

/// The middle of a sample and how far it reaches.
public struct Spread: Equatable, Sendable {
  public let median: Double
  /// The 10th percentile, unless another was asked for.
  public let lower: Double
  /// The 90th percentile, unless another was asked for.
  public let upper: Double

  /// The median and two quantiles, by default the 10th and the 90th percentile.
  /// - Throws: `GroveError` for an empty sample or a value that is not finite.
  public init(_ values: [Double], from low: Double = 0.1, to high: Double = 0.9) throws {
    median = try Statistics.median(values)
    lower = try Statistics.quantile(values, low)
    upper = try Statistics.quantile(values, high)
  }
}
