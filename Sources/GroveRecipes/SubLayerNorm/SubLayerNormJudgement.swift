import Foundation
import GroveCore
import GroveEval
import GroveModel
import GroveReport

/// From the records of all arms and seeds to the outcome of each criterion.
struct SubLayerNormJudgement {
  let recipe: SubLayerNormRecipe
  let config: SubLayerNormConfig
  let records: ComparisonRecords
  /// What counts of single bytes give on the held-out text.
  let unigramNats: Double
  let firstSeed: Int
  private typealias Arm = SubLayerNormArm
  private typealias Domain = SubLayerNormArm.Domain
  private typealias Norms = SubLayerNormArm.Norms

  func findings() throws -> RecipeFindings {
    RecipeFindings(
      results: [
        try initialWeights(), try innerNorms(), try stableRate(), try notWorse(), try better(), try againstPost(),
      ],
      figures: try figures(), charts: try charts())
  }

  // MARK: Measures

  private func trivialNats(_ domain: Domain) -> Double {
    domain == .images ? log(Double(GlyphImages.classes)) : unigramNats
  }

  private func arm(_ domain: Domain, _ norms: Norms, _ rate: Double) -> Arm {
    Arm(domain: domain, norms: norms, rate: rate)
  }

  /// Seeds whose training was stable.
  private func stableSeeds(_ arm: Arm) throws -> Int {
    try records(arm.name).count {
      TrainingStability.isStable(
        try $0.list("training loss"), steps: arm.steps(config), trivialNats: trivialNats(arm.domain))
    }
  }

  /// The largest rate that is stable in every seed; 0 where none is.
  private func largestStableRate(_ domain: Domain, _ norms: Norms) throws -> Double {
    try config.rates.last { rate in
      let arm = arm(domain, norms, rate)
      return try stableSeeds(arm) == records(arm.name).count
    } ?? 0
  }

  /// The rate with the lowest held-out loss in the mean over seeds, and the loss of each seed.
  private func best(_ domain: Domain, _ norms: Norms) throws -> (rate: Double, nats: [Double]) {
    let all = try config.rates.map { rate in
      (rate: rate, nats: try records.natsPerToken(arm(domain, norms, rate).name))
    }
    return all.min { Self.mean($0.nats) < Self.mean($1.nats) } ?? (0, [])
  }

  /// Infinity where a seed has no finite loss.
  private static func mean(_ nats: [Double]) -> Double {
    let mean = nats.reduce(0, +) / Double(nats.count)
    return mean.isFinite ? mean : .infinity
  }

  /// Held-out loss of Sub-LN minus that of other norms, each at its best rate; nil for one seed.
  private func gain(_ domain: Domain, over other: Norms) throws -> Interval? {
    try records.paired(best(domain, .sub).nats, best(domain, other).nats)
  }

  // MARK: Criteria

  private func initialWeights() throws -> CriterionResult {
    var (plain, sub) = (config.comparison.model, config.comparison.model)
    (plain.norm.placement, sub.norm.placement) = (.before, .within)
    let gain = log(2 * Double(plain.layers)).squareRoot()
    let error = try InitialGain.error(of: sub, against: plain, gain: gain, seed: firstSeed)
    return CriterionResult(
      recipe.criterion("initial-weights"), error <= 1e-5 ? .met : .notMet,
      String(format: "γ = %.4f; largest relative error of a norm %.1g", gain, error))
  }

  private func innerNorms() throws -> CriterionResult {
    let model = config.comparison.model
    let inner = 2 * model.layers * (model.width + model.feedForwardWidth)
    let differences = try Domain.allCases.map { domain in
      let counts = try Norms.allCases.map { norms in
        try records.figures("parameters", of: arm(domain, norms, config.rates[0]).name)[0]
      }
      return (post: Int(counts[1] - counts[0]), sub: Int(counts[2] - counts[0]))
    }
    let isMet = differences.allSatisfy { $0.sub == inner && $0.post == -2 * model.width }
    let words = zip(Domain.allCases, differences).map { "\($0.rawValue) Sub-LN +\($1.sub), Post-LN \($1.post)" }
    return CriterionResult(
      recipe.criterion("inner-norms"), isMet ? .met : .notMet, words.joined(separator: "; "))
  }

