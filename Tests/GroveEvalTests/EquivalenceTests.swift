import GroveEval
import Testing

@Suite("Equivalence")
struct EquivalenceTests {
  private let zeros = [0.0, 0, 0, 0]

  @Test("Worked by hand: four differences of mean 1 and deviation 2")
  func byHand() throws {
    // Deviation of 0, 0, 0, 4 is 2, so the standard error is 1; t of 3 degrees at 95% is 2.3534.
    let test = try EquivalenceTest([0, 0, 0, 4], zeros, within: 4)
    #expect(test.interval.estimate == 1)
    #expect(abs(test.interval.lower + 1.3534) < 1e-4 && abs(test.interval.upper - 3.3534) < 1e-4)
    // (4 − 1) / 1 = 3 standard errors to the nearer end: P(T₃ > 3) = 0.02883.
    #expect(abs(test.pValue - 0.02883) < 1e-5)
    #expect(test.outcome == .equivalent)
  }

  @Test("An interval on both sides of an end decides nothing, one beyond it says different")
  func outcomes() throws {
    #expect(try EquivalenceTest([0, 0, 0, 4], zeros, within: 3).outcome == .inconclusive)
    #expect(try EquivalenceTest([5, 5, 5, 9], zeros, within: 3).outcome == .different)
    #expect(try EquivalenceTest([-5, -5, -5, -9], zeros, within: 3).outcome == .different)
  }

  @Test("The interval is inside the margin exactly when both one-sided tests reject", arguments: [0.5, 2, 3.3, 3.4, 9])
  func agreement(margin: Double) throws {
    let test = try EquivalenceTest([0, 0, 0, 4], zeros, within: margin)
    #expect((test.pValue < 0.05) == (test.outcome == .equivalent))
  }

  @Test("The order of the sides does not matter, and equal pairs are equivalent")
  func symmetry() throws {
    let (a, b) = ([0.5, 0.7, 0.2, 0.4], [0.6, 0.6, 0.3, 0.1])
    let (one, other) = (try EquivalenceTest(a, b, within: 0.2), try EquivalenceTest(b, a, within: 0.2))
    #expect(abs(one.pValue - other.pValue) < 1e-12 && one.outcome == other.outcome)
    let same = try EquivalenceTest(a, a, within: 0.1)
    #expect(same.pValue == 0 && same.outcome == .equivalent)
  }

  @Test("What cannot be tested is refused in words")
  func refusals() {
    #expect {
      _ = try EquivalenceTest([1, 2], [1, 2], within: 0)
    } throws: {
      "\($0)" == "margin: 0.0 is not positive"
    }
    #expect {
      _ = try EquivalenceTest([1], [1], within: 1)
    } throws: {
      "\($0)" == "first values: 1 are too few; at least 2 are needed"
    }
  }
}
