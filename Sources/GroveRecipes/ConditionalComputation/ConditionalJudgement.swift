import Foundation
import GroveCore
import GroveEval
import GroveReport

/// From the records of all arms and seeds to the outcome of each criterion.
struct ConditionalJudgement {
  let recipe: ConditionalRecipe
  let config: ConditionalConfig
  let records: ComparisonRecords
  let costs: ArmRecord

  func findings() throws -> RecipeFindings {
    RecipeFindings(
      results: [try gather(), try stepTime(), try accuracy(), try learnedRouting()], figures: try figures(),
      charts: [try chart(), records.lossChart(ConditionalArm.allCases.map(\.rawValue))])
  }

  private func figures(_ name: String, _ arm: ConditionalArm) throws -> [Double] {
    try records.figures(name, of: arm.rawValue)
  }

  // MARK: Criteria

  /// What the conditional arm takes at the longest length, as a share of what the dense arm takes.
  private func share(_ name: String) throws -> Double {
    func last(_ arm: ConditionalArm) throws -> Double { try costs.list("\(arm.rawValue): \(name)").last ?? .nan }
    return try last(.conditional) / last(.dense)
  }

  private func gather() throws -> CriterionResult {
    let routed: [ConditionalArm] = [.conditional, .random]
    let choices = try routed.flatMap { try figures("choices", $0) }.reduce(0, +)
    let wrong = try routed.flatMap { try figures("wrong choices", $0) }.reduce(0, +)
    let (bytes, operations) = (try share("bytes"), try share("operations"))
    let isMet = choices > 0 && wrong == 0 && bytes <= 0.75 && operations <= 0.75
    return CriterionResult(
      recipe.criterion("gather"), isMet ? .met : .notMet,
      String(
        format: "%.0f of %.0f choices are wrong; shares of the dense arm's bytes %.3f and operations %.3f", wrong,
        choices, bytes, operations))
  }

  private func seconds(_ arm: ConditionalArm, _ length: Int) throws -> [Double] {
    try costs.list("\(arm.rawValue): seconds at \(length)")
  }

  /// The median time of a step as a share of the dense arm's.
  private func timeShare(_ arm: ConditionalArm, _ length: Int) throws -> Double {
    try Statistics.median(seconds(arm, length)) / Statistics.median(seconds(.dense, length))
  }

  private func stepTime() throws -> CriterionResult {
    let shares = try config.timedLengths.map { try timeShare(.conditional, $0) }
    let longest = config.timedLengths[config.timedLengths.count - 1]
    let interval = try Bootstrap(key: RandomKey(seed: 0).split(recipe.id)).ratioOfSums(
      seconds(.conditional, longest), seconds(.dense, longest))
    let words = zip(config.timedLengths, shares).map { "\($0): " + String(format: "%.2f", $1) }
    return CriterionResult(
      recipe.criterion("step-time"), shares[shares.count - 1] <= 0.75 && interval.upper < 1 ? .met : .notMet,
      "share of medians by length: \(words.joined(separator: ", ")); of sums at \(longest): \(interval)",
      interval: interval)
  }

  private func accuracy() throws -> CriterionResult {
    let (first, second) = (try figures("accuracy", .conditional), try figures("accuracy", .dense))
    let gap = try Statistics.mean(first) - Statistics.mean(second)
    return CriterionResult(
      recipe.criterion("accuracy"), gap >= -0.02 ? .met : .notMet,
      String(format: "%+.1f points; by seed ", 100 * gap)
        + "\(ComparisonRecords.words(first, "%.3f")) against \(ComparisonRecords.words(second, "%.3f"))",
      interval: try records.paired(first, second))
  }

  private func learnedRouting() throws -> CriterionResult {
    try records.compared(
      recipe.criterion("learned-routing"), figures("accuracy", .conditional), figures("accuracy", .random),
      in: "share of right answers"
    ) { $0.lower > 0 }
  }

  // MARK: What else a reader wants to see

  private func figures() throws -> [RecipeFindings.Figure] {
    var found: [RecipeFindings.Figure] = []
    for arm in ConditionalArm.allCases {
      for kind in ["accuracy of one fact", "accuracy of two facts"] {
        found.append(try .init("\(arm.rawValue): \(kind)", overSeeds: figures(kind, arm)))
      }
    }
    for role in ["feedForward", "queries", "keys"] {
      found.append(
        try .init("positions of facts among \(role)", overSeeds: figures("needles among \(role)", .conditional)))
    }
    for arm in ConditionalArm.allCases {
      for (index, length) in config.timedLengths.enumerated() {
        found.append(.init("\(arm.rawValue): seconds at \(length)", try Statistics.median(seconds(arm, length))))
        found.append(
          .init("\(arm.rawValue): MiB at \(length)", try costs.list("\(arm.rawValue): bytes")[index] / 1_048_576))
      }
    }
    return found
  }

  private func chart() throws -> Report.Block {
    let series = try ConditionalArm.allCases.map { arm in
      LineChart.Series(
        arm.rawValue, x: config.timedLengths.map(Double.init),
        y: try config.timedLengths.map { try Statistics.median(seconds(arm, $0)) }, style: .lineAndPoints)
    }
    return .lineChart(
      LineChart(title: "Time of a training step", xLabel: "positions", yLabel: "seconds", series: series))
  }
}
