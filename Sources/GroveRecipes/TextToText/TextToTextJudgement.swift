import Foundation
import GroveCore
import GroveEval
import GroveReport

/// From the records of all arms and seeds to the outcome of each criterion.
struct TextToTextJudgement {
  let recipe: TextToTextRecipe
  let records: ComparisonRecords
  /// What was found of the texts.
  let texts: ArmRecord

  func findings() throws -> RecipeFindings {
    RecipeFindings(
      results: [
        try gaps(), try clean(), try equalCost(), try pretraining(),
        try compared("architecture", with: .languageModel), try compared("cleaning", with: .uncleaned),
      ],
      figures: try figures(), charts: [records.lossChart(TextToTextArm.allCases.dropFirst().map(\.rawValue))])
  }

  private func scores(_ name: String, _ arm: TextToTextArm) throws -> [Double] {
    try records.figures(name, of: arm.rawValue)
  }

  // MARK: Criteria

  private func gaps() throws -> CriterionResult {
    let (all, broken) = (try texts.figure("passages"), try texts.figure("passages not found again"))
    return CriterionResult(
      recipe.criterion("gaps"), all > 0 && broken == 0 ? .met : .notMet,
      String(
        format: "%.0f of %.0f passages are broken; %.3f hidden in spans of %.2f tokens", broken, all,
        try texts.figure("share hidden"), try texts.figure("mean span")))
  }

  private func clean() throws -> CriterionResult {
    let (all, wrong) = (try texts.figure("lines"), try texts.figure("lines against the rules"))
    return CriterionResult(
      recipe.criterion("clean"), all > 0 && wrong == 0 ? .met : .notMet,
      String(
        format: "%.0f of %.0f lines are against the rules; of %.2f MB %.2f MB are left", wrong, all,
        try texts.figure("bytes before cleaning") / 1e6, try texts.figure("bytes after cleaning") / 1e6))
  }

  private func equalCost() throws -> CriterionResult {
    let ratio = try texts.figure("cost of denoising over that of a model of language")
    return CriterionResult(
      recipe.criterion("equal-cost"), (0.75...1.25).contains(ratio) ? .met : .notMet, String(format: "%.3f", ratio))
  }

  private func pretraining() throws -> CriterionResult {
    let criterion = recipe.criterion("pretraining")
    let found = try TextTask.allCases.map { task in
      let name = "score, \(task.rawValue)"
      return (task, try records.paired(scores(name, .denoising), scores(name, .random)))
    }
    guard found.allSatisfy({ $0.1 != nil }) else {
      return CriterionResult(criterion, .undecided, "one seed has no interval")
    }
    return CriterionResult(
      criterion, found.allSatisfy { ($0.1?.lower ?? 0) > 0 } ? .met : .notMet,
      found.map { "\($0.0.rawValue) \($0.1?.description ?? "")" }.joined(separator: "; "))
  }

  private func compared(_ id: String, with other: TextToTextArm) throws -> CriterionResult {
    try records.compared(
      recipe.criterion(id), scores("mean score", .denoising), scores("mean score", other), in: "mean score"
    ) { $0.lower > 0 }
  }

  // MARK: What else a reader wants to see

  private func figures() throws -> [RecipeFindings.Figure] {
    var found: [RecipeFindings.Figure] = []
    for arm in TextToTextArm.allCases {
      for task in TextTask.allCases {
        found.append(try .init("\(arm.rawValue): \(task.rawValue)", overSeeds: scores("score, \(task.rawValue)", arm)))
      }
      found.append(try .init("\(arm.rawValue): mean score", overSeeds: scores("mean score", arm)))
    }
    return found
  }
}
