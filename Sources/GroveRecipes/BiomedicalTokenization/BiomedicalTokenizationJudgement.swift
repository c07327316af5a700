import Foundation
import GroveCore
import GroveEval
import GroveReport

/// From the records of all arms to the outcome of each criterion.
struct BiomedicalTokenizationJudgement {
  let recipe: BiomedicalTokenizationRecipe
  let config: BiomedicalTokenizationConfig
  let records: ComparisonRecords
  let standard: WordPieces
  let morphemes: WordPieces
  let tests: [MedicalTexts.Segmentation]

  /// What the twins are compared in: the criterion, the figure, and its name in words.
  private static let measures = [
    ("masked-words", "masked words", "masked words guessed"), ("linking", "linking", "terms linked to their title"),
    ("names", "names", "F1 of names"),
  ]

  func findings() throws -> RecipeFindings {
    let scores = (score(standard), score(morphemes))
    var figures = [
      RecipeFindings.Figure("segmentation F1, segmenter", try segmenter()),
      RecipeFindings.Figure("segmentation F1, standard vocabulary", scores.0.f1),
      RecipeFindings.Figure("segmentation F1, vocabulary of morphemes", scores.1.f1),
      RecipeFindings.Figure("words of the segmentation test", Double(tests.count)),
      RecipeFindings.Figure(
        "pieces in both vocabularies", Double(Set(standard.pieces).intersection(morphemes.pieces).count)),
    ]
    for arm in [BiomedicalTokenizationArms.standard, BiomedicalTokenizationArms.morphemes] {
      for name in ["masked words", "linking", "names", "tokens a word"] {
        figures.append(try .init("\(arm): \(name)", overSeeds: records.figures(name, of: arm)))
      }
    }
    return RecipeFindings(
      results: [vocabularies(), segmentation(scores.0.f1, scores.1.f1)] + (try Self.measures.map(equivalence)),
      figures: figures, charts: try charts())
  }

  private func segmenter() throws -> Double {
    try records.figures("segmentation F1", of: BiomedicalTokenizationArms.segmenter).first ?? 0
  }

  private func score(_ vocabulary: WordPieces) -> SegmentationScore {
    zip(tests, vocabulary.parts(of: tests.map(\.word))).reduce(into: SegmentationScore()) { score, pair in
      score.add(pair.1 ?? [], gold: pair.0.parts)
    }
  }

  private func vocabularies() -> CriterionResult {
    let unwritten = [standard, morphemes].map { vocabulary in
      zip(tests, vocabulary.parts(of: tests.map(\.word))).count { $1?.joined() != $0.word }
    }
    return CriterionResult(
      recipe.criterion("vocabularies"),
      standard.count == morphemes.count && standard.pieces != morphemes.pieces && unwritten == [0, 0] ? .met : .notMet,
      "\(standard.count) and \(morphemes.count) ids; words that are not written exactly: \(unwritten[0]), \(unwritten[1])"
    )
  }

  private func segmentation(_ standard: Double, _ morphemes: Double) -> CriterionResult {
    CriterionResult(
      recipe.criterion("segmentation"), morphemes - standard >= 0.15 ? .met : .notMet,
      String(format: "%.1f against %.1f, %+.1f points", 100 * morphemes, 100 * standard, 100 * (morphemes - standard)))
  }

  private func equivalence(_ id: String, _ figure: String, _ name: String) throws -> CriterionResult {
    let own = try records.figures(figure, of: BiomedicalTokenizationArms.morphemes)
    let other = try records.figures(figure, of: BiomedicalTokenizationArms.standard)
    let bySeed = "by seed \(ComparisonRecords.words(zip(own, other).map { 100 * ($0 - $1) }, "%+.1f")) points"
    guard own.count >= 2 else { return CriterionResult(recipe.criterion(id), .undecided, "one seed; \(bySeed)") }
    let test = try EquivalenceTest(own, other, within: config.margin)
    let outcome: CriterionResult.Outcome =
      switch test.outcome {
      case .equivalent: .met
      case .different: .notMet
      case .inconclusive: .undecided
      }
    return CriterionResult(
      recipe.criterion(id), outcome,
      "\(name): difference \(test.interval), \(test.outcome.rawValue) (p \(String(format: "%.3f", test.pValue))); \(bySeed)",
      interval: test.interval)
  }

  private func charts() throws -> [Report.Block] {
    let groups = try Self.measures.map { _, figure, name in
      BarChart.Group(
        name,
        try [BiomedicalTokenizationArms.standard, BiomedicalTokenizationArms.morphemes].map { arm in
          try RecipeFindings.Figure(figure, overSeeds: records.figures(figure, of: arm)).bar
        })
    }
    return [
      .barChart(
        BarChart(
          title: "Twins that differ in their vocabulary", valueLabel: "share", series: ["standard", "morphemes"],
          groups: groups, note: "Means over seeds with 95% t intervals.")),
      records.lossChart([BiomedicalTokenizationArms.standard, BiomedicalTokenizationArms.morphemes]),
    ]
  }
}