  private func stableRate() throws -> CriterionResult {
    let rates = try Domain.allCases.map { domain in
      (pre: try largestStableRate(domain, .pre), sub: try largestStableRate(domain, .sub))
    }
    let holds = rates.count { $0.sub > 0 && $0.sub >= $0.pre }
    let words = zip(Domain.allCases, rates).map {
      String(format: "\($0.rawValue) %g against %g", $1.sub, $1.pre)
    }
    return CriterionResult(
      recipe.criterion("stable-rate"), holds >= 2 ? .met : .notMet,
      "largest stable rate of Sub-LN against Pre-LN: \(words.joined(separator: "; "))")
  }

  /// A criterion about the intervals against Pre-LN in all domains.
  private func compared(_ id: String, atLeast least: Int, _ holds: (Interval) -> Bool) throws -> CriterionResult {
    let criterion = recipe.criterion(id)
    let gains = try Domain.allCases.map { ($0, try gain($0, over: .pre)) }
    let intervals = gains.compactMap(\.1)
    guard intervals.count == gains.count else {
      return CriterionResult(criterion, .undecided, "one seed has no interval")
    }
    let words = try gains.map { domain, gain in
      let (sub, pre) = (try best(domain, .sub).rate, try best(domain, .pre).rate)
      return "\(domain.rawValue) \(gain.map(\.description) ?? "") at " + String(format: "%g and %g", sub, pre)
    }
    return CriterionResult(
      criterion, intervals.count(where: holds) >= least ? .met : .notMet,
      "nats against Pre-LN: \(words.joined(separator: "; "))")
  }

  private func notWorse() throws -> CriterionResult { try compared("not-worse", atLeast: 2) { $0.lower <= 0 } }

  private func better() throws -> CriterionResult { try compared("better", atLeast: 1) { $0.upper < 0 } }

  private func againstPost() throws -> CriterionResult {
    let criterion = recipe.criterion("against-post")
    let (sub, post) = (try largestStableRate(.masked, .sub), try largestStableRate(.masked, .post))
    let words = String(format: "largest stable rate %g against %g", sub, post)
    guard let gain = try gain(.masked, over: .post) else {
      return CriterionResult(criterion, .undecided, "\(words); one seed has no interval")
    }
    return CriterionResult(
      criterion, sub > 0 && sub >= post && gain.lower <= 0 ? .met : .notMet, "\(words); nats \(gain)", interval: gain)
  }

  // MARK: What else a reader wants to see

  private func figures() throws -> [RecipeFindings.Figure] {
    var figures = [RecipeFindings.Figure("single bytes: nats", unigramNats)]
    for domain in Domain.allCases {
      for norms in Norms.allCases {
        for rate in config.rates {
          let arm = arm(domain, norms, rate)
          figures.append(try .init("\(arm.name): nats", overSeeds: records.natsPerToken(arm.name)))
          figures.append(.init("\(arm.name): stable seeds", Double(try stableSeeds(arm))))
          guard domain == .images else { continue }
          figures.append(
            try .init("\(arm.name): accuracy", overSeeds: records.figures("accuracy", of: arm.name)))
        }
      }
    }
    return figures
  }

  private func charts() throws -> [Report.Block] {
    try Domain.allCases.map { domain in
      let series = try Norms.allCases.map { norms in
        let points = try config.rates.map { rate in
          (log10(rate), Self.mean(try records.natsPerToken(arm(domain, norms, rate).name)))
        }.filter(\.1.isFinite)
        return LineChart.Series(norms.rawValue, x: points.map(\.0), y: points.map(\.1), style: .lineAndPoints)
      }
      return .lineChart(
        LineChart(
          title: "Held-out loss over the rate, \(domain.rawValue), mean over seeds", xLabel: "log10 of the rate",
          yLabel: "nats", series: series))
    }
  }
}
