import Foundation
import GroveCore
import GroveEval
import GroveReport

/// From the records of all arms and seeds to the outcome of each criterion.
struct BranchTrainMergeJudgement {
  private typealias Arm = BranchTrainMergeArm
  private typealias Way = ExpertRecords.Way

  let recipe: BranchTrainMergeRecipe
  let config: BranchTrainMergeConfig
  let records: ExpertRecords
  private var main: String { Arm.forest(config.training.seedShare) }
  private var ensemble: Way { Way(main, Arm.cached) }

  func findings() throws -> RecipeFindings {
    RecipeFindings(
      results: [
        try costs(), try inDomain(), try outOfDomain(),
        try compare(
          "random-splits", Way(Arm.random, Arm.cached), ensemble, "random parts minus domains", \.areAboveZero),
        try compare(
          "seed-phase", Way(Arm.forest(0), Arm.cached), ensemble, "no seed phase minus half", \.areAboveZero),
        try compare(
          "posterior-average", Way(main, Arm.posteriorAverage), Way(main, Arm.uniformAverage),
          "posterior-weighted minus uniform average", \.areBelowZero),
        try noSharedSeed(), try removing(), try adding(),
      ],
      figures: try figures(), charts: try charts())
  }

  // MARK: Criteria

  private func costs() throws -> CriterionResult {
    let names = config.seedShares.map { Arm.forest($0) } + [Arm.random]
    let dense = Double(config.training.tokens)
    let ratios = try names.flatMap { try records($0).map { try $0.figure("tokens") / dense } }
    let added = Arm.Origin.allCases.flatMap { records(Arm.added($0)) }
    let unchanged = try added.count { try $0.figure("unchanged") == 1 }
    let isMet = ratios.allSatisfy { abs($0 - 1) <= 0.01 } && unchanged == added.count
    return CriterionResult(
      recipe.criterion("costs"), isMet ? .met : .notMet,
      String(
        format: "tokens of a forest over those of a dense model: %.4f to %.4f; experts unchanged in %d of %d additions",
        ratios.min() ?? .nan, ratios.max() ?? .nan, unchanged, added.count))
  }

  private func compare(
    _ id: String, _ first: Way, _ second: Way, _ words: String, _ isMet: ([Interval]) -> Bool
  ) throws -> CriterionResult {
    try CriterionResult(
      recipe.criterion(id), records.differences(first, minus: second, in: config.domains),
      "bits per byte, \(words)", isMet: isMet)
  }

  private func inDomain() throws -> CriterionResult {
    let dense = try records.bestDense(config.training, in: config.domains)
    return try compare("in-domain", ensemble, dense, "ensemble minus \(dense.arm)", \.areBelowZero)
  }

  private func outOfDomain() throws -> CriterionResult {
    let dense = try records.bestDense(config.training, in: config.added)
    return try CriterionResult(
      recipe.criterion("out-of-domain"), records.differences(ensemble, minus: dense, in: config.added),
      "bits per byte, ensemble minus \(dense.arm)"
    ) { intervals in
      !intervals.contains { $0.lower > 0 } && intervals.reduce(0) { $0 + $1.estimate } <= 0
    }
  }

  private func noSharedSeed() throws -> CriterionResult {
    let without = try records.natsPerToken(Way(Arm.forest(0), Arm.uniformAverage), in: config.domains)
    let with = try records.natsPerToken(Way(main, Arm.uniformAverage), in: config.domains)
    let words = zip(without, with).map { String(format: "%.0f and %.1f", exp($0), exp($1)) }
    return CriterionResult(
      recipe.criterion("no-shared-seed"), zip(without, with).allSatisfy { exp($0 - $1) >= 2 } ? .met : .notMet,
      "perplexity a token without and with a common seed, by seed: \(words.joined(separator: "; "))")
  }

