import Foundation
import GroveCore
import GroveEval
import Testing

@Suite("Statistics agree with scipy")
struct StatisticsTests {
  let fixture: StatisticsFixture

  init() throws { fixture = try StatisticsFixture() }

  @Test("Mean, deviation, quantile, correlations, paired t, sign test and trend of recorded samples")
  func samples() throws {
    for sample in try #require(fixture.root["samples"]?.arrayValue) {
      let x = try #require(sample["x"]).numbers
      let y = try #require(sample["y"]).numbers
      #expect(isClose(try Statistics.mean(x), sample["mean"]!.numberValue!))
      #expect(isClose(try Statistics.sampleDeviation(x), sample["deviation"]!.numberValue!))
      #expect(isClose(try Statistics.quantile(x, 0.3), sample["quantile30"]!.numberValue!))
      for (test, name) in [(try HypothesisTest.pearson(x, y), "pearson"), (try .spearman(x, y), "spearman")] {
        let expected = try #require(sample[name]).numbers
        #expect(
          isClose(test.statistic, expected[0]) && isClose(test.pValue, expected[1], within: 1e-9), "\(name) \(test)")
      }
      let paired = try #require(sample["pairedT"]).numbers
      let test = try HypothesisTest.pairedT(x, y)
      let interval = try Interval.ofPairedDifference(x, y)
      #expect(isClose(test.statistic, paired[0], within: 1e-9) && isClose(test.pValue, paired[1], within: 1e-9))
      #expect(isClose(interval.lower, paired[2], within: 1e-9) && isClose(interval.upper, paired[3], within: 1e-9))
      #expect(isClose(try HypothesisTest.sign(x, y).pValue, sample["sign"]!.numberValue!))
      let line = try #require(sample["line"]).numbers
      let trend = try LinearTrend(x, y)
      let half = StudentT(degrees: Double(x.count - 2)).quantile(0.975) * line[2]
      #expect(isClose(trend.slope.estimate, line[0], within: 1e-9) && isClose(trend.intercept, line[1], within: 1e-9))
      #expect(isClose(trend.slope.upper, line[0] + half, within: 1e-9))
      #expect(isClose(trend.test.pValue, line[3], within: 1e-9))
    }
  }

  @Test("Dispersion of counts: Poisson, clustered and too even")
  func dispersion() throws {
    for sample in try #require(fixture.root["dispersions"]?.arrayValue) {
      let test = try HypothesisTest.dispersion(try #require(sample["counts"]).numbers.map { Int($0) })
      #expect(isClose(test.statistic, sample["index"]!.numberValue!))
      #expect(isClose(test.pValue, sample["pValue"]!.numberValue!, within: 1e-9))
    }
  }

  @Test("Wilson's interval")
  func shares() throws {
    for row in try fixture.rows("wilson") {
      let interval = try Interval.ofShare(successes: Int(row[0]), trials: Int(row[1]), level: row[2])
      #expect(isClose(interval.lower, row[3]) && isClose(interval.upper, row[4]), "\(row) \(interval)")
    }
  }

  @Test("Simulated power holds the exact one (noncentral t) in its interval")
  func power() throws {
    for row in try fixture.rows("pairedTPower") {
      let power = try Power.ofPairedT(
        meanDifference: row[0], deviation: row[1], pairs: Int(row[2]), simulations: 2000, key: RandomKey(seed: 4))
      #expect(power.contains(row[3]), "\(power) for \(row)")
    }
  }

  @Test("Worked by hand: ranks with ties, medians, a sum that cancels")
  func byHand() throws {
    #expect(Statistics.ranks([3, 1, 3, 2]) == [3.5, 1, 3.5, 2])
    #expect(Statistics.ranks([]) == [])
    #expect(try Statistics.median([4, 1, 3, 2]) == 2.5)
    #expect(try Statistics.quantile([7], 1) == 7)
    #expect(try Statistics.mean([1e100, 1, -1e100, 1]) == 0.5)
    #expect(try HypothesisTest.sign([1, 1], [1, 1]).pValue == 1)
    #expect(try HypothesisTest.pairedT([1, 2], [1, 2]).pValue == 1)
    #expect(try HypothesisTest.pearson([1, 2, 3], [2, 4, 6]) == HypothesisTest(statistic: 1, pValue: 0))
  }

  @Test("What has no answer is refused in words")
  func refusals() {
    #expect(message { try Statistics.mean([]) } == "values: 0 are too few; at least 1 are needed")
    #expect(message { try Statistics.mean([1, .nan]) } == "values: value 1 is nan, not a finite number")
    #expect(message { try Statistics.sampleDeviation([1]) } == "values: 1 are too few; at least 2 are needed")
    #expect(message { try Statistics.quantile([1], 1.5) } == "quantile: p: 1.5 is outside [0, 1]")
    #expect(message { try HypothesisTest.spearman([1, 2], [1]) } == "pairs: 2 values stand against 1")
    #expect(
      message { try HypothesisTest.pearson([1, 1, 1], [1, 2, 3]) } == "correlation: all first values are equal")
    #expect(
      message { try HypothesisTest.dispersion([0, 0]) }
        == "counts: all are 0 or some are negative; their dispersion has no meaning")
    #expect(message { try LinearTrend([1, 1, 1], [1, 2, 3]) } == "trend: all x are equal; there is no slope")
    #expect(message { try Interval.ofShare(successes: 3, trials: 2) } == "share: 3 successes in 2 trials make no share")
    #expect(message { try Interval.ofMean([1, 2], level: 1) } == "level: 1.0 is outside (0, 1)")
    #expect(
      message { try Bootstrap(resamples: 10, key: RandomKey(seed: 0)) }
        == "resamples: 10 are too few for an interval; at least 100 are needed")
  }
}

