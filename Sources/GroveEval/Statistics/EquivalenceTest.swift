import GroveCore

/// Two one-sided t tests: whether the mean of paired differences lies inside a margin around 0. That a difference is not
/// found says nothing of the kind.
///
/// - Source: Schuirmann 1987, "A comparison of the two one-sided tests procedure and the power approach for assessing the
///   equivalence of average bioavailability".
public struct EquivalenceTest: Equatable, Codable, Sendable {
  /// What the differences show.
  public enum Outcome: String, Codable, Sendable {
    /// The whole interval lies inside the margin.
    case equivalent
    /// The whole interval lies outside.
    case different
    /// The interval has a part on both sides: too few pairs, or too much noise.
    case inconclusive
  }

  /// The mean difference with its t interval of coverage 1 − 2α.
  public let interval: Interval
  /// Differences between −margin and +margin count as none.
  public let margin: Double
  /// The larger of the two one-sided tests' p-values; below α for equivalence.
  public let pValue: Double

  /// Tests the mean of `first[i] − second[i]`.
  /// - Parameter level: coverage of the interval; 0.9 tests at α = 5%.
  /// - Throws: `GroveError` with code `.argument` for fewer than two pairs, or a margin that is not positive.
  public init(_ first: [Double], _ second: [Double], within margin: Double, level: Double = 0.9) throws {
    guard margin > 0 else { throw GroveError(.argument, "margin", "\(margin) is not positive") }
    interval = try .ofPairedDifference(first, second, level: level)
    self.margin = margin
    let differences = zip(first, second).map { $0 - $1 }
    let error = try Statistics.sampleDeviation(differences) / Double(differences.count).squareRoot()
    let distance = margin - abs(interval.estimate)  // to the nearer end, whose test has the larger p-value
    if error == 0 {
      pValue = distance > 0 ? 0 : 1
    } else {
      pValue = StudentT(degrees: Double(differences.count - 1)).survival(distance / error)
    }
  }

  /// What follows.
  public var outcome: Outcome {
    if interval.lower > -margin && interval.upper < margin { return .equivalent }
    return interval.lower > margin || interval.upper < -margin ? .different : .inconclusive
  }
}
