import Foundation
import GroveCore
import GroveEval
import GroveReport

/// From the records of all arms and seeds to the outcome of each criterion.
struct CriticalMixtureJudgement {
  let recipe: CriticalMixtureRecipe
  let config: CriticalMixtureConfig
  let records: StreamRecords
  private let cells: [MixtureCell]
  private let bootstrap: Bootstrap

  init(recipe: CriticalMixtureRecipe, config: CriticalMixtureConfig, records: StreamRecords) throws {
    self.recipe = recipe
    self.config = config
    self.records = records
    let places = config.sizes.flatMap { size in config.domains.map { (size, $0) } }
    let curves = try places.map { try MixtureCurves(records, $0.0, domain: $0.1, config) }
    let variances = try curves.map { pow(try $0.seedDeviation(at: 1), 2) }
    let tolerance = max(config.tolerance, 3 * (try Statistics.mean(variances)).squareRoot())
    cells = zip(places, curves).map { MixtureCell($0.0, $0.1, $1, tolerance: tolerance) }
    bootstrap = try Bootstrap(key: RandomKey(seed: 0).split("critical mixture"))
  }

  func findings() throws -> RecipeFindings {
    RecipeFindings(
      results: [
        try mixtures(), try fits(), try leaveOneOut(), try nearOverFar(), try rises(), try size(), try twice(),
      ],
      figures: try figures(), charts: try charts())
  }

  private func cell(_ size: ModelSize, _ domain: String) -> MixtureCell {
    guard let found = cells.first(where: { $0.size == size && $0.domain == domain }) else {
      preconditionFailure("no cell of \(size.name) and \(domain)")
    }
    return found
  }

  // MARK: Criteria

  private func mixtures() throws -> CriterionResult {
    let arms = CriticalMixtureArm.all(config)
    let errors = try arms.flatMap { arm in
      try records(arm.name).map { abs(try $0.arm.figure("read share") - arm.ratio) }
    }
    let rates = try records.records.map { try $0.figure("rate error") }.max() ?? .infinity
    let largest = errors.max() ?? .infinity
    return result(
      "mixtures", largest <= 0.005 && rates <= 1e-9,
      String(format: "%d runs: shares differ by %.4f at most; largest relative error of a rate ", errors.count, largest)
        + String(format: "%.1g", rates))
  }

  private func fits() throws -> CriterionResult {
    let rows = try cells.flatMap { cell in
      try cell.determinations().map { ("\(cell.name) \(short($0.ratio))", $0.general, $0.domain) }
    }
    let found = rows.flatMap { [("\($0.0) general", $0.1), ("\($0.0) domain", $0.2)] }.sorted { $0.1 < $1.1 }
    let worst = found.prefix(4).map { String(format: "\($0.0): %.3f", $0.1) }.joined(separator: "; ")
    let (general, domain) = (rows.count { $0.1 >= 0.95 }, rows.count { $0.2 >= 0.95 })
    return result(
      "fits", general + domain == found.count,
      "of \(rows.count) fits each, \(domain) of the domain loss and \(general) of the general loss reach 0.95; the worst: "
        + worst)
  }

  private func leaveOneOut() throws -> CriterionResult {
    let errors = try cells.map { try $0.leaveOneOut() }
    let words = zip(cells, errors).map {
      String(format: "\($0.name): general %.2f%%, domain %.2f%%", 100 * $1.general, 100 * $1.domain)
    }
    return result(
      "leave-one-out", errors.allSatisfy { max($0.general, $0.domain) <= 0.02 }, words.joined(separator: "; "))
  }

  /// How often resampled seeds say that a difference is above 0; 0 for a resample whose laws cannot be fitted.
  private func probability(_ difference: ([Int]) throws -> Double) -> Double {
    bootstrap.probability(count: config.pretraining.seeds) { seeds in
      guard let value = try? difference(seeds) else { return false }
      return value > 0
    }
  }

  private func compared(
    _ id: String, _ pairs: [(words: String, isBound: Bool, difference: ([Int]) throws -> Double)]
  ) throws -> CriterionResult {
    guard config.pretraining.seeds > 1, !pairs.isEmpty else {
      return CriterionResult(
        recipe.criterion(id), .undecided, pairs.isEmpty ? "there is only one size" : "one seed has no probability")
    }
    let found = pairs.map { probability($0.difference) }
    let words = zip(pairs, found).map { String(format: "\($0.words), probability %.3f", $1) }.joined(separator: "; ")
    let isMet = found.allSatisfy { $0 >= 0.9 }
    // Two ratios that both lie beyond the largest that was tried cannot be compared.
    let isBound = zip(pairs, found).contains { $0.isBound && $1 < 0.9 }
    return CriterionResult(recipe.criterion(id), isMet ? .met : isBound ? .undecided : .notMet, words)
  }

  private func nearOverFar() throws -> CriterionResult {
    try compared(
      "near-over-far",
      config.sizes.map { size in
        let (near, far) = (cell(size, config.near), cell(size, config.far))
        let (a, b) = (try near.ratio(), try far.ratio())
        return (
          "\(size.name): near \(text(a)), far \(text(b))", a.isBound && b.isBound,
          { try near.ratio(of: $0).value - far.ratio(of: $0).value }
        )
      })
  }