@Suite("Bootstrap")
struct BootstrapTests {
  let bootstrap: Bootstrap
  let values = (0..<60).map { sin(Double($0) * 1.7) + 2 }

  init() throws { bootstrap = try Bootstrap(key: RandomKey(seed: 9)) }

  @Test("The same key gives the same interval; another key nearly the same")
  func determinism() throws {
    let first = try bootstrap.mean(values)
    let other = try Bootstrap(key: RandomKey(seed: 10)).mean(values)
    #expect(try bootstrap.mean(values) == first)
    #expect(other != first)
    #expect(abs(other.lower - first.lower) < 0.05)
  }

  @Test("For a mean, the interval is the normal one up to the noise of resampling")
  func normalLimit() throws {
    let interval = try bootstrap.mean(values)
    let mean = try Statistics.mean(values)
    let half = try 1.96 * Statistics.sampleDeviation(values) / Double(values.count).squareRoot()
    #expect(abs(interval.estimate - mean) < 1e-12)
    #expect(abs(interval.lower - (mean - half)) < 0.15 * half)
    #expect(abs(interval.upper - (mean + half)) < 0.15 * half)
  }

  @Test("The interval covers the truth in about 95 of 100 experiments")
  func coverage() throws {
    var covered = 0
    for experiment in 0..<300 {
      var generator = RandomKey(seed: 77).split(experiment).generator()
      let sample = (0..<40).map { _ in generator.normal() }
      let interval = try Bootstrap(resamples: 300, key: RandomKey(seed: 1).split(experiment)).mean(sample)
      if interval.contains(0) { covered += 1 }
    }
    #expect(270...294 ~= covered, "\(covered) of 300")
  }

  @Test("A rate is the ratio of the sums, not the mean of the ratios")
  func ratio() throws {
    let interval = try bootstrap.ratioOfSums([100, 900], [100, 100])
    #expect(abs(interval.estimate - 5) < 1e-12)
    #expect(abs(interval.lower - 1) < 1e-12 && abs(interval.upper - 9) < 1e-12)
    let uneven = try bootstrap.ratioOfSums([100, 900], [100, 300])
    #expect(abs(uneven.estimate - 2.5) < 1e-12)
  }

  @Test("A constant ratio has an interval of no width")
  func constantRatio() throws {
    let interval = try bootstrap.ratioOfSums([2, 6, 4], [1, 3, 2])
    #expect(interval == Interval(estimate: 2, lower: 2, upper: 2, level: 0.95))
  }

  @Test("Pairing removes what both sides share")
  func pairing() throws {
    let shifted = values.map { $0 - 0.1 }
    let interval = try bootstrap.pairedDifference(values, shifted)
    #expect(abs(interval.lower - 0.1) < 1e-12 && abs(interval.upper - 0.1) < 1e-12)
    let rates = try bootstrap.pairedRatioDifference(values, shifted, per: values.map { _ in 2 })
    #expect(abs(rates.estimate - 0.05) < 1e-12)
  }

  @Test("Documents without bytes, and lists that do not match, are refused")
  func refusals() {
    #expect(
      message { try bootstrap.ratioOfSums([1, 2], [3, 0]) }
        == "denominators: value 1 is 0.0, not positive")
    #expect(message { try bootstrap.ratioOfSums([1, 2], [3]) } == "pairs: 2 values stand against 1")
    #expect(message { try bootstrap.mean([1]) } == "values: 1 are too few; at least 2 are needed")
  }
}
