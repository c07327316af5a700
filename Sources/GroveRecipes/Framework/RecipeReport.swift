import Foundation
import GroveReport

/// The page about a run of a recipe.
enum RecipeReport {
  static func make(_ result: RecipeResult, charts: [Report.Block]) -> Report {
    Report(
      title: "\(result.recipe): \(result.verdict.rawValue)",
      subtitle: "\(result.paper.citation) · scale \(result.scale.rawValue) · \(result.finished)",
      sections: [
        Report.Section("Claim and verdict", verdict(result)),
        Report.Section("Figures", [.facts(result.figures.map { .init($0.name, $0.valueText) })] + charts),
        Report.Section("Where we differ from the paper", result.differences.map { .paragraph($0) }),
        Report.Section("Arms", [arms(result), .paragraph(result.cost), .code(result.command, caption: "Command")]),
      ])
  }

  private static func verdict(_ result: RecipeResult) -> [Report.Block] {
    [.paragraph(result.claim)]
      + result.criteria.map {
        .callout(tone($0.outcome), title: "\($0.criterion.id): \($0.outcome.rawValue)", text: text($0))
      }
  }

  private static func text(_ result: CriterionResult) -> String { "\(result.criterion.statement) — \(result.evidence)" }

  private static func tone(_ outcome: CriterionResult.Outcome) -> Report.Tone {
    switch outcome {
    case .met: .good
    case .notMet: .bad
    case .undecided: .neutral
    }
  }

  private static func arms(_ result: RecipeResult) -> Report.Block {
    .table(
      Report.Table(
        columns: ["arm", "seed", "seconds", "figures"],
        rows: result.arms.map { arm in
          let figures = arm.figures.sorted { $0.key < $1.key }.map { "\($0.key) \(String(format: "%.4g", $0.value))" }
          return [arm.arm, "\(arm.seed)", String(format: "%.1f", arm.seconds), figures.joined(separator: ", ")]
        }))
  }
}
