import Foundation
import GroveEval

/// How fast a quantity grows: the exponent of the power law that goes through its points.
public enum LogarithmicSlope {
  /// The slope of the least-squares line through (ln x, ln y): 1 for what is proportional to x, 2 for its square. Not a number
  /// where a value is 0, negative or not finite.
  /// - Throws: `GroveError` with code `.argument` for fewer than three points or places that are all equal.
  public static func exponent(of values: [Double], over places: [Double]) throws -> Double {
    guard values.allSatisfy({ $0 > 0 && $0.isFinite }) else { return .nan }
    return try LinearTrend(places.map { log($0) }, values.map { log($0) }).slope.estimate
  }
}
