import Foundation
import GroveCore
import GroveEval
import GroveReport

/// From the records of all sizes and seeds to the outcome of each criterion.
struct PythiaJudgement {
  let recipe: PythiaRecipe
  let config: PythiaConfig
  let data: PythiaData
  let records: [ArmRecord]

  private func arms(_ size: PythiaSize?) -> [ArmRecord] { records.filter { $0.arm == size?.name } }
  private var largest: [ArmRecord] { arms(config.sizes.last) }
  private var smallest: [ArmRecord] { arms(config.sizes.first) }
  private let key = RandomKey(seed: 0).split("pythia")

  init(recipe: PythiaRecipe, config: PythiaConfig, data: PythiaData, records: [ArmRecord]) {
    self.recipe = recipe
    self.config = config
    self.data = data
    self.records = records
  }

  func findings() throws -> RecipeFindings {
    RecipeFindings(
      results: [try batches(), try poisson(), try trend(), try frequency(), try frequencyGrows()],
      figures: try figures(), charts: try charts())
  }

  // MARK: Criteria

  private func batches() throws -> CriterionResult {
    let trained = config.sizes.flatMap { arms($0) }
    let bySeed = Dictionary(grouping: trained, by: \.seed)
    let sameBatches = try bySeed.values.allSatisfy { Set(try $0.map { try $0.list("batches") }).count == 1 }
    let restarted = records.filter { record in config.sizes.allSatisfy { $0.name != record.arm } }
    let sameAfterRestart = try restarted.allSatisfy { record in
      let straight = smallest.first { $0.seed == record.seed }
      return try straight?.list("batches") == record.list("batches")
        && straight?.figure("weights") == record.figure("weights")
    }
    let difference = try records.map { try $0.figure("largest loss difference") }.max() ?? .infinity
    let isMet = sameBatches && sameAfterRestart && !restarted.isEmpty && difference <= 0.001
    let steps = try trained.first?.list("batches").count ?? 0
    return CriterionResult(
      recipe.criterion("batches"), isMet ? .met : .notMet,
      "\(steps) steps of \(trained.count) runs: \(sameBatches ? "identical" : "different") across sizes, "
        + "\(sameAfterRestart ? "identical" : "different") after a restart; largest difference of a loss "
        + String(format: "%.2g nats", difference))
  }

  private func poisson() throws -> CriterionResult {
    let criterion = recipe.criterion("poisson")
    let counts = try largest.map { try $0.list("memorised").map { Int($0) } }
    let fewest = counts.map { $0.reduce(0, +) }.min() ?? 0
    guard fewest >= config.bins else {
      return CriterionResult(
        criterion, .undecided, "a seed has only \(fewest) memorised sequences for \(config.bins) bins")
    }
    let tests = try counts.map { try HypothesisTest.dispersion($0) }
    let mean = try Statistics.mean(tests.map(\.statistic))
    let each = tests.map { String(format: "%.2f (p %.2f)", $0.statistic, $0.pValue) }.joined(separator: ", ")
    let interval = tests.count > 1 ? try Interval.ofMean(tests.map(\.statistic)) : nil
    return CriterionResult(
      criterion, (0.7...1.4).contains(mean) ? .met : .notMet,
      String(format: "mean index %.3f; by seed ", mean) + each + "; memorised \(counts.map { $0.reduce(0, +) })",
      interval: interval)
  }

  private func trend() throws -> CriterionResult {
    let criterion = recipe.criterion("no-trend")
    let counts = PythiaJudgement.sums(try largest.map { try $0.list("memorised") })
    let totals = PythiaJudgement.sums(try largest.map { try $0.list("sequences") })
    let places = counts.indices.map { Double($0) }
    guard counts.contains(where: { $0 > 0 }) else {
      return CriterionResult(criterion, .undecided, "nothing was memorised")
    }
    let trend = try LinearTrend(places, counts)
    let power = try PythiaJudgement.power(counts, totals, key: key.split("power"))
    let evidence =
      String(format: "p %.3f; slope ", trend.test.pValue) + trend.slope.description
      + " sequences a bin; power against a doubling \(power)"
    if trend.test.pValue <= 0.05 { return CriterionResult(criterion, .notMet, evidence, interval: trend.slope) }
    return CriterionResult(
      criterion, power.estimate >= 0.8 ? .met : .undecided,
      evidence + (power.estimate >= 0.8 ? "" : ": the test is underpowered, so its silence says nothing"),
      interval: trend.slope)
  }

