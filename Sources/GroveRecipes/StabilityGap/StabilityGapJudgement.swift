import Foundation
import GroveCore
import GroveEval
import GroveReport

/// From the records of all arms and seeds to the outcome of each criterion.
struct StabilityGapJudgement {
  let recipe: StabilityGapRecipe
  let config: StabilityGapConfig
  /// Share of spoiled documents by text.
  let junk: [String: Double]
  let records: StreamRecords
  private var key: RandomKey { RandomKey(seed: 0).split("stability gap") }
  private let onePass = GapArm.name(.onePass, isRewarmed: true)

  init(recipe: StabilityGapRecipe, config: StabilityGapConfig, junk: [String: Double], records: StreamRecords) {
    self.recipe = recipe
    self.config = config
    self.junk = junk
    self.records = records
  }

  func findings() throws -> RecipeFindings {
    RecipeFindings(
      results: [
        try probes(), try dip("domain-dip", "domain score"), try dip("old-dip", "old score"),
        try remedy("subset", .subset), try remedy("best", .best), try remedy("mixture", .mixture), try shallower(),
      ],
      figures: try figures(), charts: try charts())
  }

  // MARK: Criteria

  private func probes() throws -> CriterionResult {
    let arms = records.records.filter { $0.arm != GapArm.base }
    let names = ["domain score", "old score", "copying score"]
    let isSameStart = try Dictionary(grouping: arms, by: \.seed).values.allSatisfy { arms in
      Set(try arms.map { arm in try names.map { try arm.list($0).first ?? .nan } }).count == 1
    }
    let passes = try arms.filter { $0.arm.hasPrefix(GapArm.Text.onePass.rawValue) }.map { try $0.figure("passes") }
    let (all, best) = (junk[config.domain] ?? .nan, junk[DomainSubsets.best] ?? .nan)
    let isMet = isSameStart && passes.allSatisfy { $0 <= 1 } && best <= all / 2
    return CriterionResult(
      recipe.criterion("probes"), isMet ? .met : .notMet,
      "scores at step 0 \(isSameStart ? "identical" : "different") in \(arms.count) runs; one pass reads "
        + String(
          format: "%.2f of the domain; spoiled: %.1f%% of the domain, %.1f%% of the random, %.1f%% of the best subset",
          passes.max() ?? .nan, 100 * all, 100 * (junk[DomainSubsets.random] ?? .nan), 100 * best))
  }

  /// The interval of a seed's dip, on documents that did not choose the checkpoint.
  private func dip(_ arm: StreamRecord, _ score: String) throws -> (step: Int, interval: Interval) {
    let steps = try earlySteps(arm)
    func half(_ step: Int, _ parity: Int) throws -> [Double] {
      let each = try arm.arm.list("\(score) at \(step)")
      return each.indices.filter { $0 % 2 == parity }.map { each[$0] }
    }
    let lowest = try steps.dropFirst().min {
      let (a, b) = (try half($0, 0), try half($1, 0))
      return GapProbe.Scores.mean(a) < GapProbe.Scores.mean(b)
    }
    guard let lowest, let first = steps.first else {
      throw GroveError(
        .argument, "dipShare", "no checkpoint lies in the first steps", remedy: "Give a larger share, or more steps.")
    }
    return (
      lowest,
      try Bootstrap(key: key.split(score).split(arm.seed)).pairedDifference(half(lowest, 1), half(first, 1))
    )
  }

  private func earlySteps(_ arm: StreamRecord) throws -> [Int] {
    try arm.arm.list("probed steps").filter { $0 <= config.dipShare * Double(config.pretraining.steps) }.map { Int($0) }
  }

  private func dip(_ id: String, _ score: String) throws -> CriterionResult {
    let dips = try records(onePass).map { try dip($0, score) }
    let words = dips.map { "\($0.interval) at step \($0.step)" }.joined(separator: "; ")
    let means = dips.map(\.interval.estimate)
    return CriterionResult(
      recipe.criterion(id), dips.allSatisfy { $0.interval.upper < 0 } ? .met : .notMet,
      "\(score) against step 0, by seed: \(words)", interval: means.count > 1 ? try .ofMean(means) : nil)
  }

  private func overSeeds(_ id: String, _ first: [Double], _ second: [Double], _ words: String) throws -> CriterionResult
  {
    let criterion = recipe.criterion(id)
    let each = zip(first, second).map { String(format: "%+.4f", $0 - $1) }.joined(separator: ", ")
    guard first.count > 1 else { return CriterionResult(criterion, .undecided, "one seed has no interval; \(each)") }
    let interval = try Interval.ofPairedDifference(first, second)
    return CriterionResult(
      criterion, interval.lower > 0 ? .met : .notMet, "\(words): \(interval); by seed \(each)", interval: interval)
  }

  private func ends(_ text: GapArm.Text, isRewarmed: Bool, _ score: String) throws -> [Double] {
    try records(GapArm.name(text, isRewarmed: isRewarmed)).map { try $0.arm.list(score).last ?? .nan }
  }

  private func remedy(_ id: String, _ text: GapArm.Text) throws -> CriterionResult {
    try overSeeds(
      id, ends(text, isRewarmed: true, "mean score"), ends(.onePass, isRewarmed: true, "mean score"),
      "mean score minus that of one pass")
  }

  /// How far the mean score falls below step 0 in the first steps; negative if it only rises.
  private func depths(_ text: GapArm.Text, isRewarmed: Bool) throws -> [Double] {
    try records(GapArm.name(text, isRewarmed: isRewarmed)).map { arm in
      let scores = try arm.arm.list("mean score")
      let early = scores.prefix(try earlySteps(arm).count).dropFirst()
      return (scores.first ?? .nan) - (early.min() ?? .nan)
    }
  }

  private func shallower() throws -> CriterionResult {
    try overSeeds(
      "shallower", depths(.onePass, isRewarmed: true), depths(.mixture, isRewarmed: true),
      "depth of one pass minus that of the mixture")
  }

  // MARK: What else a reader wants to see

  private func figures() throws -> [RecipeFindings.Figure] {
    let first = try records(onePass).map { try $0.arm.list("mean score").first ?? .nan }
    var figures = [try RecipeFindings.Figure("base: mean score", overSeeds: first)]
    for arm in GapArm.all {
      for score in ["mean score", "domain score", "old score", "copying score"] {
        figures.append(
          try .init("\(arm.name): \(score)", overSeeds: ends(arm.text, isRewarmed: arm.isRewarmed, score)))
      }
      figures.append(
        try .init("\(arm.name): dip of the mean score", overSeeds: depths(arm.text, isRewarmed: arm.isRewarmed)))
      figures.append(
        try .init(
          "\(arm.name): bits per byte, \(config.domain)",
          overSeeds: records(arm.name).map { try $0.bitsPerByte(config.domain) }))
    }
    return figures
  }

  private func charts() throws -> [Report.Block] {
    try ["domain score", "old score", "mean score"].map { score in
      let series = try GapArm.all.compactMap { arm -> LineChart.Series? in
        guard let first = records(arm.name).first else { return nil }
        return LineChart.Series(arm.name, x: try first.arm.list("probed steps"), y: try first.arm.list(score))
      }
      return .lineChart(
        LineChart(
          title: "\(score.prefix(1).uppercased() + score.dropFirst()), first seed", xLabel: "step of the continuation",
          yLabel: "share of right tokens", series: series))
    }
  }
}
