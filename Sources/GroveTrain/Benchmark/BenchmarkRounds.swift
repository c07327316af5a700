import GroveEval

/// Costs of several contestants that took turns, A B A B: neighbours in time are compared, so that a machine that slows
/// down or warms up between rounds does not decide.
public struct BenchmarkRounds: Equatable, Sendable {
  /// Grove first.
  public let contestants: [String]
  /// The cost of each contestant in each round, in any one unit; less is better.
  public let costs: [[Double]]

  /// - Precondition: as many lists as contestants, all of one length, and none empty.
  public init(contestants: [String], costs: [[Double]]) {
    precondition(contestants.count == costs.count && !contestants.isEmpty, "\(costs.count) lists of costs")
    precondition(costs.allSatisfy { $0.count == costs[0].count && !$0.isEmpty }, "rounds of unequal length")
    self.contestants = contestants
    self.costs = costs
  }

  /// The contestant's cost over Grove's in each round: above 1 Grove is ahead.
  public func ratios(_ contestant: Int) -> [Double] { zip(costs[contestant], costs[0]).map { $0 / $1 } }

  /// The middle of the ratios, and the smallest and largest.
  public func ratio(_ contestant: Int) throws -> Spread { try Spread(ratios(contestant), from: 0, to: 1) }
}
