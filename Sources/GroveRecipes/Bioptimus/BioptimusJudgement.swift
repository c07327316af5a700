import Foundation
import GroveEval
import GroveReport

/// From the records of all arms to the outcome of each criterion.
struct BioptimusJudgement {
  let recipe: BioptimusRecipe
  let config: BioptimusConfig
  let expansion: VocabularyExpansion
  let records: ComparisonRecords

  private typealias Rows = VocabularyExpansion.Rows
  private var arms: [String] { BioptimusArms.beginnings + BioptimusArms.maskings }

  func findings() throws -> RecipeFindings {
    var figures: [RecipeFindings.Figure] = []
    for arm in BioptimusArms.beginnings { figures.append(try .init("\(arm): area", overSeeds: areas(arm))) }
    figures.append(try difference("area", .contextual, .mean))
    figures.append(try difference("area", .contextualScaled, .mean))
    figures.append(try difference("area", .contextualScaled, .random))
    for arm in arms {
      for name in ["masked words", "names"] {
        figures.append(try .init("\(arm): \(name)", overSeeds: records.figures(name, of: arm)))
      }
    }
    return RecipeFindings(
      results: [try expanded(), try area(), try order(), try names()], figures: figures,
      charts: [records.lossChart(BioptimusArms.beginnings), try namesChart()])
  }

  private func areas(_ arm: String) throws -> [Double] { try records.figures("area", of: arm) }

  private func difference(_ name: String, _ one: Rows, _ other: Rows) throws -> RecipeFindings.Figure {
    let values = try zip(records.figures(name, of: one.rawValue), records.figures(name, of: other.rawValue))
    return try .init("\(name), \(one.rawValue) minus \(other.rawValue)", overSeeds: values.map { $0 - $1 })
  }

  private func expanded() throws -> CriterionResult {
    let (now, before) = (expansion.expanded.parts(of: expansion.words), expansion.general.parts(of: expansion.words))
    let whole = expansion.words.indices.count { now[$0] == [expansion.words[$0]] && (before[$0]?.count ?? 0) > 1 }
    let change = try arms.flatMap { try records.figures("change of old scores", of: $0) }.max() ?? .nan
    return CriterionResult(
      recipe.criterion("expansion"), whole == config.newTokens && change <= 1e-4 ? .met : .notMet,
      String(format: "\(whole) of \(config.newTokens) new words; largest change of a score %.1e", change))
  }

  private func area() throws -> CriterionResult {
    try records.compared(
      recipe.criterion("area"), areas(Rows.contextual.rawValue), areas(Rows.random.rawValue),
      in: "nats a hidden token"
    ) { $0.upper < 0 }
  }

  private func names() throws -> CriterionResult {
    try records.compared(
      recipe.criterion("names"), records.figures("names", of: Rows.contextual.rawValue),
      records.figures("names", of: Rows.random.rawValue), in: "F1"
    ) { $0.lower > 0 }
  }

  private func order() throws -> CriterionResult {
    let means = try [Rows.contextual, .mean, .random].map { try Statistics.mean(areas($0.rawValue)) }
    return CriterionResult(
      recipe.criterion("order"), means[0] < means[1] && means[1] < means[2] ? .met : .notMet,
      "contextual, mean of pieces, random: \(ComparisonRecords.words(means, "%.3f"))")
  }

  private func namesChart() throws -> Report.Block {
    let groups = try arms.map { arm in
      (label: arm, bar: try RecipeFindings.Figure("names", overSeeds: records.figures("names", of: arm)).bar)
    }
    return .barChart(
      BarChart(
        title: "Names found after fine-tuning", valueLabel: "F1", values: groups,
        note: "Means over seeds with 95% t intervals."))
  }
}
