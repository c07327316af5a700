import Foundation
import GroveCore
import GroveEval
import GroveReport

/// From the records of all arms and seeds to the outcome of each criterion.
struct DropAndRescaleJudgement {
  let recipe: DropAndRescaleRecipe
  let config: DropAndRescaleConfig
  let records: StreamRecords
  private var key: RandomKey { RandomKey(seed: 0).split("dare") }
  private var large: ModelSize { config.largest }
  private var judged: String { DropAndRescaleArms.label(.density, config.judgedRate) }

  init(recipe: DropAndRescaleRecipe, config: DropAndRescaleConfig, records: [ArmRecord]) {
    self.recipe = recipe
    self.config = config
    self.records = StreamRecords(records: records)
  }

  func findings() throws -> RecipeFindings {
    RecipeFindings(
      results: [
        try deltas(), try skills(), try keeps(), try rescale(), try weights(), try merge(), try continued(), try size(),
      ],
      figures: try figures(), charts: try charts())
  }

  // MARK: What is compared

  private func tuned(_ size: ModelSize, _ task: InstructionTask) -> [ArmRecord] {
    records(DropAndRescaleArms.tuned(size, task)).map(\.arm)
  }

  /// By seed, the mean over tasks of a figure of the tuned models.
  private func overTasks(_ size: ModelSize, _ name: String) throws -> [Double] {
    let values = try config.tasks.map { try tuned(size, $0).map { try $0.figure(name) } }
    return values[0].indices.map { seed in values.reduce(0) { $0 + $1[seed] } / Double(values.count) }
  }

  /// By seed, the values of all test items of all tasks.
  private func items(_ name: String) throws -> [[Double]] {
    let values = try config.tasks.map { try tuned(large, $0).map { try $0.list(name) } }
    return values[0].indices.map { seed in values.flatMap { $0[seed] } }
  }

  /// By seed, the difference of two variants over the test items of the largest size.
  private func differences(_ first: String, _ second: String) throws -> [Interval] {
    try zip(items(first), items(second)).enumerated().map { seed, pair in
      try Bootstrap(key: key.split(first).split(second).split(seed)).pairedDifference(pair.0, pair.1)
    }
  }

  /// By seed, the share of what was gained over the base that is left after dropping, mean over tasks.
  private func retained(_ size: ModelSize, _ name: String) throws -> [Double] {
    let (base, tuned, dropped) = (
      try overTasks(size, "base"), try overTasks(size, "tuned"), try overTasks(size, name)
    )
    return base.indices.map { (dropped[$0] - base[$0]) / (tuned[$0] - base[$0]) }
  }

  /// By seed, the share of what the continuation gained in bits per byte that is left.
  private func retainedByContinuation(_ size: ModelSize, _ name: String) throws -> [Double] {
    try records.pairs(DropAndRescaleArms.continued(size), DropAndRescaleArms.base(size)).map { continued, base in
      let (start, end) = (try base.bitsPerByte(config.other), try continued.bitsPerByte(config.other))
      return (start - (try continued.arm.figure(name))) / (start - end)
    }
  }

  // MARK: Criteria

  private func deltas() throws -> CriterionResult {
    let names = config.sizes.flatMap { size in
      config.tasks.map { DropAndRescaleArms.tuned(size, $0) } + [DropAndRescaleArms.continued(size)]
    }
    let arms = names.flatMap { records($0).map(\.arm) }
    let shares = try arms.map { abs(try $0.figure("dropped share") - config.judgedRate) }
    let magnitudes = try arms.map { abs(try $0.figure("magnitude left") - 1) }
    let (share, magnitude) = (shares.max() ?? .infinity, magnitudes.max() ?? .infinity)
    return CriterionResult(
      recipe.criterion("deltas"), share <= 0.01 && magnitude <= 0.1 ? .met : .notMet,
      String(
        format: "%d models: dropped shares differ by %.4f at most, mean magnitudes by %.1f%%", arms.count, share,
        100 * magnitude))
  }

  private func skills() throws -> CriterionResult {
    let rows = try config.tasks.map { task in
      let arms = tuned(large, task)
      return (task, try arms.map { try $0.figure("base") }, try arms.map { try $0.figure("tuned") })
    }
    let isMet = rows.allSatisfy { $0.1.allSatisfy { $0 <= 0.2 } && $0.2.allSatisfy { $0 >= 0.8 } }
    let words = rows.map { "\($0.0.rawValue) \(percents($0.1)) to \(percents($0.2))" }
    return CriterionResult(recipe.criterion("skills"), isMet ? .met : .notMet, words.joined(separator: "; "))
  }

  private func keeps() throws -> CriterionResult {
    let (before, after) = (try overTasks(large, "tuned"), try overTasks(large, judged))
    let losses = zip(before, after).map { $0 - $1 }
    return CriterionResult(
      recipe.criterion("keeps"), losses.allSatisfy { $0 <= 0.03 } ? .met : .notMet,
      "tuned \(percents(before)), after dropping \(percents(after))",
      interval: losses.count > 1 ? try .ofMean(losses) : nil)
  }

