import Foundation
import GroveEval
import GroveReport

/// From the records of all arms and seeds to the outcome of each criterion.
struct CrossLingualExpertsJudgement {
  private typealias Arm = CrossLingualExpertsArm
  private typealias Way = ExpertRecords.Way

  let recipe: CrossLingualExpertsRecipe
  let config: CrossLingualExpertsConfig
  let records: ExpertRecords
  private let typology = Way(Arm.Division.typology.rawValue, Arm.language)

  init(recipe: CrossLingualExpertsRecipe, config: CrossLingualExpertsConfig, records: ExpertRecords) {
    self.recipe = recipe
    self.config = config
    self.records = records
  }

  func findings() throws -> RecipeFindings {
    RecipeFindings(
      results: [
        try costs(), try languages(),
        try compare(
          "random-clusters", Way(Arm.Division.random.rawValue, Arm.posterior),
          Way(Arm.Division.typology.rawValue, Arm.posterior), in: config.languages, "random minus typology",
          \.areAboveZero),
        try compare(
          "relative", Way(Arm.adapted(.relative)), Way(Arm.adapted(.seed)), in: [config.added],
          "\(config.added) from \(try groupName(config)) minus from the seed", \.areBelowZero),
        try compare(
          "forgetting", Way(Arm.adapted(.dense)), Way(DenseArm.name(config.training.batchSize)), in: config.languages,
          "old languages, after minus before", \.areAboveZero),
      ],
      figures: try figures(), charts: try charts())
  }

  /// "the expert of es, ru".
  private func groupName(_ config: CrossLingualExpertsConfig) throws -> String {
    let nearest = try config.tree.nearest(to: config.added, among: config.languages).name
    let group = try config.groups.first { $0.contains(nearest) } ?? []
    return "the expert of \(group.joined(separator: ", "))"
  }

  // MARK: Criteria

  private func costs() throws -> CriterionResult {
    let dense = Double(config.training.tokens)
    let ratios = try Arm.Division.allCases.flatMap {
      try records($0.rawValue).map { try $0.figure("tokens") / dense }
    }
    let adapted = Arm.Origin.allCases.flatMap { records(Arm.adapted($0)) }
    let unchanged = try adapted.count { try $0.figure("unchanged") == 1 }
    let isMet = ratios.allSatisfy { abs($0 - 1) <= 0.01 } && unchanged == adapted.count
    return CriterionResult(
      recipe.criterion("costs"), isMet ? .met : .notMet,
      String(
        format: "tokens of a forest over those of a dense model: %.4f to %.4f; experts unchanged in %d of %d additions",
        ratios.min() ?? .nan, ratios.max() ?? .nan, unchanged, adapted.count))
  }

  private func compare(
    _ id: String, _ first: Way, _ second: Way, in languages: [String], _ words: String, _ isMet: ([Interval]) -> Bool
  ) throws -> CriterionResult {
    try CriterionResult(
      recipe.criterion(id), records.differences(first, minus: second, in: languages), "bits per byte, \(words)",
      isMet: isMet)
  }

  private func languages() throws -> CriterionResult {
    let dense = try records.bestDense(config.training, in: config.languages)
    let differences = try records.differences(typology, minus: dense, in: config.languages)
    let byLanguage = try config.languages.map { language in
      let each = differences.compactMap { $0.domains.first { $0.domain == language }?.difference }
      return (language, try Statistics.mean(each))
    }
    let words = byLanguage.map { String(format: "\($0) %+.4f", $1) }.joined(separator: ", ")
    let areMost = byLanguage.count { $1 >= 0 } <= 1
    return try CriterionResult(
      recipe.criterion("languages"), differences,
      "bits per byte, expert of the language's group minus \(dense.arm): mean over seeds \(words); mean over languages"
    ) { $0.areBelowZero && areMost }
  }

  // MARK: What else a reader wants to see

  private func figures() throws -> [RecipeFindings.Figure] {
    var ways = DenseArm.batchSizes(config.training).map { Way(DenseArm.name($0)) }
    for division in Arm.Division.allCases {
      let series =
        switch division {
        case .typology, .monolingual: [Arm.language, Arm.posterior]
        case .words: [Arm.nearest, Arm.distance, Arm.posterior]
        case .random: [Arm.posterior]
        }
      ways += series.map { Way(division.rawValue, $0) }
    }
    ways += Arm.Origin.allCases.map { Way(Arm.adapted($0)) }
    return try ways.flatMap { way in
      let name = way.series == ExpertRecords.model ? way.arm : "\(way.arm), \(way.series)"
      return [
        try RecipeFindings.Figure(
          "\(name): old languages", overSeeds: records.bitsPerByte(way, in: config.languages)),
        try RecipeFindings.Figure("\(name): \(config.added)", overSeeds: records.bitsPerByte(way, in: [config.added])),
      ]
    }
  }

  private func charts() throws -> [Report.Block] {
    let dense = try records.bestDense(config.training, in: config.languages)
    let ways = [
      ("typology", typology), ("words", Way(Arm.Division.words.rawValue, Arm.posterior)),
      ("random", Way(Arm.Division.random.rawValue, Arm.posterior)),
      ("monolingual", Way(Arm.Division.monolingual.rawValue, Arm.language)),
    ]
    let languages = config.languages.sorted()
    let values = try languages.map { language in
      try ways.map { _, way in
        try Statistics.mean(
          records.differences(way, minus: dense, in: [language]).map { $0.domains[0].difference })
      }
    }
    return [
      .heatMap(
        HeatMap(
          title: "Bits per byte, minus \(dense.arm)", valueLabel: "mean over seeds", rows: languages,
          columns: ways.map(\.0), values: values, shading: .diverging(center: 0)))
    ]
  }
}
