import Foundation
public import GroveCore

/// Fits power laws by least squares: exponents are searched within bounds from many starts, and for each choice of them the
/// coefficients follow from linear equations, so that the search has as many dimensions as there are powers.
///
/// - Source: variable projection, Golub and Pereyra 1973; simplex search, Nelder and Mead 1965, with points outside the
///   bounds moved onto them.
public struct PowerLawFitter: Sendable {
  /// Powers of x, beside the constant.
  public let termCount: Int
  /// Where the exponents lie.
  public let exponents: ClosedRange<Double>
  /// Points that the search begins from.
  public let starts: Int
  private let key: RandomKey

  /// - Parameter key: of the starts; the same key gives the same law.
  /// - Throws: `GroveError` with code `.argument` for no power or more than three, no start, or bounds without room.
  public init(termCount: Int, exponents: ClosedRange<Double>, starts: Int = 24, key: RandomKey) throws {
    guard 1...3 ~= termCount else { throw GroveError(.argument, "termCount", "\(termCount) is outside 1...3") }
    guard starts > 0 else { throw GroveError(.argument, "starts", "\(starts) is not positive") }
    guard exponents.lowerBound.isFinite, exponents.upperBound.isFinite, exponents.lowerBound < exponents.upperBound
    else { throw GroveError(.argument, "exponents", "\(exponents) leave nothing to search") }
    self.termCount = termCount
    self.exponents = exponents
    self.starts = starts
    self.key = key
  }

  /// Numbers that a fit finds.
  public var parameterCount: Int { 2 * termCount + 1 }

  /// The law with the smallest sum of squared errors that was found.
  /// - Throws: `GroveError` with code `.argument` for fewer points than numbers to find, an x that is not positive, fewer
  ///   different x than powers and a constant, or y that are all equal.
  /// - Complexity: some thousand evaluations of the law at all points.
  public func fit(_ x: [Double], _ y: [Double]) throws -> PowerLaw {
    let problem = try checked(x, y)
    let simplex = SimplexSearch(bounds: exponents)
    // Half of the starts look no further than their value: a search is dear, a value is cheap.
    let candidates = (0..<2 * starts).map { start in (0..<termCount).map { draw(start, $0) } }
      .map { (point: $0, error: problem.error($0)) }.sorted { $0.error < $1.error }.prefix(starts)
    let found = candidates.map { simplex.minimum(from: $0.point, problem.error) }.min { $0.error < $1.error }
    guard let found, let law = problem.law(found.point) else {
      throw GroveError(.argument, "exponents", "no exponents in \(exponents) tell the powers apart")
    }
    return law
  }

  /// What the law says at an x, with a percentile interval from resampled residuals.
  ///
  /// The residuals are widened by √(n / (n − parameters)), since a fit draws its points towards itself; each refit begins
  /// from the exponents of the fit.
  /// - Complexity: as many searches as resamples.
  public func prediction(at target: Double, _ x: [Double], _ y: [Double], _ bootstrap: Bootstrap) throws -> Interval {
    guard target > 0, target.isFinite else {
      throw GroveError(.argument, "x", "\(target) is not a positive number")
    }
    let law = try fit(x, y)
    let fitted = x.map(law.value)
    let free = max(1, x.count - parameterCount)
    let widening = (Double(x.count) / Double(free)).squareRoot()
    let residuals = zip(y, fitted).map { widening * ($0 - $1) }
    let simplex = SimplexSearch(bounds: exponents)
    let original = Array(x.indices)
    return bootstrap.interval(count: x.count) { indices in
      if indices == original { return law.value(at: target) }
      let problem = PowerLawProblem(x, zip(fitted, indices).map { $0 + residuals[$1] })
      let found = simplex.minimum(from: law.terms.map(\.exponent), problem.error)
      return (problem.law(found.point) ?? law).value(at: target)
    }
  }

  private func draw(_ start: Int, _ term: Int) -> Double {
    // Stratified in each dimension, so that few starts still reach everywhere.
    let count = 2 * starts
    let stratum = Permutation(count: count, key: key.split(term))[start]
    let share = (Double(stratum) + key.split(term).uniform(start)) / Double(count)
    return exponents.lowerBound + share * (exponents.upperBound - exponents.lowerBound)
  }