  private func inEverySeed(_ id: String, _ intervals: [Interval]) throws -> CriterionResult {
    let words = intervals.map(\.description).joined(separator: "; ")
    let means = intervals.map(\.estimate)
    return CriterionResult(
      recipe.criterion(id), intervals.allSatisfy { $0.lower > 0 } ? .met : .notMet, "by seed: \(words)",
      interval: means.count > 1 ? try .ofMean(means) : nil)
  }

  private func rescale() throws -> CriterionResult {
    try inEverySeed("rescale", differences(judged, DropAndRescaleArms.label(.none, config.judgedRate)))
  }

  private func weights() throws -> CriterionResult { try inEverySeed("weights", differences(judged, "weights")) }

  private func merge() throws -> CriterionResult {
    let arms = records(DropAndRescaleArms.merged(large)).map(\.arm)
    let dare = try arms.flatMap { try $0.list(String(format: "dare %g", config.mergedRate)) }
    let sum = try arms.flatMap { try $0.list("sum") }
    let interval = try Bootstrap(key: key.split("merge")).pairedDifference(dare, sum)
    return CriterionResult(
      recipe.criterion("merge"), interval.lower > -0.01 ? .met : .notMet,
      String(
        format: "with %.1f%%, without %.1f%%; difference ", 100 * DropAndRescaleArms.mean(dare),
        100 * DropAndRescaleArms.mean(sum)) + interval.description, interval: interval)
  }

  private func overSeeds(_ id: String, _ first: [Double], _ second: [Double], _ names: (String, String)) throws
    -> CriterionResult
  {
    let criterion = recipe.criterion(id)
    let words = "\(names.0) \(percents(first)), \(names.1) \(percents(second))"
    guard first.count > 1, (first + second).allSatisfy(\.isFinite) else {
      return CriterionResult(criterion, .undecided, "one seed, or no gain to keep: \(words)")
    }
    let interval = try Interval.ofPairedDifference(first, second)
    return CriterionResult(
      criterion, interval.lower > 0 ? .met : .notMet, "\(words); difference \(interval)", interval: interval)
  }

  private func continued() throws -> CriterionResult {
    try overSeeds(
      "continued", retained(large, judged), retainedByContinuation(large, judged), ("tuned", "continued"))
  }

  private func size() throws -> CriterionResult {
    func mean(_ size: ModelSize) throws -> [Double] {
      let rows = try config.dropRates.map { try retained(size, DropAndRescaleArms.label(.density, $0)) }
      return rows[0].indices.map { seed in rows.reduce(0) { $0 + $1[seed] } / Double(rows.count) }
    }
    guard config.sizes.count > 1 else {
      return CriterionResult(recipe.criterion("size"), .undecided, "there is only one size")
    }
    return try overSeeds("size", mean(large), mean(config.sizes[0]), (large.name, config.sizes[0].name))
  }

  private func percents(_ values: [Double]) -> String {
    values.map { String(format: "%.1f%%", 100 * $0) }.joined(separator: ", ")
  }

  // MARK: What else a reader wants to see

  private var variants: [String] {
    ["base", "tuned", "weights"]
      + config.dropRates.flatMap { rate in
        [DropAndRescaleArms.label(.density, rate), DropAndRescaleArms.label(.none, rate)]
      }
  }

  private func figures() throws -> [RecipeFindings.Figure] {
    try config.sizes.flatMap { size in
      var figures = try variants.map {
        try RecipeFindings.Figure("\(size.name): accuracy, \($0)", overSeeds: overTasks(size, $0))
      }
      figures.append(try .init("\(size.name): mean |delta|, tuned", overSeeds: overTasks(size, "delta")))
      figures.append(
        try .init("\(size.name): |delta| / |base|, tuned", overSeeds: overTasks(size, "relative delta")))
      let continued = records(DropAndRescaleArms.continued(size)).map(\.arm)
      for name in ["delta", "relative delta"] {
        figures.append(try .init("\(size.name): \(name), continued", overSeeds: continued.map { try $0.figure(name) }))
      }
      for rate in config.dropRates {
        let name = DropAndRescaleArms.label(.density, rate)
        figures.append(try .init("\(size.name): gain left, tuned, \(name)", overSeeds: retained(size, name)))
        figures.append(
          try .init("\(size.name): gain left, continued, \(name)", overSeeds: retainedByContinuation(size, name)))
      }
      let merged = records(DropAndRescaleArms.merged(size)).map(\.arm)
      for name in (merged.first?.series.keys.sorted() ?? []) {
        figures.append(
          try .init("\(size.name): two tasks merged, \(name)", overSeeds: merged.map { try $0.figure(name) }))
      }
      return figures
    }
  }

  private func charts() throws -> [Report.Block] {
    let series = try config.sizes.flatMap { size in
      try ["rescaled", "plain"].map { kind in
        let points = try config.dropRates.sorted().map { rate in
          LineChart.Point(
            x: rate, y: DropAndRescaleArms.mean(try overTasks(size, String(format: "\(kind) %g", rate))))
        }
        let start = LineChart.Point(x: 0, y: DropAndRescaleArms.mean(try overTasks(size, "tuned")))
        return LineChart.Series("\(size.name), \(kind)", [start] + points, style: .lineAndPoints)
      }
    }
    return [
      .lineChart(
        LineChart(
          title: "Accuracy after dropping", xLabel: "share of the task vector that is dropped", yLabel: "right answers",
          series: series))
    ]
  }
}
