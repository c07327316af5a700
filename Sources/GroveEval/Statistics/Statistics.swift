import Foundation
import GroveCore

/// Summaries of samples. Every function refuses values that are not finite, because a mean that is quietly NaN reads like a result.
public enum Statistics {
  /// The arithmetic mean, summed with compensation so that the order of a long list does not matter.
  /// - Throws: `GroveError` with code `.argument` for an empty list or values that are not finite.
  public static func mean(_ values: [Double]) throws -> Double {
    try check(values, atLeast: 1)
    return sum(values) / Double(values.count)
  }

  /// The variance with the divisor n − 1.
  /// - Throws: `GroveError` with code `.argument` for fewer than two values.
  public static func sampleVariance(_ values: [Double]) throws -> Double {
    try check(values, atLeast: 2)
    let center = sum(values) / Double(values.count)
    return sum(values.map { ($0 - center) * ($0 - center) }) / Double(values.count - 1)
  }

  /// The square root of the sample variance.
  public static func sampleDeviation(_ values: [Double]) throws -> Double { try sampleVariance(values).squareRoot() }

  /// The value below which a share `p` of the sample lies, linear between neighbours (definition 7 of Hyndman and Fan 1996).
  public static func quantile(_ values: [Double], _ p: Double) throws -> Double {
    try check(values, atLeast: 1)
    guard 0...1 ~= p else { throw GroveError(.argument, "quantile", "p: \(p) is outside [0, 1]") }
    return quantile(sorted: values.sorted(), p)
  }

  /// The middle of the sample, or the mean of the two middle values.
  public static func median(_ values: [Double]) throws -> Double { try quantile(values, 0.5) }

  /// Ranks from 1; equal values share the mean of their ranks.
  public static func ranks(_ values: [Double]) -> [Double] {
    let order = values.indices.sorted { values[$0] < values[$1] }
    var ranks = [Double](repeating: 0, count: values.count)
    var start = 0
    while start < order.count {
      var end = start + 1
      while end < order.count, values[order[end]] == values[order[start]] { end += 1 }
      for place in start..<end { ranks[order[place]] = Double(start + end + 1) / 2 }
      start = end
    }
    return ranks
  }

  static func quantile(sorted values: [Double], _ p: Double) -> Double {
    let position = p * Double(values.count - 1)
    let below = Int(position)
    guard below + 1 < values.count else { return values[below] }
    return values[below] + (position - Double(below)) * (values[below + 1] - values[below])
  }

  /// Neumaier's compensated sum (1974).
  static func sum(_ values: [Double]) -> Double {
    var total = 0.0
    var lost = 0.0
    for value in values {
      let next = total + value
      lost += abs(total) >= abs(value) ? (total - next) + value : (value - next) + total
      total = next
    }
    return total + lost
  }

  static func check(_ values: [Double], atLeast count: Int, _ name: String = "values") throws {
    guard values.count >= count else {
      throw GroveError(.argument, name, "\(values.count) are too few; at least \(count) are needed")
    }
    if let index = values.firstIndex(where: { !$0.isFinite }) {
      throw GroveError(.argument, name, "value \(index) is \(values[index]), not a finite number")
    }
  }

  static func checkPairs(_ a: [Double], _ b: [Double], atLeast count: Int) throws {
    guard a.count == b.count else {
      throw GroveError(.argument, "pairs", "\(a.count) values stand against \(b.count)")
    }
    try check(a, atLeast: count, "first values")
    try check(b, atLeast: count, "second values")
  }
}
