import Foundation
import GroveCore

/// The outcome of a test: its statistic and how often chance alone does as much.
public struct HypothesisTest: Equatable, Codable, Sendable {
  /// What the test measures: r, t, a count; see the function that made it.
  public let statistic: Double
  /// Probability of a statistic at least as extreme if the null hypothesis holds; two-sided unless said otherwise.
  public let pValue: Double

  public init(statistic: Double, pValue: Double) {
    self.statistic = statistic
    self.pValue = pValue
  }

  /// Pearson's r, with the p-value of its t transform (n − 2 degrees).
  /// - Throws: `GroveError` with code `.argument` for fewer than three pairs or values that are all equal.
  public static func pearson(_ x: [Double], _ y: [Double]) throws -> HypothesisTest {
    try Statistics.checkPairs(x, y, atLeast: 3)
    let meanX = try Statistics.mean(x)
    let meanY = try Statistics.mean(y)
    let xx = Statistics.sum(x.map { ($0 - meanX) * ($0 - meanX) })
    let yy = Statistics.sum(y.map { ($0 - meanY) * ($0 - meanY) })
    guard xx > 0, yy > 0 else {
      throw GroveError(.argument, "correlation", "all \(xx > 0 ? "second" : "first") values are equal")
    }
    let xy = Statistics.sum(zip(x, y).map { ($0 - meanX) * ($1 - meanY) })
    let r = max(-1, min(1, xy / (xx * yy).squareRoot()))
    let degrees = Double(x.count - 2)
    // 1 − r² as a product keeps its digits when |r| is near 1.
    let t = r * (degrees / ((1 - r) * (1 + r))).squareRoot()
    return HypothesisTest(statistic: r, pValue: StudentT(degrees: degrees).twoSided(t))
  }

  /// Spearman's rank correlation: Pearson's r of the ranks, ties sharing theirs.
  public static func spearman(_ x: [Double], _ y: [Double]) throws -> HypothesisTest {
    try Statistics.checkPairs(x, y, atLeast: 3)
    return try pearson(Statistics.ranks(x), Statistics.ranks(y))
  }

  /// The t of the mean of `first[i] − second[i]` against 0.
  public static func pairedT(_ first: [Double], _ second: [Double]) throws -> HypothesisTest {
    try Statistics.checkPairs(first, second, atLeast: 2)
    let differences = zip(first, second).map { $0 - $1 }
    let mean = try Statistics.mean(differences)
    let error = try Statistics.sampleDeviation(differences) / Double(differences.count).squareRoot()
    if error == 0 { return HypothesisTest(statistic: mean == 0 ? 0 : mean * .infinity, pValue: mean == 0 ? 1 : 0) }
    let t = mean / error
    return HypothesisTest(statistic: t, pValue: StudentT(degrees: Double(differences.count - 1)).twoSided(t))
  }

  /// The exact sign test: how many differences are positive; ties are left out.
  public static func sign(_ first: [Double], _ second: [Double]) throws -> HypothesisTest {
    try Statistics.checkPairs(first, second, atLeast: 1)
    let positive = zip(first, second).count { $0 > $1 }
    let negative = zip(first, second).count { $0 < $1 }
    let split = Binomial(trials: positive + negative, probability: 0.5)
    let pValue = min(1, 2 * split.cumulative(min(positive, negative)))
    return HypothesisTest(statistic: Double(positive), pValue: pValue)
  }

  /// Whether counts scatter as a Poisson process does: Σ(x − mean)² / mean against chi-square with n − 1 degrees.
  /// The statistic is the index of dispersion, variance / mean: 1 for Poisson, above for clustered counts.
  /// - Source: Fisher, Thornton, Mackenzie 1922.
  public static func dispersion(_ counts: [Int]) throws -> HypothesisTest {
    let values = counts.map(Double.init)
    let variance = try Statistics.sampleVariance(values)
    let mean = try Statistics.mean(values)
    guard counts.allSatisfy({ $0 >= 0 }), mean > 0 else {
      throw GroveError(.argument, "counts", "all are 0 or some are negative; their dispersion has no meaning")
    }
    let degrees = Double(counts.count - 1)
    let distribution = ChiSquare(degrees: degrees)
    let statistic = degrees * variance / mean
    let tail = min(distribution.cumulative(statistic), distribution.survival(statistic))
    return HypothesisTest(statistic: variance / mean, pValue: min(1, 2 * tail))
  }
}