  private func removing() throws -> CriterionResult {
    var isMet = true
    let words = try config.domains.map { domain in
      let rises = try records.differences(Way(main, Arm.without(domain)), minus: Way(main, Arm.posterior), in: nil)
      let texts = try rises.map { rise in
        let trained = rise.domains.filter { config.domains.contains($0.domain) }
        guard let own = trained.first(where: { $0.domain == domain }) else {
          throw GroveError(.argument, "domains", "'\(domain)' has no judging document")
        }
        let others = trained.filter { $0.domain != domain }.map(\.difference)
        let mean = try Statistics.mean(others)
        isMet = isMet && (own.interval?.lower ?? 0) > 0 && mean < own.difference / 10
        return String(format: "%+.3f (others %+.3f)", own.difference, mean)
      }
      return "\(domain) \(texts.joined(separator: ", "))"
    }
    return CriterionResult(
      recipe.criterion("removing"), isMet ? .met : .notMet,
      "bits per byte on its own domain, by seed: \(words.joined(separator: "; "))")
  }

  private func adding() throws -> CriterionResult {
    let intervals = try [Arm.Origin.uniform, .seed].map { origin in
      (origin, try zip(added(.posterior), added(origin)).map { try PairedLossDifference($0, minus: $1).mean })
    }
    let words = intervals.map { "against \($0.rawValue) \($1.map(\.description).joined(separator: "; "))" }
    return CriterionResult(
      recipe.criterion("adding"), intervals.allSatisfy { $1.areBelowZero } ? .met : .notMet,
      "bits per byte on the new domains, by seed: \(words.joined(separator: "; "))")
  }

  /// By seed, what the added experts pay for the documents of their own domains.
  private func added(_ origin: Arm.Origin) throws -> [[DocumentLoss]] {
    try records(Arm.added(origin)).map { record in
      try config.added.flatMap { domain in
        let documents = records.documents.filter { $0.domain == domain }
        return zip(documents, try record.list(domain)).map { DocumentLoss($0, nats: $1) }
      }
    }
  }

  // MARK: What else a reader wants to see

  private func figures() throws -> [RecipeFindings.Figure] {
    var ways = DenseArm.batchSizes(config.training).map { Way(DenseArm.name($0)) }
    for share in config.seedShares.sorted() {
      ways += [Arm.cached, Arm.posterior, Arm.uniformAverage].map { Way(Arm.forest(share), $0) }
    }
    ways += [Arm.posteriorAverage, Arm.argmaxAverage].map { Way(main, $0) }
    ways += [Arm.cached, Arm.posterior].map { Way(Arm.random, $0) }
    ways.append(Way(Arm.added(.posterior), Arm.cached))
    var figures = try ways.flatMap { way in
      try [("trained", config.domains), ("left out", config.added)].map { words, domains in
        let name = way.series == ExpertRecords.model ? way.arm : "\(way.arm), \(way.series)"
        return try RecipeFindings.Figure("\(name): \(words)", overSeeds: records.bitsPerByte(way, in: domains))
      }
    }
    for origin in Arm.Origin.allCases {
      for domain in config.added {
        let values = try added(origin).map { losses in
          let own = losses.filter { $0.domain == domain }
          return DocumentLoss.bitsPerByte(
            nats: own.reduce(0) { $0 + $1.nats }, bytes: own.reduce(0) { $0 + $1.bytes })
        }
        figures.append(try .init("new expert from \(origin.rawValue): \(domain)", overSeeds: values))
      }
    }
    return figures
  }

  private func charts() throws -> [Report.Block] {
    let shares = config.seedShares.sorted()
    let series = try [Arm.cached, Arm.uniformAverage].map { way in
      let means = try shares.map {
        try Statistics.mean(records.bitsPerByte(Way(Arm.forest($0), way), in: config.domains))
      }
      return LineChart.Series(way == Arm.cached ? "ensemble" : way, x: shares, y: means)
    }
    let domains = (config.domains + config.added).sorted()
    let weights = try records(main).first.map { record in
      try domains.map { try record.list(ExpertRecords.routing(Arm.posterior, $0)) }
    }
    return [
      .lineChart(
        LineChart(
          title: "How much of the tokens the seed gets", xLabel: "share of the seed phase",
          yLabel: "bits per byte, trained domains", series: series)),
      .heatMap(
        HeatMap(
          title: "Posterior of the experts, first seed", valueLabel: "mean weight over tokens", rows: domains,
          columns: config.domains.sorted(), values: weights ?? [])),
    ]
  }
}
