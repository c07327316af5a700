import Foundation
import GroveCore
import GroveEval

/// From the records of all arms and seeds to the outcome of each criterion.
struct MonolingualModelJudgement {
  let recipe: MonolingualModelRecipe
  let config: MonolingualModelConfig
  let records: ComparisonRecords
  let tokenizers: ArmRecord
  private typealias Names = MonolingualModelRecipe

  func findings() throws -> RecipeFindings {
    var figures = try arms.map {
      try RecipeFindings.Figure("\($0): \(config.language), bits per byte", overSeeds: ownLoss($0))
    }
    for stream in config.training.streams where stream.name != config.language {
      figures.append(
        try .init(
          "\(Names.mixedWhole): \(stream.name), bits per byte",
          overSeeds: records.figures("bits per byte, \(stream.name)", of: Names.mixedWhole)))
    }
    figures += try [TokenizerComparison.plain, TokenizerComparison.morphemes, TokenizerComparison.mixed].map {
      RecipeFindings.Figure("tokenizer \($0): tokens a character", try tokenizers.figure("\($0) per character"))
    }
    return RecipeFindings(
      results: [try sameBytes(), try equalTokens(), try alone(), try sameText(), try morphemes(), try sizes()],
      figures: figures, charts: [records.lossChart(arms)])
  }

  private var arms: [String] { [Names.alone, Names.mixed, Names.mixedWhole] + config.sizes.map(Names.alone) }

  private func ownLoss(_ arm: String) throws -> [Double] {
    try records.figures("bits per byte, \(config.language)", of: arm)
  }

  private func sameBytes() throws -> CriterionResult {
    let names = [TokenizerComparison.plain, TokenizerComparison.morphemes, TokenizerComparison.mixed]
    let changed = try names.map { try tokenizers.figure("\($0) changed") }
    let sizes = try names.map { try tokenizers.figure("\($0) size") }
    return CriterionResult(
      recipe.criterion("tokenizers"), changed.allSatisfy { $0 == 0 } && Set(sizes).count == 1 ? .met : .notMet,
      "documents that changed: \(changed.map { "\(Int($0))" }.joined(separator: ", ")); sizes "
        + sizes.map { "\(Int($0))" }.joined(separator: ", "))
  }

  private func equalTokens() throws -> CriterionResult {
    let steps = try [Names.alone, Names.mixed, Names.mixedWhole].map { arm in
      try zip(records.figures("steps", of: arm), records.figures("steps applied", of: arm)).map { planned, applied in
        planned == applied ? applied : -1
      }
    }
    let times = Double(config.training.streams.count)
    let isMet = steps[0] == steps[1] && steps[2] == steps[0].map { $0 * times } && !steps.joined().contains(-1)
    return CriterionResult(
      recipe.criterion("equal-tokens"), isMet ? .met : .notMet,
      "steps of each seed: " + steps.map { ComparisonRecords.words($0, "%.0f") }.joined(separator: "; "))
  }

  private func alone() throws -> CriterionResult {
    let intervals = try records.differences(Names.alone, Names.mixed, on: config.language)
    let gain = try Statistics.mean(ownLoss(Names.alone)) / Statistics.mean(ownLoss(Names.mixed)) - 1
    return CriterionResult(
      recipe.criterion("alone"), gain <= -0.02 && intervals.allSatisfy { $0.upper < 0 } ? .met : .notMet,
      String(format: "%+.2f%%; bits per byte by seed: ", 100 * gain)
        + intervals.map(\.description).joined(separator: "; "),
      interval: try records.paired(ownLoss(Names.alone), ownLoss(Names.mixed)))
  }

  private func sameText() throws -> CriterionResult {
    let intervals = try records.differences(Names.alone, Names.mixedWhole, on: config.language)
    return CriterionResult(
      recipe.criterion("same-text"), intervals.allSatisfy { $0.upper < 0 } ? .met : .notMet,
      "bits per byte by seed: " + intervals.map(\.description).joined(separator: "; "),
      interval: try records.paired(ownLoss(Names.alone), ownLoss(Names.mixedWhole)))
  }

  private func morphemes() throws -> CriterionResult {
    let names = [TokenizerComparison.morphemes, TokenizerComparison.plain, TokenizerComparison.mixed]
    let tokens = try names.map { try tokenizers.figure("\($0) per character") }
    return CriterionResult(
      recipe.criterion("morphemes"), tokens[0] <= tokens[1] && tokens[0] < tokens[2] ? .met : .notMet,
      zip(names, tokens).map { String(format: "\($0) %.4f", $1) }.joined(separator: ", "))
  }

  private func sizes() throws -> CriterionResult {
    let order = [Names.alone(config.sizes[0]), Names.alone, Names.alone(config.sizes[1])]
    let losses = try order.map(ownLoss)
    let isMet = losses[0].indices.allSatisfy { losses[0][$0] > losses[1][$0] && losses[1][$0] > losses[2][$0] }
    return CriterionResult(
      recipe.criterion("sizes"), isMet ? .met : .notMet,
      zip(order, losses).map { "\($0) \(ComparisonRecords.words($1, "%.4f"))" }.joined(separator: "; "))
  }
}
