import Foundation
import GroveCore
import GroveEval
import GroveReport

/// From the records of all arms to the outcome of each criterion.
struct TinyLanguageModelsJudgement {
  let recipe: TinyLanguageModelsRecipe
  let config: TinyLanguageModelsConfig
  let data: PassageData
  let records: [ArmRecord]

  /// Fewer seeds leave a paired difference undecided.
  private static let seedsNeeded = 5

  private func arms(_ name: String) -> [ArmRecord] { records.filter { $0.arm == name } }
  private var largest: Int { config.pretrainingSizes.last ?? 0 }

  private func accuracies(_ arm: String, _ task: PassageTask) throws -> [Double] {
    try arms(arm).map { try $0.figure("accuracy \(task.rawValue)") }
  }

  /// Accuracy after pre-training minus accuracy from scratch, seed by seed.
  private func gaps(_ passages: Int, _ task: PassageTask) throws -> [Double] {
    try zip(
      accuracies(TinyLanguageModelsArms.deep(passages), task), accuracies(TinyLanguageModelsArms.scratch, task)
    ).map { $0 - $1 }
  }

  func findings() throws -> RecipeFindings {
    RecipeFindings(
      results: [try overlap(), try helps(), try rises(), try followsOverlap(), try committee(), try latency()],
      figures: try figures(), charts: try charts())
  }

  // MARK: Criteria

  private func overlap() throws -> CriterionResult {
    let (high, low) = (data.overlap(.section), data.overlap(.books))
    return CriterionResult(
      recipe.criterion("overlap-measured"), high > low ? .met : .notMet,
      String(format: "section %.3f, books %.3f", high, low))
  }

  private func helps() throws -> CriterionResult {
    try paired(recipe.criterion("pretraining-helps"), gaps(largest, .section))
  }

  private func followsOverlap() throws -> CriterionResult {
    let differences = try zip(gaps(largest, .section), gaps(largest, .books)).map { $0 - $1 }
    return try paired(recipe.criterion("gap-follows-overlap"), differences)
  }

  /// Whether the t interval of differences over seeds is above 0.
  private func paired(_ criterion: Criterion, _ differences: [Double]) throws -> CriterionResult {
    let bySeed = "by seed " + differences.map { String(format: "%+.3f", $0) }.joined(separator: ", ")
    guard differences.count >= TinyLanguageModelsJudgement.seedsNeeded else {
      return CriterionResult(criterion, .undecided, "\(differences.count) seeds are too few; \(bySeed)")
    }
    let interval = try Interval.ofMean(differences)
    return CriterionResult(
      criterion, interval.lower > 0 ? .met : .notMet, "mean \(interval); \(bySeed)", interval: interval)
  }

  private func rises() throws -> CriterionResult {
    let criterion = recipe.criterion("gap-rises")
    let bySize = try config.pretrainingSizes.map { try gaps($0, .section) }
    let seeds = bySize[0].count
    let rising = (0..<seeds).count { seed in zip(bySize, bySize.dropFirst()).allSatisfy { $0[seed] < $1[seed] } }
    let means = try zip(config.pretrainingSizes, bySize).map {
      "\($0): " + String(format: "%+.3f", try Statistics.mean($1))
    }.joined(separator: ", ")
    let evidence = "rises in \(rising) of \(seeds) seeds; mean gap by passages \(means)"
    guard seeds >= TinyLanguageModelsJudgement.seedsNeeded else {
      return CriterionResult(criterion, .undecided, "\(seeds) seeds are too few; \(evidence)")
    }
    return CriterionResult(criterion, 5 * rising >= 4 * seeds ? .met : .notMet, evidence)
  }

  private func committee() throws -> CriterionResult {
    let criterion = recipe.criterion("committee")
    let members = arms(TinyLanguageModelsArms.member)
    let pairs = try arms(TinyLanguageModelsArms.deep(largest)).map {
      deep -> (committee: PassageScores, deep: PassageScores) in
      let lists = try members.map { try $0.list(TinyLanguageModelsArms.probabilities(sample: deep.seed)) }
      let sum = (lists.first ?? []).indices.map { index in lists.reduce(0) { $0 + $1[index] } }
      let own = try deep.list(TinyLanguageModelsArms.probabilities(.section))
      return (try PassageScores(data, .section, sum), try PassageScores(data, .section, own))
    }
    let bySeed = pairs.map { $0.committee.accuracy - $0.deep.accuracy }
    let documents = pairs.map { ($0.committee.byDocument(), $0.deep.byDocument()) }
    let counts = documents[0].0.count
    let differences = counts.indices.map { index in
      documents.reduce(0) { $0 + $1.0.right[index] - $1.1.right[index] } / Double(documents.count)
    }
    let interval = try Bootstrap(key: RandomKey(seed: 0).split("committee")).pairedRatioDifference(
      differences, differences.map { _ in 0 }, per: counts)
    let isMet = interval.lower > -0.01 && bySeed.allSatisfy { $0 >= -0.01 }
    let accuracy = try Statistics.mean(pairs.map { $0.committee.accuracy })
    return CriterionResult(
      criterion, isMet ? .met : .notMet,
      String(format: "committee %.3f; difference ", accuracy) + "\(interval) over \(counts.count) documents; by seed "
        + bySeed.map { String(format: "%+.3f", $0) }.joined(separator: ", "),
      interval: interval)
  }

  private func latency() throws -> CriterionResult {
    let criterion = recipe.criterion("latency")
    guard let record = arms(TinyLanguageModelsArms.latency).first else {
      return CriterionResult(criterion, .undecided, "not measured")
    }
    let (deep, committee) = (try record.figure("deep milliseconds"), try record.figure("committee milliseconds"))
    return CriterionResult(
      criterion, committee < deep ? .met : .notMet, String(format: "committee %.2f ms, deep %.2f ms", committee, deep))
  }

  // MARK: What else a reader wants to see

  private func figures() throws -> [RecipeFindings.Figure] {
    var figures = [
      RecipeFindings.Figure("overlap section", data.overlap(.section)),
      RecipeFindings.Figure("overlap books", data.overlap(.books)),
      RecipeFindings.Figure("held-out passages section", Double(data.heldOut(.section).count)),
      RecipeFindings.Figure("held-out passages books", Double(data.heldOut(.books).count)),
    ]
    for arm in [TinyLanguageModelsArms.scratch] + config.pretrainingSizes.map(TinyLanguageModelsArms.deep) {
      for name in ["pre-training loss", "accuracy section", "accuracy books"] {
        let values = arms(arm).compactMap { $0.figures[name] }
        if !values.isEmpty { figures.append(try RecipeFindings.Figure("\(arm) \(name)", overSeeds: values)) }
      }
    }
    let members = arms(TinyLanguageModelsArms.member)
    figures.append(
      try RecipeFindings.Figure("member accuracy section", overSeeds: members.map { try $0.figure("accuracy section") })
    )
    return figures
  }

  private func charts() throws -> [Report.Block] {
    let groups = try ([TinyLanguageModelsArms.scratch] + config.pretrainingSizes.map(TinyLanguageModelsArms.deep)).map {
      (label: $0, bar: try RecipeFindings.Figure($0, overSeeds: accuracies($0, .section)).bar)
    }
    return [
      .barChart(
        BarChart(
          title: "Accuracy on the section task", valueLabel: "share of right answers", values: groups,
          note: "Means over seeds with 95% t intervals."))
    ]
  }
}
