import Foundation

/// The functions behind the distributions, each to about 1e-13 relative in the ranges that tests of data use.
enum SpecialFunctions {
  /// ln Γ(x) for x > 0.
  static func logGamma(_ x: Double) -> Double {
    let (value, _): (Double, Int) = lgamma(x)
    return value
  }

  /// The lower regularized incomplete gamma function P(a, x): the series below a + 1, the continued fraction above.
  /// - Source: DLMF 8.11.4 and 8.9.2.
  static func lowerGamma(_ a: Double, _ x: Double) -> Double {
    if x <= 0 { return 0 }
    return x < a + 1 ? gammaSeries(a, x) : 1 - gammaFraction(a, x)
  }

  /// The upper tail Q(a, x) = 1 − P(a, x), without the loss of digits of that subtraction.
  static func upperGamma(_ a: Double, _ x: Double) -> Double {
    if x <= 0 { return 1 }
    return x < a + 1 ? 1 - gammaSeries(a, x) : gammaFraction(a, x)
  }

  private static func gammaSeries(_ a: Double, _ x: Double) -> Double {
    var term = 1 / a
    var sum = term
    var n = a
    while abs(term) > abs(sum) * 1e-17 {
      n += 1
      term *= x / n
      sum += term
    }
    return sum * exp(a * log(x) - x - logGamma(a))
  }

  private static func gammaFraction(_ a: Double, _ x: Double) -> Double {
    let front = exp(a * log(x) - x - logGamma(a))
    return front
      * continuedFraction(first: x + 1 - a) { i in
        let n = Double(i)
        return (-n * (n - a), x + 1 - a + 2 * n)
      }
  }

  /// The regularized incomplete beta function I_x(a, b).
  /// - Source: DLMF 8.17.22; the symmetry 8.17.4 keeps the fraction where it converges fast.
  static func incompleteBeta(_ a: Double, _ b: Double, _ x: Double) -> Double {
    if x <= 0 { return 0 }
    if x >= 1 { return 1 }
    if x > (a + 1) / (a + b + 2) { return 1 - betaFraction(b, a, 1 - x) }
    return betaFraction(a, b, x)
  }

  private static func betaFraction(_ a: Double, _ b: Double, _ x: Double) -> Double {
    let logFront = logGamma(a + b) - logGamma(a) - logGamma(b) + a * log(x) + b * log1p(-x)
    return exp(logFront) / a
      * continuedFraction(first: 1) { i in
        let m = Double(i / 2)
        let numerator =
          i.isMultiple(of: 2)
          ? m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
          : -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        return (numerator, 1)
      }
  }

  /// 1 / (b₀ + a₁ / (b₁ + a₂ / (b₂ + …))), by the method of Lentz (1976) with the floor of Thompson and Barnett (1986).
  private static func continuedFraction(
    first: Double, _ term: (Int) -> (numerator: Double, denominator: Double)
  ) -> Double {
    let floor = 1e-300
    func kept(_ x: Double) -> Double { abs(x) < floor ? floor : x }
    var value = kept(first)
    var c = value
    var d = 0.0
    for i in 1...100_000 {
      let (a, b) = term(i)
      d = 1 / kept(b + a * d)
      c = kept(b + a / c)
      let factor = c * d
      value *= factor
      if abs(factor - 1) < 1e-16 { break }
    }
    return 1 / value
  }
}
