import Foundation
import GroveCore
import GroveEval
import GroveReport

/// From the records of all arms and seeds to the outcome of each criterion.
struct AttentionFreeJudgement {
  let recipe: AttentionFreeRecipe
  let config: AttentionFreeRecipeConfig
  let records: ComparisonRecords

  /// Attention without a fused kernel.
  static let heldWeights = "attention that makes all its weights"
  private var lengths: [Double] { config.lengths.map(Double.init) }

  func findings() throws -> RecipeFindings {
    RecipeFindings(
      results: [try decoding(), try localClose(), try localBeatsSimple(), try memory()],
      figures: try figures(), charts: try charts())
  }

  // MARK: Criteria

  private func decoding() throws -> CriterionResult {
    let errors = try AttentionFreeRecipe.arms.flatMap { try records.figures("cache error", of: $0) }
    return CriterionResult(
      recipe.criterion("decoding"), errors.allSatisfy { $0 <= 1e-3 } ? .met : .notMet,
      "\(errors.count) models: largest error \(String(format: "%.1g", errors.max() ?? .nan)) of the largest score")
  }

  private func localClose() throws -> CriterionResult {
    let intervals = try records.differences("local", "attention")
    return CriterionResult(
      recipe.criterion("local-close"), intervals.allSatisfy { $0.estimate <= 0.08 } ? .met : .notMet,
      "bits per byte against attention, by seed: \(intervals.map(\.description).joined(separator: "; "))",
      interval: intervals.count > 1 ? try .ofMean(intervals.map(\.estimate)) : nil)
  }

  private func localBeatsSimple() throws -> CriterionResult {
    let intervals = try records.differences("local", "simple")
    return CriterionResult(
      recipe.criterion("local-beats-simple"), intervals.allSatisfy { $0.upper < 0 } ? .met : .notMet,
      "bits per byte against the form without weights, by seed: "
        + intervals.map(\.description).joined(separator: "; "),
      interval: intervals.count > 1 ? try .ofMean(intervals.map(\.estimate)) : nil)
  }

  private func slope(_ kind: String) throws -> Double {
    guard let bytes = try records("memory").first?.list("bytes, \(kind)") else { return .nan }
    return try LogarithmicSlope.exponent(of: bytes, over: lengths)
  }

  private func memory() throws -> CriterionResult {
    let linear = ["local", "convolution", "simple"]
    let slopes = try linear.map(slope)
    let attention = try slope(AttentionFreeJudgement.heldWeights)
    let words = zip(linear, slopes).map { String(format: "\($0) %.2f", $1) }.joined(separator: ", ")
    return CriterionResult(
      recipe.criterion("memory"), slopes.allSatisfy { $0 <= 1.2 } && attention >= 1.7 ? .met : .notMet,
      "slopes over \(config.lengths): \(words); \(AttentionFreeJudgement.heldWeights) \(String(format: "%.2f", attention))"
    )
  }

  // MARK: What else a reader wants to see

  private var kinds: [String] { AttentionFreeRecipe.arms + [AttentionFreeJudgement.heldWeights] }

  private func figures() throws -> [RecipeFindings.Figure] {
    var figures = try records.lossFigures(AttentionFreeRecipe.arms)
    for kind in kinds {
      figures.append(.init("\(kind): slope of the bytes over the length", try slope(kind)))
      let bytes = try records("memory").first?.list("bytes, \(kind)").last ?? .nan
      figures.append(.init("\(kind): MiB at a length of \(config.lengths.last ?? 0)", bytes / 1_048_576))
    }
    return figures
  }

  private func charts() throws -> [Report.Block] {
    let series = try kinds.map { kind in
      LineChart.Series(
        kind, x: lengths, y: try records("memory").first?.list("bytes, \(kind)").map { $0 / 1_048_576 } ?? [])
    }
    return [
      records.lossChart(AttentionFreeRecipe.arms),
      .lineChart(
        LineChart(
          title: "Memory of a pass forward and backward of one block", xLabel: "length of the text", yLabel: "MiB",
          series: series)),
    ]
  }
}
