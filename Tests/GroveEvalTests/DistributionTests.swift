import GroveEval
import Testing

@Suite("Distributions agree with scipy")
struct DistributionTests {
  let fixture: StatisticsFixture

  init() throws { fixture = try StatisticsFixture() }

  private func agree(_ name: String, within tolerance: Double = 1e-11, _ value: ([Double]) -> Double) throws {
    for row in try fixture.rows(name) {
      let ours = value(row)
      #expect(
        isClose(ours, row[row.count - 1], within: tolerance), "\(name) at \(row.dropLast()): \(ours), \(row.last!)")
    }
  }

  @Test("Student's t: distribution, far tail, quantiles")
  func studentT() throws {
    try agree("tCumulative") { StudentT(degrees: $0[0]).cumulative($0[1]) }
    try agree("tQuantile") { StudentT(degrees: $0[0]).quantile($0[1]) }
    for row in try fixture.rows("tSurvival") {
      #expect(abs(StudentT(degrees: row[0]).survival(row[1]) / row[2] - 1) < 1e-11, "\(row)")
    }
  }

  @Test("Chi-square, binomial, normal")
  func others() throws {
    try agree("chiSurvival") { ChiSquare(degrees: $0[0]).survival($0[1]) }
    try agree("binomialCumulative") { Binomial(trials: Int($0[0]), probability: $0[1]).cumulative(Int($0[2])) }
    try agree("normalQuantile") { Normal.quantile($0[0]) }
  }

  @Test("Tails and distributions add up to one")
  func sums() {
    for x in [0.0, 0.1, 3, 50] {
      #expect(abs(ChiSquare(degrees: 5).cumulative(x) + ChiSquare(degrees: 5).survival(x) - 1) < 1e-14)
      #expect(abs(StudentT(degrees: 5).cumulative(x) + StudentT(degrees: 5).cumulative(-x) - 1) < 1e-14)
    }
  }
}
