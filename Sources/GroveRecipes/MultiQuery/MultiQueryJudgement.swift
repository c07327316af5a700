import Foundation
import GroveCore
import GroveEval
import GroveReport

/// From the records of all arms and seeds to the outcome of each criterion.
struct MultiQueryJudgement {
  let recipe: MultiQueryRecipe
  let config: MultiQueryConfig
  let records: ComparisonRecords
  /// The arm that timed decoding.
  let timing: ArmRecord
  private var arms: [MultiQueryArm] { MultiQueryArm.all(config.training.model) }
  private var names: [String] { arms.map(\.rawValue) }
  private let baseline = MultiQueryArm.multiHead.rawValue
  private let shared = MultiQueryArm.multiQuery.rawValue

  func findings() throws -> RecipeFindings {
    RecipeFindings(
      results: [try cache(), try cachedIsFull(), try throughput(), try quality(), try beatsOneHead()],
      figures: try figures(), charts: [try chart(), records.lossChart(names)])
  }

  // MARK: Criteria

  private func cache() throws -> CriterionResult {
    let bytes = try names.map { try records.figures("cache bytes of a position", of: $0)[0] }
    let parameters = try Set(records.records.map { try $0.figure("parameters") })
    let ratio = bytes[0] / (try records.figures("cache bytes of a position", of: shared)[0])
    let isMet = ratio == Double(config.training.model.attention.heads) && parameters.count == 1
    let words = zip(names, bytes).map { String(format: "\($0) %.0f", $1) }.joined(separator: ", ")
    return CriterionResult(
      recipe.criterion("cache"), isMet ? .met : .notMet,
      "bytes: \(words); ratio \(ratio); parameters: "
        + parameters.sorted().map { String(format: "%.0f", $0) }.joined(separator: ", "))
  }

  private func cachedIsFull() throws -> CriterionResult {
    let found = try records.records.map { try $0.figure("difference from the cache") }
    return CriterionResult(
      recipe.criterion("cached-is-full"), found.allSatisfy { $0 <= 1e-3 } ? .met : .notMet,
      String(format: "largest difference in %d models: %.1g", found.count, found.max() ?? .nan))
  }

  private func seconds(_ arm: MultiQueryArm, _ context: Int) throws -> [Double] {
    try timing.list(MultiQueryDecoding.seconds(arm, context))
  }

  /// How many times as fast as multi-head an arm decodes, by the medians.
  private func speedup(_ arm: MultiQueryArm, _ context: Int) throws -> Double {
    try Statistics.median(seconds(.multiHead, context)) / Statistics.median(seconds(arm, context))
  }

  private func throughput() throws -> CriterionResult {
    let ratios = try config.decodedContexts.map { try speedup(.multiQuery, $0) }
    let longest = config.decodedContexts[config.decodedContexts.count - 1]
    let key = RandomKey(seed: 0).split("multi-query-attention")
    let interval = try Bootstrap(key: key).ratioOfSums(
      seconds(.multiHead, longest), seconds(.multiQuery, longest))
    let words = zip(config.decodedContexts, ratios).map { "\($0): " + String(format: "%.2f", $1) }
    return CriterionResult(
      recipe.criterion("throughput"), ratios[ratios.count - 1] >= 1.5 && interval.lower > 1 ? .met : .notMet,
      "ratio of medians by context: \(words.joined(separator: ", ")); of sums at \(longest): \(interval)",
      interval: interval)
  }

  private func quality() throws -> CriterionResult {
    try records.compared(
      recipe.criterion("quality"), records.natsPerToken(shared), records.natsPerToken(baseline), in: "nats a token"
    ) { $0.upper <= 0.05 }
  }

  private func beatsOneHead() throws -> CriterionResult {
    let found = try records.differences(shared, MultiQueryArm.oneHead.rawValue)
    return CriterionResult(
      recipe.criterion("beats-one-head"), found.allSatisfy { $0.upper < 0 } ? .met : .notMet,
      "bits per byte, by seed: \(found.map(\.description).joined(separator: "; "))",
      interval: found.count > 1 ? try .ofMean(found.map(\.estimate)) : nil)
  }

  // MARK: What else a reader wants to see

  private func figures() throws -> [RecipeFindings.Figure] {
    var figures = try records.lossFigures(names)
    for arm in arms {
      figures.append(try .init("\(arm.rawValue): nats a token", overSeeds: records.natsPerToken(arm.rawValue)))
    }
    for arm in arms {
      for context in config.decodedContexts {
        let tokens = Double(config.decodedTexts * (config.decodedTokens - 1))
        let speed = tokens / (try Statistics.median(seconds(arm, context)))
        figures.append(.init("\(arm.rawValue): tokens a second at \(context)", speed))
      }
    }
    return figures
  }

  private func chart() throws -> Report.Block {
    let series = try arms.dropFirst().map { arm in
      LineChart.Series(
        arm.rawValue, x: config.decodedContexts.map(Double.init),
        y: try config.decodedContexts.map { try speedup(arm, $0) }, style: .lineAndPoints)
    }
    return .lineChart(
      LineChart(
        title: "Decoding, times as fast as multi-head", xLabel: "positions", yLabel: "ratio", series: series))
  }
}
