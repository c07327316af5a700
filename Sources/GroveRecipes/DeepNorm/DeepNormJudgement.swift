import Foundation
import GroveCore
import GroveEval
import GroveReport

/// From the records of all arms and seeds to the outcome of each criterion.
struct DeepNormJudgement {
  let recipe: DeepNormRecipe
  let config: DeepNormConfig
  let records: ComparisonRecords
  /// What counts of single tokens give on the held-out text.
  let unigramNats: Double

  private var depths: [Double] { config.probedDepths.map(Double.init) }
  private func deepest(_ name: String) -> String { DeepNormRecipe.arm(name, config.deepest) }

  func findings() throws -> RecipeFindings {
    RecipeFindings(
      results: [
        try deepPass(), try initialWeights(), try updateGrows(), try updateBounded(), try postFails(), try deepTrains(),
        try beatsPre(),
      ],
      figures: try figures(), charts: try charts())
  }

  // MARK: Criteria

  private func deepPass() throws -> CriterionResult {
    let (loss, lost) = (try records.figures("loss", of: "pass"), try records.figures("lost", of: "pass"))
    return CriterionResult(
      recipe.criterion("deep-pass"), loss.allSatisfy(\.isFinite) && lost.allSatisfy { $0 == 0 } ? .met : .notMet,
      "\(config.passLayers) layers: loss \(ComparisonRecords.words(loss, "%.3f")) nats, "
        + "\(ComparisonRecords.words(lost, "%.0f")) parameters without a gradient")
  }

  private func initialWeights() throws -> CriterionResult {
    let errors = try records("update-deep").flatMap { try $0.list("beta error") }
    let isRight = !errors.isEmpty && errors.allSatisfy { $0 <= 1e-5 }
    return CriterionResult(
      recipe.criterion("initial-weights"), isRight ? .met : .notMet,
      "largest relative error of a norm \(String(format: "%.1g", errors.max() ?? .nan)), depths \(config.depths)")
  }

  /// How the first update grows with the depth, a value for each seed.
  private func slopes(_ name: String, by rule: DepthProbe.Rule = .gradient) throws -> [Double] {
    try updates(name, by: rule).map { try LogarithmicSlope.exponent(of: $0, over: depths) }
  }

  /// Of each seed, the first update at each depth.
  private func updates(_ name: String, by rule: DepthProbe.Rule) throws -> [[Double]] {
    try records("update-\(name)").map { try $0.list("update by \(rule.rawValue)") }
  }

  private func updateGrows() throws -> CriterionResult {
    let (criterion, post) = (recipe.criterion("update-grows"), try slopes("post"))
    let words = "slopes by seed \(ComparisonRecords.words(post, "%+.3f"))"
    guard post.count > 1 else { return CriterionResult(criterion, .undecided, words + "; one seed has no interval") }
    let interval = try Interval.ofMean(post)
    return CriterionResult(criterion, interval.lower > 0 ? .met : .notMet, words, interval: interval)
  }

  private func updateBounded() throws -> CriterionResult {
    let (criterion, deep, post) = (recipe.criterion("update-bounded"), try slopes("deep"), try slopes("post"))
    let words = "slopes by seed \(ComparisonRecords.words(deep, "%+.3f"))"
    guard let difference = try records.paired(deep, post) else {
      return CriterionResult(criterion, .undecided, words + "; one seed has no interval")
    }
    let isMet = try Statistics.mean(deep) <= 0.1 && difference.upper < 0
    return CriterionResult(
      criterion, isMet ? .met : .notMet, words + "; against Post-LN \(difference)", interval: difference)
  }

  private func postFails() throws -> CriterionResult {
    let losses = try records.natsPerToken(deepest("post"))
    // A loss that is no number has failed too.
    let isMet = losses.allSatisfy { !($0 <= 0.95 * unigramNats) }
    return CriterionResult(
      recipe.criterion("post-fails"), isMet ? .met : .notMet,
      "\(config.deepest) layers: \(ComparisonRecords.words(losses, "%.3f")) nats a token; single tokens "
        + String(format: "%.3f", unigramNats))
  }

  private func deepTrains() throws -> CriterionResult {
    let losses = try records.natsPerToken(deepest("deep"))
    return CriterionResult(
      recipe.criterion("deep-trains"), losses.allSatisfy { $0 <= unigramNats - 0.5 } ? .met : .notMet,
      "\(config.deepest) layers: \(ComparisonRecords.words(losses, "%.3f")) nats a token; single tokens "
        + String(format: "%.3f", unigramNats))
  }

  private func beatsPre() throws -> CriterionResult {
    let intervals = try records.differences(deepest("deep"), deepest("pre"))
    return CriterionResult(
      recipe.criterion("beats-pre"), intervals.allSatisfy { $0.upper < 0 } ? .met : .notMet,
      "bits per byte against Pre-LN, by seed: \(intervals.map(\.description).joined(separator: "; "))",
      interval: intervals.count > 1 ? try .ofMean(intervals.map(\.estimate)) : nil)
  }

  // MARK: What else a reader wants to see

  private func figures() throws -> [RecipeFindings.Figure] {
    let names = DeepNormRecipe.placements.map(\.name)
    var figures = [RecipeFindings.Figure("single tokens: nats per token", unigramNats)]
    for name in names {
      for depth in config.depths {
        let arm = DeepNormRecipe.arm(name, depth)
        figures.append(try .init("\(arm): nats per token", overSeeds: records.natsPerToken(arm)))
      }
    }
    for rule in DepthProbe.Rule.allCases {
      for name in names {
        let label = "first update by \(rule.rawValue)"
        figures.append(try .init("\(name): slope of the \(label)", overSeeds: slopes(name, by: rule)))
        let bySeed = try updates(name, by: rule)
        for (index, depth) in config.probedDepths.enumerated() {
          figures.append(try .init("\(name), \(depth) layers: \(label)", overSeeds: bySeed.map { $0[index] }))
        }
      }
    }
    return figures
  }

  private func charts() throws -> [Report.Block] {
    let series = try DeepNormRecipe.placements.map { name, _ in
      LineChart.Series(name, x: depths, y: try updates(name, by: .gradient).first ?? [])
    }
    return [
      .lineChart(
        LineChart(
          title: "Change of the last states in one step of gradient descent, first seed", xLabel: "layers",
          yLabel: "root mean square",
          series: series)),
      records.lossChart(DeepNormRecipe.placements.map { deepest($0.name) }),
    ]
  }
}
