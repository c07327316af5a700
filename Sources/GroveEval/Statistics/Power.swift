import Foundation
public import GroveCore

/// How often a test finds an effect that is there: found by simulating the whole experiment.
///
/// A recipe states its power before it runs: with three seeds and the noise that seeds have, "no difference" may only
/// mean "could not have seen one".
public enum Power {
  /// The share of simulated experiments whose p-value is at most `significance`, with its Wilson interval.
  /// - Parameters:
  ///   - simulations: Experiments to simulate; 1,000 leave about ±3 points.
  ///   - significance: The threshold for the p-value.
  ///   - key: Each experiment draws from its own split of this key.
  ///   - experiment: Draws the data of one experiment and returns its p-value.
  public static func simulate(
    simulations: Int = 1000, significance: Double = 0.05, key: RandomKey,
    experiment: (inout RandomGenerator) throws -> Double
  ) throws -> Interval {
    var found = 0
    for simulation in 0..<simulations {
      var generator = key.split(simulation).generator()
      if try experiment(&generator) <= significance { found += 1 }
    }
    return try Interval.ofShare(successes: found, trials: simulations)
  }

  /// The power of the paired t test for `pairs` normal differences with a mean and a deviation.
  public static func ofPairedT(
    meanDifference: Double, deviation: Double, pairs: Int, simulations: Int = 1000, significance: Double = 0.05,
    key: RandomKey
  ) throws -> Interval {
    let zeros = [Double](repeating: 0, count: max(0, pairs))
    return try simulate(simulations: simulations, significance: significance, key: key) { generator in
      let differences = zeros.map { _ in meanDifference + deviation * generator.normal() }
      return try HypothesisTest.pairedT(differences, zeros).pValue
    }
  }
}

extension RandomGenerator {
  /// A standard normal draw by Box and Muller (1958); takes two uniform draws.
  public mutating func normal() -> Double {
    let radius = (-2 * log(1 - uniform())).squareRoot()
    return radius * cos(2 * Double.pi * uniform())
  }
}
