import Foundation
import GroveCore
import GroveEval
import Testing

@Suite("Power laws")
struct PowerLawTests {
  private let key = RandomKey(seed: 5)
  private let x = (1...20).map { Double($0) / 10 }

  private func fitter(_ terms: Int, _ exponents: ClosedRange<Double>) throws -> PowerLawFitter {
    try PowerLawFitter(termCount: terms, exponents: exponents, key: key)
  }

  @Test("A law without noise is found again", arguments: [(2.0, -0.5, 1.0), (-0.3, 0.7, 0.0), (4.0, 2.5, -1.0)])
  func recovery(coefficient: Double, exponent: Double, offset: Double) throws {
    let law = PowerLaw(terms: [.init(coefficient: coefficient, exponent: exponent)], offset: offset)
    let found = try fitter(1, -3...3).fit(x, x.map(law.value))
    #expect(isClose(found.terms[0].exponent, exponent, within: 1e-6))
    #expect(isClose(found.terms[0].coefficient, coefficient, within: 1e-6))
    #expect(abs(found.offset - offset) < 1e-6)
    #expect(isClose(try found.determination(x, x.map(law.value)), 1, within: 1e-10))
  }

  @Test("A law that rises and falls again is found with two powers")
  func twoPowers() throws {
    let law = PowerLaw(
      terms: [.init(coefficient: 1.5, exponent: 0.4), .init(coefficient: -0.9, exponent: 1.1)], offset: 0.2)
    let found = try fitter(2, 0.1...2).fit(x, x.map(law.value))
    for (found, expected) in zip(found.terms, law.terms) {
      #expect(isClose(found.exponent, expected.exponent, within: 1e-3))
    }
    #expect(isClose(found.value(at: 4), law.value(at: 4), within: 1e-5))
  }

  @Test("The squared error and the prediction are those of scipy's best bounded search")
  func parity() throws {
    for row in try #require(StatisticsFixture().root["powerLaws"]?.arrayValue) {
      let (x, y) = (try #require(row["x"]).numbers, try #require(row["y"]).numbers)
      let bounds = try #require(row["bounds"]).numbers
      let law = try fitter(Int(row["terms"]!.numberValue!), bounds[0]...bounds[1]).fit(x, y)
      let error = zip(x, y).reduce(0) { $0 + pow($1.1 - law.value(at: $1.0), 2) }
      #expect(isClose(error, row["squaredError"]!.numberValue!, within: 1e-6))
      #expect(isClose(law.value(at: 3), row["atThree"]!.numberValue!, within: 1e-3))
    }
  }

  @Test("Exponents keep to their bounds, whatever the points want")
  func bounds() throws {
    let law = try fitter(1, 0.5...1).fit(x, x.map { 3 * $0 * $0 })
    #expect(law.terms[0].exponent == 1)
  }

  @Test("Worked by hand: a straight line through three points, and what it explains")
  func byHand() throws {
    let law = PowerLaw(terms: [.init(coefficient: 2, exponent: 1)], offset: 1)
    #expect(law.value(at: 3) == 7)
    #expect(try law.determination([1, 2, 3], [3, 5, 7]) == 1)
    #expect(try law.determination([1, 2, 3], [3, 5, 10]) == 1 - 9 / 26)
  }

  @Test("An interval of a prediction holds the truth in about 95 of 100 experiments")
  func coverage() throws {
    let truth = PowerLaw(terms: [.init(coefficient: 1, exponent: -0.5)], offset: 2)
    let fitter = try PowerLawFitter(termCount: 1, exponents: -2 ... -0.05, starts: 6, key: key)
    var covered = 0
    for experiment in 0..<60 {
      var generator = key.split(experiment).generator()
      let y = x.map { truth.value(at: $0) + 0.02 * generator.normal() }
      let bootstrap = try Bootstrap(resamples: 100, key: key.split("resamples").split(experiment))
      covered += try fitter.prediction(at: 1.2, x, y, bootstrap).contains(truth.value(at: 1.2)) ? 1 : 0
    }
    #expect(50...60 ~= covered, "\(covered) of 60")
  }

  @Test("What has no law is refused in words")
  func refusals() throws {
    func fit(_ x: [Double], _ y: [Double]) -> String? { message { try fitter(1, 0.1...1).fit(x, y) } }
    #expect(fit([1, 2], [1, 2]) == "first values: 2 are too few; at least 3 are needed")
    #expect(fit([1, 2, 3], [1, 2]) == "pairs: 3 values stand against 2")
    #expect(fit([0, 1, 2], [1, 2, 3]) == "x: value 0 is 0.0, not positive")
    #expect(fit([1, 1, 1], [1, 2, 3]) == "x: 1 different values cannot tell 1 powers and a constant apart")
    #expect(fit([1, 2, 3], [4, 4, 4]) == "y: all values are equal; there is no law to fit")
    #expect(message { try PowerLawFitter(termCount: 4, exponents: 0...1, key: key) } == "termCount: 4 is outside 1...3")
    #expect(
      message { try PowerLawFitter(termCount: 1, exponents: 1...1, key: key) }
        == "exponents: 1.0...1.0 leave nothing to search")
    #expect(
      message { try PowerLawFitter(termCount: 1, exponents: 0...1, starts: 0, key: key) }
        == "starts: 0 is not positive")
    #expect(
      message {
        try fitter(1, 0.1...1).prediction(at: -1, x, x.map { $0 * $0 }, Bootstrap(key: key))
      } == "x: -1.0 is not a positive number")
  }

  @Test("A probability is the share of resamples, and the same for the same key")
  func probability() throws {
    let bootstrap = try Bootstrap(resamples: 900, key: key)
    let both = bootstrap.probability(count: 2) { $0 == [0, 0] }
    #expect(abs(both - 0.25) < 0.05)
    #expect(bootstrap.probability(count: 2) { $0 == [0, 0] } == both)
    #expect(bootstrap.probability(count: 3) { _ in true } == 1)
  }
}
