import Foundation
import GroveCluster
import GroveEval
import GroveReport

/// From the records of all arms and seeds to the outcome of each criterion.
struct ClusterBranchTrainMergeJudgement {
  /// The training documents, and what became of them in each division.
  struct Divided {
    let documents: Int
    let divisions: [(division: ClusterDivision, summary: DomainSummary, documents: Int)]
  }

  private typealias Recipe = ClusterBranchTrainMergeRecipe
  private typealias Way = ExpertRecords.Way

  let recipe: ClusterBranchTrainMergeRecipe
  let config: ClusterBranchTrainMergeConfig
  let divided: Divided
  let records: ExpertRecords
  private var main: String { config.divisions[0].name }
  private func arm(_ method: ClusteringMethod) -> String {
    ClusterDivision(method: method, clusters: config.clusters).name
  }

  func findings() throws -> RecipeFindings {
    RecipeFindings(
      results: [
        try clusters(), try beatsDense(),
        try compare("random-clusters", arm(.random), "random minus found clusters", \.areAboveZero), try sparse(),
        try balance(),
      ],
      figures: try figures(), charts: try charts())
  }

  // MARK: Criteria

  private func clusters() throws -> CriterionResult {
    let dense = Double(config.training.tokens)
    let ratios = try config.divisions.flatMap { try records($0.name).map { try $0.figure("tokens") / dense } }
    let spreads = divided.divisions.filter { $0.division.method == .balanced }.map { entry in
      let pieces = entry.summary.clusters.map(\.trainingPieces)
      return (pieces.max() ?? 0) - (pieces.min() ?? 0)
    }
    let areWhole = divided.divisions.allSatisfy { $0.documents == divided.documents }
    let isMet = spreads.allSatisfy { $0 <= 1 } && areWhole && ratios.allSatisfy { abs($0 - 1) <= 0.01 }
    return CriterionResult(
      recipe.criterion("clusters"), isMet ? .met : .notMet,
      "pieces of balanced clusters differ by \(spreads.max() ?? 0) at most; divisions hold "
        + "\(divided.divisions.map { "\($0.documents)" }.joined(separator: ", ")) of \(divided.documents) documents; "
        + String(
          format: "tokens over those of a dense model: %.4f to %.4f", ratios.min() ?? .nan, ratios.max() ?? .nan))
  }

  private func beatsDense() throws -> CriterionResult {
    let dense = try records.bestDense(config.training, pooled: true)
    return try CriterionResult(
      recipe.criterion("beats-dense"), records.differences(Way(main, Recipe.two), minus: dense, pooled: true),
      "bits per byte, nearest two of \(config.clusters) minus \(dense.arm)", isMet: \.areBelowZero)
  }

  private func compare(
    _ id: String, _ other: String, _ words: String, _ isMet: ([Interval]) -> Bool
  ) throws -> CriterionResult {
    try CriterionResult(
      recipe.criterion(id),
      records.differences(Way(other, Recipe.two), minus: Way(main, Recipe.two), pooled: true),
      "bits per byte, nearest two, \(words)", isMet: isMet)
  }

  private func sparse() throws -> CriterionResult {
    let (one, all) = (
      try records.natsPerToken(Way(main, Recipe.best)), try records.natsPerToken(Way(main, Recipe.all))
    )
    let ratios = zip(one, all).map { exp($0 - $1) }
    return CriterionResult(
      recipe.criterion("sparse"), ratios.allSatisfy { $0 <= 1.02 } ? .met : .notMet,
      "perplexity of the nearest over all \(config.clusters), by seed: "
        + ratios.map { String(format: "%.4f", $0) }.joined(separator: ", "))
  }

  private func balance() throws -> CriterionResult {
    try CriterionResult(
      recipe.criterion("balance"),
      records.differences(Way(main, Recipe.two), minus: Way(arm(.plain), Recipe.two), pooled: true),
      "bits per byte, nearest two, balanced minus plain"
    ) { intervals in
      !intervals.contains { $0.lower > 0 } && intervals.reduce(0) { $0 + $1.estimate } <= 0
    }
  }

  // MARK: What else a reader wants to see

  private func figures() throws -> [RecipeFindings.Figure] {
    let dense = try records.bestDense(config.training, pooled: true)
    var figures: [RecipeFindings.Figure] = []
    func add(_ name: String, _ way: Way) throws {
      figures.append(try .init("\(name): bits per byte", overSeeds: records.bitsPerByte(way, pooled: true)))
      figures.append(try .init("\(name): perplexity", overSeeds: records.natsPerToken(way).map { exp($0) }))
    }
    for size in DenseArm.batchSizes(config.training) { try add(DenseArm.name(size), Way(DenseArm.name(size))) }
    for division in config.divisions {
      for series in [Recipe.best, Recipe.two, Recipe.all, Recipe.fourth, Recipe.posterior] {
        try add("\(division.name), \(series)", Way(division.name, series))
      }
      let gains = try records.differences(Way(division.name, Recipe.two), minus: dense, pooled: true)
      figures.append(
        try .init("\(division.name), nearest two minus \(dense.arm)", overSeeds: gains.map(\.mean.estimate)))
    }
    for entry in divided.divisions {
      guard let agreement = entry.summary.agreement else { continue }
      figures.append(.init("\(entry.division.name): purity by the hidden labels", agreement.purity))
      figures.append(
        .init("\(entry.division.name): mutual information with them", agreement.normalizedMutualInformation))
    }
    return figures
  }

  private func charts() throws -> [Report.Block] {
    let dense = try records.bestDense(config.training, pooled: true)
    let counts = config.clusterCounts.sorted()
    let series = try [Recipe.best, Recipe.two, Recipe.all].map { way in
      let gains = try counts.map { count in
        let arm = ClusterDivision(method: .balanced, clusters: count).name
        return try Statistics.mean(
          records.differences(Way(arm, way), minus: dense, pooled: true).map(\.mean.estimate))
      }
      return LineChart.Series(way, x: counts.map(Double.init), y: gains)
    }
    let labels = config.training.streams.map(\.name).sorted()
    let weights = try records(main).first.map { record in
      try labels.map { try record.list(ExpertRecords.routing(Recipe.two, $0)) }
    }
    return [
      .lineChart(
        LineChart(
          title: "Number of clusters", xLabel: "clusters", yLabel: "bits per byte, minus \(dense.arm)", series: series)),
      .heatMap(
        HeatMap(
          title: "Where texts are routed, first seed", valueLabel: "mean weight of the nearest two", rows: labels,
          columns: config.divisions[0].domains.sorted(), values: weights ?? [])),
    ]
  }
}
