import Foundation
import GroveCore
import GroveEval
import GroveModel
import GroveReport

/// From the records of all arms and seeds to the outcome of each criterion.
struct SparseTransformerJudgement {
  let recipe: SparseTransformerRecipe
  let config: SparseTransformerConfig
  let records: ComparisonRecords
  /// The arm that measured time and memory.
  let costs: ArmRecord
  private var patterns: [AttentionConfig.Pattern] { SparseTransformerRecipe.patterns }
  private var arms: [String] { patterns.map(SparseTransformerRecipe.arm) }
  private var lengths: [Double] { config.timedLengths.map(Double.init) }

  func findings() throws -> RecipeFindings {
    RecipeFindings(
      results: [
        try pattern(), try operations(), try gradients(), try time(),
        try quality("fixed-like-dense", against: .full) { $0.upper <= 0.02 },
        try quality("fixed-beats-strided", against: .strided) { $0.upper < 0 }, try memory(),
      ],
      figures: try figures(), charts: [try chart(), records.lossChart(arms)])
  }

  // MARK: Criteria

  private func pattern() throws -> CriterionResult {
    let wrong = try records.records.map { try $0.figure("weights on hidden positions") }
    let differences = try records.records.map { try $0.figure("difference of scores") }
    let shares = try arms.compactMap { arm in try records.figures("share seen", of: arm).first.map { (arm, $0) } }
    let isMet = wrong.allSatisfy { $0 == 0 } && differences.allSatisfy { $0 <= 1e-3 }
    return CriterionResult(
      recipe.criterion("pattern"), isMet ? .met : .notMet,
      String(
        format:
          "%.0f weights on hidden positions in %d models; largest difference of a score %.1g; seen of the positions before: ",
        wrong.reduce(0, +), wrong.count, differences.max() ?? .nan)
        + shares.map { "\($0.0) " + String(format: "%.1f%%", 100 * $0.1) }.joined(separator: ", "))
  }

  private func exponents(_ series: (AttentionConfig.Pattern) -> String) throws -> [Double] {
    try patterns.map { try LogarithmicSlope.exponent(of: costs.list(series($0)), over: lengths) }
  }

  private func words(_ values: [Double]) -> String {
    zip(arms, values).map { "\($0) " + String(format: "%.2f", $1) }.joined(separator: ", ")
  }

  private func operations() throws -> CriterionResult {
    let found = try exponents(SparseTransformerCost.reads)
    let isMet = abs(found[0] - 2) < 1e-6 && found.dropFirst().allSatisfy { $0 <= 1.6 }
    return CriterionResult(recipe.criterion("operations"), isMet ? .met : .notMet, "exponents: \(words(found))")
  }

  private func gradients() throws -> CriterionResult {
    let found = try records.records.map { try $0.figure("difference of gradients") }
    return CriterionResult(
      recipe.criterion("gradients"), found.allSatisfy { $0 <= 1e-5 } ? .met : .notMet,
      String(format: "largest difference in %d models: %.1g", found.count, found.max() ?? .nan))
  }

  private func time() throws -> CriterionResult {
    let found = try exponents(SparseTransformerCost.seconds)
    let longest = try patterns.map { try 1000 * (costs.list(SparseTransformerCost.seconds($0)).last ?? .nan) }
    let isMet = found[0] >= 1.85 && found.dropFirst().allSatisfy { $0 <= 1.65 }
    return CriterionResult(
      recipe.criterion("time"), isMet ? .met : .notMet,
      "exponents: \(words(found)); milliseconds at \(config.timedLengths.last ?? 0): \(words(longest))")
  }

  private func quality(
    _ id: String, against other: AttentionConfig.Pattern, _ holds: (Interval) -> Bool
  ) throws -> CriterionResult {
    let found = try records.differences(SparseTransformerRecipe.arm(.fixed), SparseTransformerRecipe.arm(other))
    return CriterionResult(
      recipe.criterion(id), found.allSatisfy(holds) ? .met : .notMet,
      "bits per byte, by seed: \(found.map(\.description).joined(separator: "; "))",
      interval: found.count > 1 ? try .ofMean(found.map(\.estimate)) : nil)
  }

  private func memory() throws -> CriterionResult {
    let (kept, again) = (try costs.figure("peak bytes, kept"), try costs.figure("peak bytes, made again"))
    let seconds = (try costs.figure("step seconds, kept"), try costs.figure("step seconds, made again"))
    return CriterionResult(
      recipe.criterion("memory"), again <= 0.6 * kept ? .met : .notMet,
      String(
        format: "%.1f MB instead of %.1f, %.0f%% less, in %.2f times the time", again / 1e6, kept / 1e6,
        100 * (1 - again / kept), seconds.1 / seconds.0))
  }

  // MARK: What else a reader wants to see

  private func figures() throws -> [RecipeFindings.Figure] {
    var figures = try records.lossFigures(arms)
    for stream in config.training.streams.map(\.name) {
      let name = "bits per byte, \(stream)"
      for arm in arms { figures.append(try .init("\(arm): \(name)", overSeeds: records.figures(name, of: arm))) }
    }
    for arm in arms { figures.append(try .init("\(arm): seconds of an arm", overSeeds: records(arm).map(\.seconds))) }
    for pattern in patterns {
      for (length, seconds) in zip(config.timedLengths, try costs.list(SparseTransformerCost.seconds(pattern))) {
        figures.append(.init("\(SparseTransformerRecipe.arm(pattern)): milliseconds at \(length)", 1000 * seconds))
      }
    }
    return figures
  }

  private func chart() throws -> Report.Block {
    let series = try patterns.map { pattern in
      let seconds = try costs.list(SparseTransformerCost.seconds(pattern))
      return LineChart.Series(SparseTransformerRecipe.arm(pattern), x: lengths, y: seconds.map { 1000 * $0 })
    }
    return .lineChart(
      LineChart(
        title: "Time of one layer", xLabel: "positions", yLabel: "milliseconds", series: series, xScale: .logarithmic,
        yScale: .logarithmic))
  }
}