  static let flat = GroveError(.argument, "y", "all values are equal; there is no law to fit")

  private func checked(_ x: [Double], _ y: [Double]) throws -> PowerLawProblem {
    try Statistics.checkPairs(x, y, atLeast: parameterCount)
    if let index = x.firstIndex(where: { $0 <= 0 }) {
      throw GroveError(.argument, "x", "value \(index) is \(x[index]), not positive")
    }
    guard Set(x).count > termCount else {
      throw GroveError(
        .argument, "x", "\(Set(x).count) different values cannot tell \(termCount) powers and a constant apart")
    }
    guard Set(y).count > 1 else { throw PowerLawFitter.flat }
    return PowerLawProblem(x, y)
  }
}

/// The points of a fit, and what a choice of exponents makes of them.
struct PowerLawProblem {
  private let logs: [Double]
  private let center: Double
  private let centered: [Double]
  private let mean: Double

  init(_ x: [Double], _ y: [Double]) {
    let all = x.map { log($0) }
    center = all.reduce(0, +) / Double(all.count)
    logs = all.map { [center] in $0 - center }
    mean = Statistics.sum(y) / Double(y.count)
    centered = y.map { [mean] in $0 - mean }
  }

  /// The sum of squared errors of the best coefficients; infinite where the powers cannot be told apart.
  func error(_ exponents: [Double]) -> Double {
    guard let solution = solve(exponents) else { return .infinity }
    return solution.residuals.reduce(0) { $0 + $1 * $1 }
  }

  /// The law of the best coefficients; nil where the powers cannot be told apart.
  func law(_ exponents: [Double]) -> PowerLaw? {
    guard let solution = solve(exponents) else { return nil }
    let offset = zip(solution.coefficients, solution.means).reduce(mean) { $0 - $1.0 * $1.1 }
    // A column is (x / x₀)^s − 1.
    let terms = zip(solution.coefficients, exponents).map {
      PowerLaw.Term(coefficient: $0 * exp(-$1 * center), exponent: $1)
    }
    return PowerLaw(terms: terms, offset: offset - solution.coefficients.reduce(0, +))
  }

  /// Least squares on the columns (x / x₀)^s − 1 without their means, by Gram and Schmidt.
  private func solve(_ exponents: [Double]) -> (coefficients: [Double], means: [Double], residuals: [Double])? {
    var (basis, triangle, means): ([[Double]], [[Double]], [Double]) = ([], [], [])
    for exponent in exponents {
      var column = logs.map { expm1(exponent * $0) }
      means.append(column.reduce(0, +) / Double(column.count))
      for index in column.indices { column[index] -= means[means.count - 1] }
      let length = PowerLawProblem.dot(column, column).squareRoot()
      var row: [Double] = []
      for direction in basis {
        row.append(PowerLawProblem.dot(direction, column))
        for index in column.indices { column[index] -= row[row.count - 1] * direction[index] }
      }
      let rest = PowerLawProblem.dot(column, column).squareRoot()
      guard rest.isFinite, rest > 1e-7 * length, rest > 0 else { return nil }
      triangle.append(row + [rest])
      basis.append(column.map { $0 / rest })
    }
    var residuals = centered
    var shares: [Double] = []
    for direction in basis {
      shares.append(PowerLawProblem.dot(direction, residuals))
      for index in residuals.indices { residuals[index] -= shares[shares.count - 1] * direction[index] }
    }
    var coefficients = [Double](repeating: 0, count: exponents.count)
    for index in exponents.indices.reversed() {
      let later = (index + 1..<exponents.count).reduce(0) { $0 + triangle[$1][index] * coefficients[$1] }
      coefficients[index] = (shares[index] - later) / triangle[index][index]
    }
    return coefficients.allSatisfy(\.isFinite) ? (coefficients, means, residuals) : nil
  }

  private static func dot(_ a: [Double], _ b: [Double]) -> Double {
    var sum = 0.0
    for index in a.indices { sum += a[index] * b[index] }
    return sum
  }
}
