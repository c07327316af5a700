import Foundation
import GroveCore
import GroveEval
import GroveReport

/// From the records of all arms and seeds to the outcome of each criterion.
struct SparseLowRankJudgement {
  let recipe: SparseLowRankRecipe
  let config: SparseLowRankConfig
  let records: ComparisonRecords
  let arms: [String]

  private var sparse: [String] { config.densities.map(SparseLowRankRecipe.sparse) }

  func findings() throws -> RecipeFindings {
    RecipeFindings(
      results: [try counts(), saving(), try recovers(), try monotone(), try memoryMeasured()],
      figures: try figures(), charts: [records.lossChart(arms)])
  }

  private func perplexities(_ arm: String) throws -> [Double] { try records.natsPerToken(arm).map { exp($0) } }

  // MARK: Criteria

  private func counts() throws -> CriterionResult {
    var wrong: [String] = []
    for record in arms.flatMap({ records($0) }) {
      for name in ["parameters", "sparse numbers"]
      where try record.figure(name) != record.figure("expected \(name)") {
        wrong.append("\(record.arm), seed \(record.seed): \(name)")
      }
    }
    return CriterionResult(
      recipe.criterion("counts"), wrong.isEmpty ? .met : .notMet,
      wrong.isEmpty ? "\(arms.count) arms agree in all seeds" : wrong.joined(separator: "; "))
  }

  private func saving() -> CriterionResult {
    let dense = TrainingMemory(SparseLowRankConfig.sevenBillion(.dense)).bytes(.bfloat16)
    let sparing = TrainingMemory(SparseLowRankConfig.sevenBillion(.sparseLowRank)).bytes(.bytes8)
    let share = 1 - sparing / dense
    return CriterionResult(
      recipe.criterion("saving-7b"), abs(share - 0.73) <= 0.03 ? .met : .notMet,
      String(format: "%.1f GB instead of %.1f GB: %.1f%% less", sparing / 1e9, dense / 1e9, 100 * share))
  }

  /// Of the gap between low rank and dense, the share that an arm closes, a value for each seed.
  private func recovered(_ arm: String) throws -> [Double] {
    let (low, dense) = (
      try perplexities(SparseLowRankRecipe.lowRank), try perplexities(SparseLowRankRecipe.dense)
    )
    return try zip(zip(low, dense), perplexities(arm)).map { ($0.0 - $1) / ($0.0 - $0.1) }
  }

  private func recovers() throws -> CriterionResult {
    let shares = try recovered(sparse[0])
    let intervals = try records.differences(SparseLowRankRecipe.lowRank, sparse[0])
    // A gap below 0 has no share that could be closed.
    let hasGap = try zip(perplexities(SparseLowRankRecipe.lowRank), perplexities(SparseLowRankRecipe.dense))
      .allSatisfy(>)
    let isMet = hasGap && shares.allSatisfy { $0 >= 0.3 } && intervals.allSatisfy { $0.lower > 0 }
    return CriterionResult(
      recipe.criterion("recovers"), isMet ? .met : .notMet,
      "shares of the gap by seed \(ComparisonRecords.words(shares, "%.2f")); bits per byte, low rank minus \(sparse[0]): "
        + intervals.map(\.description).joined(separator: "; "),
      interval: shares.count > 1 ? try .ofMean(shares) : nil)
  }

  private func monotone() throws -> CriterionResult {
    let means = try sparse.map { try Statistics.mean(perplexities($0)) }
    let words = zip(sparse, means).map { String(format: "\($0) %.3f", $1) }.joined(separator: ", ")
    return CriterionResult(
      recipe.criterion("monotone"), zip(means, means.dropFirst()).allSatisfy(>) ? .met : .notMet,
      "mean perplexities \(words)")
  }

  private func memoryMeasured() throws -> CriterionResult {
    guard let record = records("memory").first else {
      return CriterionResult(recipe.criterion("memory-measured"), .undecided, "no arm was measured")
    }
    let errors = try arms.map { try record.figure("held, \($0)") / record.figure("expected, \($0)") - 1 }
    let words = zip(arms, errors).map { String(format: "\($0) %+.1f%%", 100 * $1) }.joined(separator: ", ")
    return CriterionResult(
      recipe.criterion("memory-measured"), errors.allSatisfy { abs($0) <= 0.05 } ? .met : .notMet,
      "held against the arithmetic: \(words)")
  }

  // MARK: What else a reader wants to see

  private func figures() throws -> [RecipeFindings.Figure] {
    var figures = try records.lossFigures(arms)
    for arm in arms {
      figures.append(try .init("\(arm): perplexity of a token", overSeeds: perplexities(arm)))
      figures.append(.init("\(arm): trained numbers", try records(arm).first?.figure("parameters") ?? .nan))
    }
    for arm in sparse { figures.append(try .init("\(arm): share of the gap closed", overSeeds: recovered(arm))) }
    return figures
  }
}
