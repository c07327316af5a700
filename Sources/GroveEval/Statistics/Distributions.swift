import Foundation

/// Student's t distribution.
public struct StudentT: Sendable {
  /// Degrees of freedom, positive; need not be whole.
  public let degrees: Double

  /// - Precondition: `degrees` is positive.
  public init(degrees: Double) {
    precondition(degrees > 0, "degrees of freedom must be positive, got \(degrees)")
    self.degrees = degrees
  }

  /// P(T ≤ t).
  public func cumulative(_ t: Double) -> Double { t < 0 ? survival(-t) : 1 - survival(t) }

  /// P(T > t), exact far into the upper tail.
  public func survival(_ t: Double) -> Double {
    if t < 0 { return 1 - survival(-t) }
    if t.isInfinite { return 0 }
    return SpecialFunctions.incompleteBeta(degrees / 2, 0.5, degrees / (degrees + t * t)) / 2
  }

  /// P(|T| ≥ |t|).
  public func twoSided(_ t: Double) -> Double { min(1, 2 * survival(abs(t))) }

  /// The t below which a share `p` lies, 0 < p < 1.
  /// - Complexity: about 60 evaluations of the tail.
  public func quantile(_ p: Double) -> Double {
    precondition(0 < p && p < 1, "a quantile needs 0 < p < 1, got \(p)")
    if p < 0.5 { return -quantile(1 - p) }
    var high = 1.0
    while survival(high) > 1 - p { high *= 2 }
    var low = high == 1 ? 0 : high / 2
    while high - low > 1e-15 * high {
      let middle = (low + high) / 2
      if middle <= low || middle >= high { break }
      if survival(middle) > 1 - p { low = middle } else { high = middle }
    }
    return (low + high) / 2
  }
}

/// The chi-square distribution.
public struct ChiSquare: Sendable {
  /// Degrees of freedom, positive.
  public let degrees: Double

  /// - Precondition: `degrees` is positive.
  public init(degrees: Double) {
    precondition(degrees > 0, "degrees of freedom must be positive, got \(degrees)")
    self.degrees = degrees
  }

  /// P(X ≤ x).
  public func cumulative(_ x: Double) -> Double { SpecialFunctions.lowerGamma(degrees / 2, x / 2) }

  /// P(X > x).
  public func survival(_ x: Double) -> Double { SpecialFunctions.upperGamma(degrees / 2, x / 2) }
}

/// The binomial distribution.
public struct Binomial: Sendable {
  /// Number of trials, not negative.
  public let trials: Int
  /// Probability of success in each.
  public let probability: Double

  /// - Precondition: `trials` is not negative and `probability` is in [0, 1].
  public init(trials: Int, probability: Double) {
    precondition(trials >= 0 && 0...1 ~= probability, "no binomial with \(trials) trials and p = \(probability)")
    self.trials = trials
    self.probability = probability
  }

  /// P(X ≤ successes).
  public func cumulative(_ successes: Int) -> Double {
    if successes < 0 { return 0 }
    if successes >= trials { return 1 }
    return SpecialFunctions.incompleteBeta(Double(trials - successes), Double(successes) + 1, 1 - probability)
  }
}

/// The standard normal distribution.
public enum Normal {
  /// P(Z ≤ z).
  public static func cumulative(_ z: Double) -> Double { erfc(-z / 2.0.squareRoot()) / 2 }

  /// The z below which a share `p` lies, 0 < p < 1.
  public static func quantile(_ p: Double) -> Double {
    precondition(0 < p && p < 1, "a quantile needs 0 < p < 1, got \(p)")
    if p > 0.5 { return -quantile(1 - p) }
    var low = -40.0
    var high = 0.0
    while true {
      let middle = (low + high) / 2
      if middle <= low || middle >= high { return middle }
      if cumulative(middle) < p { low = middle } else { high = middle }
    }
  }
}
