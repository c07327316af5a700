import Foundation

/// y(x) = Σᵢ aᵢ · x^sᵢ + b for positive x: how losses follow tokens, sizes and shares.
public struct PowerLaw: Equatable, Codable, Sendable {
  /// One power of x.
  public struct Term: Equatable, Codable, Sendable {
    /// The factor aᵢ, in the units of y and x.
    public let coefficient: Double
    /// The exponent sᵢ.
    public let exponent: Double

    public init(coefficient: Double, exponent: Double) {
      self.coefficient = coefficient
      self.exponent = exponent
    }
  }

  /// In order of their exponents, the smallest first.
  public let terms: [Term]
  /// The constant b.
  public let offset: Double

  public init(terms: [Term], offset: Double) {
    self.terms = terms.sorted { $0.exponent < $1.exponent }
    self.offset = offset
  }

  /// The law at a positive x.
  public func value(at x: Double) -> Double {
    terms.reduce(offset) { $0 + $1.coefficient * pow(x, $1.exponent) }
  }

  /// The share of the variance of y that the law explains, 1 − Σ(y − ŷ)² / Σ(y − ȳ)²; negative where the mean does better.
  /// - Throws: `GroveError` with code `.argument` for fewer than two points, or y that are all equal.
  public func determination(_ x: [Double], _ y: [Double]) throws -> Double {
    try Statistics.checkPairs(x, y, atLeast: 2)
    let mean = try Statistics.mean(y)
    let total = Statistics.sum(y.map { ($0 - mean) * ($0 - mean) })
    guard total > 0 else { throw PowerLawFitter.flat }
    return 1 - Statistics.sum(zip(x, y).map { ($1 - value(at: $0)) * ($1 - value(at: $0)) }) / total
  }
}
