import Foundation
import GroveCore
import GroveEval
import GroveReport

/// From the records of all arms and seeds to the outcome of each criterion.
struct RewarmJudgement {
  let recipe: RewarmRecipe
  let config: RewarmConfig
  let records: StreamRecords
  private var settings: ContinuedPretrainingConfig { config.pretraining }
  private var streams: [String] { [config.upstream, config.downstream] }
  private var key: RandomKey { RandomKey(seed: 0).split("rewarm") }

  func findings() throws -> RecipeFindings {
    RecipeFindings(
      results: [
        try schedules(), try spike("spike", RewarmArm.rewarmed, on: streams),
        try spike("spike-without-shift", RewarmArm.sameText, on: [config.upstream]),
        try beats("beats-constant", RewarmArm.constant), try beats("beats-scratch", RewarmArm.scratch),
        try warmupLength(), try tradeOff(),
      ],
      figures: try figures(), charts: try charts())
  }

  // MARK: Criteria

  private func schedules() throws -> CriterionResult {
    let arms = records.records
    let error = try arms.map { try $0.figure("rate error") }.max() ?? .infinity
    let goingOn = RewarmArm.all(config).filter { !$0.isFromScratch && !$0.staysUpstream }.map(\.name)
    let bySeed = Dictionary(grouping: arms.filter { goingOn.contains($0.arm) }, by: \.seed)
    let isSameStart = try bySeed.values.allSatisfy { Set(try $0.map { try $0.figure("first loss") }).count == 1 }
    let base = RewarmArm.base(config, seed: 0)
    let last = base.rate(base.steps - 1, settings) / settings.learningRate
    let isDown = last < settings.floorShare * 1.1
    return CriterionResult(
      recipe.criterion("schedules"), error <= 1e-9 && isSameStart && isDown ? .met : .notMet,
      "\(arms.count) runs: largest relative error of a rate \(String(format: "%.1g", error)); first losses "
        + "\(isSameStart ? "identical" : "different") in \(goingOn.count) arms of each seed; the base ends at "
        + String(format: "%.3f of its peak", last))
  }

  /// Of an arm's seeds, how far the first steps exceed the base's end.
  private func excesses(_ arm: String, on stream: String) throws -> [Double] {
    try records.pairs(arm, RewarmArm.base).map { record, base in
      let start = try base.curve(stream).last?.bitsPerByte ?? .nan
      return try record.excess(stream, within: Int(config.spikeShare * Double(settings.steps)), over: start)
    }
  }

  private func spike(_ id: String, _ arm: String, on streams: [String]) throws -> CriterionResult {
    let found = try streams.map { try excesses(arm, on: $0) }
    let words = zip(streams, found).map { stream, values in
      "\(stream) " + values.map { String(format: "%+.2f%%", 100 * $0) }.joined(separator: ", ")
    }
    return CriterionResult(
      recipe.criterion(id), found.joined().allSatisfy { $0 > 0.005 } ? .met : .notMet,
      "highest loss of the first steps against the base, by seed: \(words.joined(separator: "; "))")
  }

  private func beats(_ id: String, _ other: String) throws -> CriterionResult {
    let intervals = try differences(RewarmArm.rewarmed, other, on: config.downstream)
    return CriterionResult(
      recipe.criterion(id), intervals.allSatisfy { $0.upper < 0 } ? .met : .notMet,
      "bits per byte against \(other), by seed: \(intervals.map(\.description).joined(separator: "; "))",
      interval: intervals.count > 1 ? try .ofMean(intervals.map(\.estimate)) : nil)
  }

  private func differences(_ first: String, _ second: String, on stream: String) throws -> [Interval] {
    try records.pairs(first, second).map { a, b in
      try a.difference(from: b, on: stream, key: key.split(first).split(second).split(a.seed))
    }
  }

  private func ends(_ arm: String, on stream: String) throws -> [Double] {
    try records(arm).map { try $0.bitsPerByte(stream) }
  }

  private func warmupLength() throws -> CriterionResult {
    let criterion = recipe.criterion("warmup-length")
    let shares = config.warmupShares.filter { $0 > 0 }
    let means = try shares.map { share in
      try Statistics.mean(ends(RewarmArm.warmup(share, config), on: config.downstream))
    }
    let own = try ends(RewarmArm.rewarmed, on: config.downstream)
    let spread = (means.max() ?? .nan) - (means.min() ?? .nan)
    let words = zip(shares, means).map { String(format: "%g%%: %.4f", 100 * $0, $1) }.joined(separator: ", ")
    guard shares.count > 1, own.count > 1 else {
      return CriterionResult(criterion, .undecided, "one seed has no deviation; \(words)")
    }
    let deviation = try Statistics.sampleDeviation(own)
    let limit = max(deviation, 0.005 * (try Statistics.mean(own)))
    return CriterionResult(
      criterion, spread < limit ? .met : .notMet,
      words + String(format: "; spread %.4f, deviation over seeds %.4f, limit %.4f", spread, deviation, limit))
  }

  private func tradeOff() throws -> CriterionResult {
    let peaks = config.peaks.sorted()
    let correlations = try streams.map { stream in
      let byPeak = try peaks.map { try ends(RewarmArm.peak($0), on: stream) }
      return (0..<settings.seeds).map { seed in RankCorrelation.spearman(peaks, byPeak.map { $0[seed] }) }
    }
    let words = try zip(streams, correlations).map { stream, values in
      let means = try peaks.map { try Statistics.mean(ends(RewarmArm.peak($0), on: stream)) }
      return "\(stream) " + zip(peaks, means).map { String(format: "%g: %.4f", $0, $1) }.joined(separator: ", ")
        + ", correlation " + values.map { String(format: "%+.1f", $0) }.joined(separator: ", ")
    }
    let isMet = correlations[0].allSatisfy { $0 > 0 } && correlations[1].allSatisfy { $0 < 0 }
    return CriterionResult(
      recipe.criterion("trade-off"), isMet ? .met : .notMet, "mean over seeds by peak: \(words.joined(separator: "; "))"
    )
  }

  // MARK: What else a reader wants to see

  private func figures() throws -> [RecipeFindings.Figure] {
    let names = [RewarmArm.base] + RewarmArm.all(config).map(\.name)
    var figures = try names.flatMap { arm in
      try streams.map { try RecipeFindings.Figure("\(arm): \($0)", overSeeds: ends(arm, on: $0)) }
    }
    for length in config.lengths.sorted() {
      let intervals = try differences(
        RewarmArm.rewarmed(length: length), RewarmArm.scratch(length: length), on: config.downstream)
      figures.append(
        try .init("re-warmed minus scratch, \(length)x, \(config.downstream)", overSeeds: intervals.map(\.estimate)))
    }
    return figures
  }

  private func charts() throws -> [Report.Block] {
    let peaks = config.peaks.sorted().map { (RewarmArm.peak($0), String(format: "peak × %g", $0)) }
    let shown = peaks + [(RewarmArm.constant, "constant"), (RewarmArm.scratch, "from scratch")]
    return try streams.map { stream in
      let series = try shown.compactMap { arm, label -> LineChart.Series? in
        guard let first = records(arm).first else { return nil }
        let curve = try first.curve(stream)
        return LineChart.Series(label, x: curve.map { Double($0.step) }, y: curve.map(\.bitsPerByte))
      }
      return .lineChart(
        LineChart(
          title: "Held-out loss on the text \(stream), first seed", xLabel: "step of the continuation",
          yLabel: "bits per byte", series: series))
    }
  }
}