  /// How often the test finds a rate that doubles from the first bin to the last, with the same mean.
  static func power(_ counts: [Double], _ totals: [Double], key: RandomKey) throws -> Interval {
    let rate = counts.reduce(0, +) / totals.reduce(0, +)
    let places = counts.indices.map { Double($0) }
    return try Power.simulate(key: key) { generator in
      let drawn = totals.indices.map { bin -> Double in
        let share = rate * (2 / 3.0 + 2 / 3.0 * Double(bin) / Double(totals.count - 1))
        return Double((0..<Int(totals[bin])).count { _ in generator.uniform() < share })
      }
      return try LinearTrend(places, drawn).test.pValue
    }
  }

  private func frequency() throws -> CriterionResult {
    let values = try largest.map { try $0.figure("correlation") }
    return CriterionResult(
      recipe.criterion("frequency"), values.allSatisfy { $0 > 0.3 } ? .met : .notMet,
      "by seed " + values.map { String(format: "%.3f", $0) }.joined(separator: ", "),
      interval: values.count > 1 ? try Interval.ofMean(values) : nil)
  }

  private func frequencyGrows() throws -> CriterionResult {
    let criterion = recipe.criterion("frequency-grows")
    let counts = data.arithmetic.operands.map { Double($0.lines) }
    let pairs = try zip(largest, smallest).map { (try $0.list("accuracy"), try $1.list("accuracy")) }
    func difference(_ pair: ([Double], [Double]), _ chosen: [Int]) -> Double {
      let x = chosen.map { counts[$0] }
      return RankCorrelation.spearman(x, chosen.map { pair.0[$0] })
        - RankCorrelation.spearman(x, chosen.map { pair.1[$0] })
    }
    let interval = try Bootstrap(key: key.split("operands")).interval(count: counts.count) { chosen in
      pairs.reduce(0) { $0 + difference($1, chosen) } / Double(pairs.count)
    }
    let bySeed = pairs.map { difference($0, Array(counts.indices)) }
    let isMet = interval.lower > 0 && bySeed.allSatisfy { $0 > 0 }
    return CriterionResult(
      criterion, isMet ? .met : .notMet,
      "difference \(interval); by seed " + bySeed.map { String(format: "%.3f", $0) }.joined(separator: ", "),
      interval: interval)
  }

  private static func sums(_ lists: [[Double]]) -> [Double] {
    guard let first = lists.first else { return [] }
    return first.indices.map { index in lists.reduce(0) { $0 + $1[index] } }
  }

  // MARK: What else a reader wants to see

  private func figures() throws -> [RecipeFindings.Figure] {
    try config.sizes.flatMap { size in
      try ["final loss", "memorised share", "accuracy", "correlation"].map { name in
        try RecipeFindings.Figure(
          "\(size.name) \(name)", overSeeds: arms(size).map { try $0.figure(name) })
      }
    }
  }

  private func charts() throws -> [Report.Block] {
    let bins = (0..<config.bins).map { Double($0 + 1) }
    func curve(_ name: String) throws -> [LineChart.Series] {
      try config.sizes.compactMap { size in
        guard let arm = arms(size).first else { return nil }
        return LineChart.Series(
          size.name, x: try arm.list("checkpoints"), y: try arm.list(name), style: .lineAndPoints)
      }
    }
    let memorised = try config.sizes.map { size in
      LineChart.Series(size.name, x: bins, y: PythiaJudgement.sums(try arms(size).map { try $0.list("memorised") }))
    }
    return [
      .lineChart(
        LineChart(
          title: "Memorised sequences by place in the last pass", xLabel: "bin", yLabel: "sequences, all seeds",
          series: memorised)),
      .lineChart(
        LineChart(
          title: "Arithmetic over training, first seed", xLabel: "step", yLabel: "share of right answers",
          series: try curve("accuracy by checkpoint"))),
      .lineChart(
        LineChart(
          title: "Count of an operand against its accuracy, first seed", xLabel: "step",
          yLabel: "Spearman's correlation", series: try curve("correlation by checkpoint"))),
    ]
  }
}