  private func rises() throws -> CriterionResult {
    try compared(
      "rises",
      cells.map { cell in
        let (half, end) = (try cell.ratio(at: 0.5), try cell.ratio())
        return (
          "\(cell.name): \(text(half)) at half of T, \(text(end)) at T", half.isBound && end.isBound,
          { try cell.ratio(of: $0).value - cell.ratio(at: 0.5, of: $0).value }
        )
      })
  }

  private func size() throws -> CriterionResult {
    try compared(
      "size",
      config.domains.flatMap { domain in
        try zip(config.sizes, config.sizes.dropFirst()).map { small, large in
          let (small, large) = (cell(small, domain), cell(large, domain))
          let (a, b) = (try small.ratio(), try large.ratio())
          return (
            "\(domain): \(small.size.name) \(text(a)), \(large.size.name) \(text(b))", a.isBound && b.isBound,
            { try large.ratio(of: $0).value - small.ratio(of: $0).value }
          )
        }
      })
  }

  private func twice() throws -> CriterionResult {
    var (isMet, isDecided, words) = (true, true, [String]())
    for cell in cells {
      let found = try cell.ratioAtTwice()
      guard let law = try cell.ratioLaw() else {
        isDecided = false
        words.append("\(cell.name): no law, the ratio does not move up to T; \(text(found)) found")
        continue
      }
      let predicted = law.value(at: 2)
      if abs(predicted - found.value) > 0.05 { isMet = false }
      words.append(String(format: "\(cell.name): %.3f predicted, ", predicted) + "\(text(found)) found")
    }
    return CriterionResult(
      recipe.criterion("extrapolation"), isMet && isDecided ? .met : isMet ? .undecided : .notMet,
      words.joined(separator: "; "))
  }

  private func result(_ id: String, _ isMet: Bool, _ evidence: String) -> CriterionResult {
    CriterionResult(recipe.criterion(id), isMet ? .met : .notMet, evidence)
  }

  private func text(_ ratio: CriticalRatio) -> String {
    (ratio.isBound ? "at least " : "") + String(format: "%.3f", ratio.value)
  }

  private func short(_ ratio: Double) -> String { String(format: "%g", ratio) }

  // MARK: What else a reader wants to see

  private func figures() throws -> [RecipeFindings.Figure] {
    var figures = [RecipeFindings.Figure("tolerance, nats a token", cells.first?.tolerance ?? .nan)]
    for cell in cells {
      figures.append(.init("\(cell.name): base on general text, nats a token", cell.curves.start.general))
      figures.append(.init("\(cell.name): base on the domain, nats a token", cell.curves.start.domain))
      figures.append(.init("\(cell.name): critical ratio at T", try cell.ratio().value))
      figures.append(.init("\(cell.name): critical ratio at 2T", try cell.ratioAtTwice().value))
      if let law = try cell.ratioLaw() {
        figures.append(.init("\(cell.name): law of the ratio, coefficient", law.terms[0].coefficient))
        figures.append(.init("\(cell.name): law of the ratio, exponent", law.terms[0].exponent))
        figures.append(.init("\(cell.name): law of the ratio, constant", law.offset))
      }
      let last = cell.curves.times.lastIndex { $0 <= 1 } ?? 0
      for (index, ratio) in cell.curves.ratios.enumerated() {
        let name = "\(cell.name) \(short(ratio)): change at T of the"
        figures.append(try .init("\(name) general loss", overSeeds: cell.curves.general.map { $0[index][last] }))
        figures.append(try .init("\(name) domain loss", overSeeds: cell.curves.domain.map { $0[index][last] }))
      }
    }
    return figures
  }

  private func charts() throws -> [Report.Block] {
    let ratios = try cells.map { cell in
      let (times, ratios) = try cell.ratiosOverTime()
      return LineChart.Series(cell.name, x: times, y: ratios)
    }
    var blocks: [Report.Block] = [
      .lineChart(
        LineChart(
          title: "Critical ratio over tokens", xLabel: "tokens, in units of T", yLabel: "share of the new domain",
          series: ratios))
    ]
    for cell in cells {
      let mean = MixtureCurves.mean(cell.curves.general, Array(cell.curves.general.indices))
      let laws = try cell.laws(until: 2)
      let series = cell.curves.ratios.indices.flatMap { index in
        let points = cell.curves.points(mean[index], until: 2)
        let label = short(cell.curves.ratios[index])
        return [
          LineChart.Series(label, x: points.times, y: points.losses, style: .points),
          LineChart.Series("\(label), law", x: points.times, y: points.times.map { laws.general[index].value(at: $0) }),
        ]
      }
      blocks.append(
        .lineChart(
          LineChart(
            title: "\(cell.name): general loss by share of the domain", xLabel: "tokens, in units of T",
            yLabel: "change in nats a token", series: series)))
    }
    return blocks
  }
}
