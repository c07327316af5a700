import Foundation
import GroveCore
import GroveEval
import GroveReport

/// From the records of all arms and seeds to the outcome of each criterion.
struct InstructionResidualJudgement {
  let recipe: InstructionResidualRecipe
  let config: InstructionResidualConfig
  let records: StreamRecords
  private var key: RandomKey { RandomKey(seed: 0).split("instruction residual") }
  private typealias Arms = InstructionResidualArms

  init(recipe: InstructionResidualRecipe, config: InstructionResidualConfig, records: [ArmRecord]) {
    self.recipe = recipe
    self.config = config
    self.records = StreamRecords(records: records)
  }

  func findings() throws -> RecipeFindings {
    RecipeFindings(
      results: [try residual(), try skills(), try recovers(), try forgets(), try domain(), try peak()],
      figures: try figures(), charts: try charts())
  }

  // MARK: What is compared

  private func arms(_ name: String) -> [ArmRecord] { records(name).map(\.arm) }
  private func figures(_ arm: String, _ name: String) throws -> [Double] { try arms(arm).map { try $0.figure(name) } }
  private func accuracies(_ arm: String, at length: Int) throws -> [Double] {
    try figures(arm, length == 0 ? "accuracy" : "accuracy at \(length)")
  }
  private func percents(_ values: [Double]) -> String {
    values.map { String(format: "%.1f%%", 100 * $0) }.joined(separator: ", ")
  }

  // MARK: Criteria

  private func residual() throws -> CriterionResult {
    let error = try figures(Arms.residual, "residual error").max() ?? .infinity
    return CriterionResult(
      recipe.criterion("residual"), error <= 1e-5 ? .met : .notMet,
      String(format: "largest difference of a weight %.2g", error))
  }

  private func skills() throws -> CriterionResult {
    let (base, tuned) = (try accuracies(Arms.base, at: 0), try accuracies(Arms.instruct, at: 0))
    let isMet = base.allSatisfy { $0 <= 0.2 } && tuned.allSatisfy { $0 >= 0.8 }
    return CriterionResult(
      recipe.criterion("skills"), isMet ? .met : .notMet,
      "base \(percents(base)), instruct model \(percents(tuned))")
  }

  private func recovers() throws -> CriterionResult {
    let name = "right at \(config.longest)"
    let intervals = try zip(arms(Arms.residual), arms(Arms.continuedInstruct)).map { residual, continued in
      try Bootstrap(key: key.split(residual.seed)).pairedDifference(residual.list(name), continued.list(name))
    }
    let means = intervals.map(\.estimate)
    return CriterionResult(
      recipe.criterion("recovers"), intervals.allSatisfy { $0.lower > 0 } ? .met : .notMet,
      "by seed: \(intervals.map(\.description).joined(separator: "; "))",
      interval: means.count > 1 ? try .ofMean(means) : nil)
  }

  private func forgets() throws -> CriterionResult {
    let means =
      try [
        Statistics.mean(accuracies(Arms.instruct, at: 0))
      ] + config.lengths.map { try Statistics.mean(accuracies(Arms.continuedInstruct, at: $0)) }
    let isFalling = zip(means, means.dropFirst()).allSatisfy { $0 > $1 }
    let words = zip([0] + config.lengths, means).map { String(format: "%d steps %.1f%%", $0, 100 * $1) }
    return CriterionResult(
      recipe.criterion("forgets"), isFalling ? .met : .notMet, words.joined(separator: ", "))
  }

  private func domain() throws -> CriterionResult {
    let name = "\(config.new) nats a token at \(config.longest)"
    let (residual, continued) = (try figures(Arms.residual, name), try figures(Arms.continuedInstruct, name))
    let gaps = zip(residual, continued).map { $0 - $1 }
    let words = zip(residual, continued).map { String(format: "%.3f against %.3f", $0, $1) }
    return CriterionResult(
      recipe.criterion("domain"), gaps.allSatisfy { abs($0) <= 0.05 } ? .met : .notMet,
      "nats a token, by seed: \(words.joined(separator: "; "))", interval: gaps.count > 1 ? try .ofMean(gaps) : nil)
  }

  private func peak() throws -> CriterionResult {
    let rows = try config.scales.map { try figures(Arms.residual, String(format: "accuracy times %g", $0)) }
    let best = rows[0].indices.map { seed in
      zip(config.scales, rows).max { $0.1[seed] < $1.1[seed] }?.0 ?? .nan
    }
    let means = try zip(config.scales, rows).map { String(format: "%g: %.1f%%", $0, 100 * (try Statistics.mean($1))) }
    let words = best.map { String(format: "%g", $0) }.joined(separator: ", ")
    return CriterionResult(
      recipe.criterion("peak"), best.allSatisfy { (0.75...1.25).contains($0) } ? .met : .notMet,
      "best scale by seed: \(words); mean over seeds \(means.joined(separator: ", "))")
  }

  // MARK: What else a reader wants to see

  private func figures() throws -> [RecipeFindings.Figure] {
    let streams = [config.general, config.new]
    var figures: [RecipeFindings.Figure] = []
    func add(_ arm: String, _ suffix: String) throws {
      figures.append(
        try .init("\(arm): accuracy\(suffix)", overSeeds: self.figures(arm, "accuracy\(suffix)")))
      for stream in streams {
        let name = "\(stream) nats a token\(suffix)"
        figures.append(try .init("\(arm): \(name)", overSeeds: self.figures(arm, name)))
      }
    }
    try add(Arms.base, "")
    try add(Arms.instruct, "")
    for length in config.lengths {
      for arm in [Arms.continuedInstruct, Arms.continuedBase, Arms.residual] { try add(arm, " at \(length)") }
    }
    for task in config.tasks {
      figures.append(
        try .init("\(Arms.instruct): \(task.rawValue)", overSeeds: self.figures(Arms.instruct, task.rawValue)))
      figures.append(
        try .init(
          "\(Arms.residual): \(task.rawValue)",
          overSeeds: self.figures(Arms.residual, "\(task.rawValue) at \(config.longest)")))
    }
    return figures
  }

  private func charts() throws -> [Report.Block] {
    let start = try Statistics.mean(accuracies(Arms.instruct, at: 0))
    let overTime = try [Arms.continuedInstruct, Arms.residual].map { arm in
      LineChart.Series(
        arm, x: ([0] + config.lengths).map(Double.init),
        y: [start] + (try config.lengths.map { try Statistics.mean(accuracies(arm, at: $0)) }), style: .lineAndPoints)
    }
    let sweep = try config.scales.map {
      try Statistics.mean(figures(Arms.residual, String(format: "accuracy times %g", $0)))
    }
    return [
      .lineChart(
        LineChart(
          title: "Instructions followed after training on new text", xLabel: "step of the continuation",
          yLabel: "right answers", series: overTime)),
      .lineChart(
        LineChart(
          title: "How much residual", xLabel: "factor of the residual", yLabel: "right answers",
          series: [LineChart.Series(Arms.residual, x: config.scales, y: sweep, style: .lineAndPoints)])),
    ]
  }
}
