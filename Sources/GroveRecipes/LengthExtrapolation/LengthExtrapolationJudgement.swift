import Foundation
import GroveCore
import GroveEval
import GroveReport

/// From the records of all arms and seeds to the outcome of each criterion.
struct LengthExtrapolationJudgement {
  let recipe: LengthExtrapolationRecipe
  let config: LengthExtrapolationConfig
  let records: ComparisonRecords
  private typealias Names = LengthExtrapolationRecipe
  private typealias Probe = LengthExtrapolationProbe
  private typealias Sight = LengthExtrapolationProbe.Sight

  /// A model, read in windows of a length.
  private struct Reading {
    let arm: String
    let sight: Sight
    let length: Int
    var series: String { Probe.nats(sight, length) }
    var words: String { "\(arm), \(sight.rawValue), \(length)" }
  }

  private var extrapolating: [String] { [Names.rotary, Names.alibi, Names.xpos] }
  private var all: [String] { extrapolating + [Names.learned] }

  func findings() throws -> RecipeFindings {
    RecipeFindings(
      results: [
        definition(), try oneBlock(), try reach(), try extrapolates(), try rotaryBreaks(), try interpolates(),
        try beyondBlocks(), try trainedResolution(),
      ],
      figures: try figures(), charts: [try chart(), records.lossChart(all)])
  }

  // MARK: Criteria

  private func definition() -> CriterionResult {
    func resolution(_ decayLength: Double?) -> Double {
      AttentionResolution.of(
        AttentionResolution.expectedScores(headWidth: 64, distances: 1024, decayLength: decayLength))
    }
    let (with, without) = (resolution(512), resolution(nil))
    return CriterionResult(
      recipe.criterion("resolution-of-definition"), with > without ? .met : .notMet,
      String(format: "%.4f with the decay, %.4f without", with, without))
  }

  private func oneBlock() throws -> CriterionResult {
    let found = try records.records.map { try $0.figure("difference in one block") }
    let largest = found.max() ?? .infinity
    return CriterionResult(
      recipe.criterion("one-block"), found.allSatisfy { $0 <= 1e-3 } ? .met : .notMet,
      String(format: "largest difference in %d models: %.1g nats", found.count, largest))
  }

  private func reach() throws -> CriterionResult {
    let blockwise = try extrapolating.flatMap { try records.figures("change beyond reach, blockwise", of: $0) }
    let full = try extrapolating.flatMap { try records.figures("change beyond reach, full", of: $0) }
    let isMet = blockwise.allSatisfy { $0 == 0 } && full.allSatisfy { $0 > 0 }
    return CriterionResult(
      recipe.criterion("reach"), isMet ? .met : .notMet,
      String(
        format: "largest change of a loss blockwise %g nats, with full attention from %.2g to %.2g",
        blockwise.max() ?? .nan, full.min() ?? .nan, full.max() ?? .nan))
  }

  private func extrapolates() throws -> CriterionResult {
    let found = try differences(
      Reading(arm: Names.xpos, sight: .blockwise, length: config.longest),
      Reading(arm: Names.xpos, sight: .full, length: config.trained))
    return try result("extrapolates", found, found.allSatisfy { $0.upper <= log(1.02) })
  }

  private func rotaryBreaks() throws -> CriterionResult {
    let found = try differences(
      Reading(arm: Names.rotary, sight: .full, length: config.longest),
      Reading(arm: Names.rotary, sight: .full, length: config.trained))
    return try result("rotary-breaks", found, found.allSatisfy { $0.lower > log(1.2) })
  }

  private func interpolates() throws -> CriterionResult {
    func atTrainedLength(_ arm: String) throws -> [Double] {
      try natsPerToken(Reading(arm: arm, sight: .full, length: config.trained))
    }
    return try records.compared(
      recipe.criterion("interpolates"), atTrainedLength(Names.xpos), atTrainedLength(Names.alibi), in: "nats a token"
    ) { $0.upper <= log(1.01) }
  }

  private func beyondBlocks() throws -> CriterionResult {
    let found = try differences(
      Reading(arm: Names.xpos, sight: .blockwise, length: config.longest),
      Reading(arm: Names.rotary, sight: .blockwise, length: config.longest))
    return try result("not-the-blocks-alone", found, found.allSatisfy { $0.upper < 0 })
  }

  private func trainedResolution() throws -> CriterionResult {
    let name = "resolution, \(config.longest)"
    let (xpos, rotary) = (try records.figures(name, of: Names.xpos), try records.figures(name, of: Names.rotary))
    return CriterionResult(
      recipe.criterion("resolution-when-trained"), zip(xpos, rotary).allSatisfy { $0 > $1 } ? .met : .notMet,
      "by seed: xPos \(ComparisonRecords.words(xpos, "%.4f")); rotary \(ComparisonRecords.words(rotary, "%.4f"))")
  }

  private func result(_ id: String, _ found: [Interval], _ isMet: Bool) throws -> CriterionResult {
    CriterionResult(
      recipe.criterion(id), isMet ? .met : .notMet,
      "nats a token, by seed: \(found.map(\.description).joined(separator: "; "))",
      interval: found.count > 1 ? try .ofMean(found.map(\.estimate)) : nil)
  }

  // MARK: Measures

  private func natsPerToken(_ reading: Reading) throws -> [Double] {
    try records(reading.arm).map { record in
      try record.list(reading.series).reduce(0, +) / record.list(Probe.tokens).reduce(0, +)
    }
  }

  /// By seed, nats a token of the first minus the second, with a bootstrap interval over the long documents.
  private func differences(_ first: Reading, _ second: Reading) throws -> [Interval] {
    let key = RandomKey(seed: 0).split("lex-xpos").split(first.words).split(second.words)
    return try zip(records(first.arm), records(second.arm)).map { record, other in
      try Bootstrap(key: key.split(record.seed)).pairedRatioDifference(
        record.list(first.series), other.list(second.series), per: record.list(Probe.tokens))
    }
  }

  private func readings(_ arm: String) -> [Reading] {
    let lengths = arm == Names.learned ? [config.trained] : config.lengths
    return Sight.allCases.flatMap { sight in lengths.map { Reading(arm: arm, sight: sight, length: $0) } }
  }

  // MARK: What else a reader wants to see

  private func figures() throws -> [RecipeFindings.Figure] {
    var figures = try all.flatMap(readings).map { reading in
      try RecipeFindings.Figure("\(reading.words): perplexity", overSeeds: natsPerToken(reading).map { exp($0) })
    }
    for arm in extrapolating {
      for length in [config.trained, config.longest] {
        let name = "resolution, \(length)"
        figures.append(try .init("\(arm): \(name)", overSeeds: records.figures(name, of: arm)))
      }
    }
    return figures
  }

  private func chart() throws -> Report.Block {
    let series = try extrapolating.flatMap { arm in
      try Sight.allCases.map { sight in
        let losses = try config.lengths.map { length in
          try Statistics.mean(natsPerToken(Reading(arm: arm, sight: sight, length: length)))
        }
        return LineChart.Series("\(arm), \(sight.rawValue)", x: config.lengths.map(Double.init), y: losses)
      }
    }
    return .lineChart(
      LineChart(
        title: "Long texts, mean over seeds", xLabel: "tokens of a window", yLabel: "nats per token", series: series))
  }
}
