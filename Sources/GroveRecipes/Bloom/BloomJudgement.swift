import Foundation
import GroveCore
import GroveEval
import GroveReport

/// From the records of all arms and seeds to the outcome of each criterion.
struct BloomJudgement {
  let recipe: BloomRecipe
  let config: BloomConfig
  let records: ComparisonRecords
  /// What counts of single tokens give on the held-out text.
  let unigramNats: Double
  /// How far states move with the vectors of tokens, with the norm and without.
  let changes: [Double]
  private typealias Names = BloomRecipe
  private typealias Question = BloomTuning.Question
  private typealias Kind = BloomFertility.Kind

  private var key: RandomKey { RandomKey(seed: 0).split("bloom") }
  private var languages: [String] { config.training.streams.map(\.name) }
  private var trained: Int { config.training.model.contextLength }

  func findings() throws -> RecipeFindings {
    RecipeFindings(
      results: [
        try bytes(), try cache(), embeddingNorm(), try extrapolates(), try breaks(), try fertility(), try stable(),
        try gain("held-out-tasks", .heldOut, atLeast: 0.1), try gain("absent-languages", .absent, atLeast: 0),
      ],
      figures: try figures(), charts: [records.lossChart([Names.alibi, Names.learned])])
  }

  // MARK: Mechanism

  private func bytes() throws -> CriterionResult {
    let record = try tokenizers()
    let changed = try record.figure("changed")
    let sizes = try [record.figure("shared size")] + languages.map { try record.figure("\($0) size") }
    return CriterionResult(
      recipe.criterion("bytes"), changed == 0 && Set(sizes).count == 1 ? .met : .notMet,
      "documents that changed: \(Int(changed)); sizes \(sizes.map { "\(Int($0))" }.joined(separator: ", "))")
  }

  private func cache() throws -> CriterionResult {
    let errors = try records.figures("cache error", of: Names.alibi)
    return CriterionResult(
      recipe.criterion("cache"), errors.allSatisfy { $0 <= 1e-4 } ? .met : .notMet,
      "largest difference of a score by seed: \(ComparisonRecords.words(errors, "%.1g"))")
  }

  private func embeddingNorm() -> CriterionResult {
    CriterionResult(
      recipe.criterion("embedding-norm"), changes[0] <= 0.01 && changes[1] > 0.1 ? .met : .notMet,
      String(format: "change of a state %.2g with the norm, %.2g without", changes[0], changes[1]))
  }

  // MARK: Lengths

  /// By seed, the logarithm of the ratio of perplexities, with a bootstrap interval over long documents.
  private func ratios(_ arm: String) throws -> [Interval] {
    try records(arm).map { record in
      try Bootstrap(key: key.split(arm).split(record.seed)).pairedRatioDifference(
        record.list(BloomLengths.nats(config.judgedLength)), record.list(BloomLengths.nats(trained)),
        per: record.list(BloomLengths.tokens))
    }
  }

  private func lengthResult(_ id: String, _ arm: String, _ holds: (Interval) -> Bool) throws -> CriterionResult {
    let found = try ratios(arm)
    let words = found.map { String(format: "%.3f [%.3f, %.3f]", exp($0.estimate), exp($0.lower), exp($0.upper)) }
    return CriterionResult(
      recipe.criterion(id), found.allSatisfy(holds) ? .met : .notMet,
      "perplexity at \(config.judgedLength) over that at \(trained), by seed: \(words.joined(separator: "; "))")
  }

  private func extrapolates() throws -> CriterionResult {
    try lengthResult("alibi-extrapolates", Names.alibi) { $0.upper <= log(1.05) }
  }

  private func breaks() throws -> CriterionResult {
    try lengthResult("learned-breaks", Names.learned) { $0.lower >= log(1.5) }
  }

  // MARK: Tokenizers

  private func tokenizers() throws -> ArmRecord {
    guard let record = records(BloomFertility.arm).first else { preconditionFailure("no record of tokenizers") }
    return record
  }

  /// Tokens of a language over those of its own tokenizer.
  private func ratio(_ language: String, _ kind: Kind) throws -> Double {
    let record = try tokenizers()
    return try record.figure(BloomFertility.tokens(language, kind))
      / record.figure(BloomFertility.tokens(language, .own))
  }

  private func fertility() throws -> CriterionResult {
    let ratios = try languages.map { try ratio($0, .shared) }
    return CriterionResult(
      recipe.criterion("fertility"), ratios.allSatisfy { $0 <= 1.25 } ? .met : .notMet,
      zip(languages, ratios).map { String(format: "\($0) %.3f", $1) }.joined(separator: ", "))
  }

  // MARK: Stability

  private func unstable(_ name: String, _ rate: Double) throws -> Int {
    try records(Names.arm(name, rate)).count {
      !TrainingStability.isStable(
        try $0.list("training loss"), steps: config.rateSteps, trivialNats: unigramNats)
    }
  }

  private func stable() throws -> CriterionResult {
    let counts = try [Names.normed, Names.plain].map { name in
      try config.rates.map { try unstable(name, $0) }
    }
    let words = zip(["with", "without"], counts).map { name, counts in
      "\(name) the norm " + zip(config.rates, counts).map { String(format: "%d at %g", $1, $0) }.joined(separator: ", ")
    }
    let isMet = counts[0].reduce(0, +) < counts[1].reduce(0, +)
    return CriterionResult(
      recipe.criterion("stable"), isMet ? .met : .notMet,
      "not stable of \(config.rateSeeds): \(words.joined(separator: "; "))")
  }

  // MARK: Tuning

  private func gain(_ id: String, _ question: Question, atLeast least: Double) throws -> CriterionResult {
    let intervals = try records(BloomTuning.arm).map { record in
      try Bootstrap(key: key.split(id).split(record.seed)).pairedDifference(
        record.list(BloomTuning.series(BloomTuning.arm, question)), record.list(BloomTuning.series("base", question)))
    }
    let mean = try Statistics.mean(intervals.map(\.estimate))
    return CriterionResult(
      recipe.criterion(id), mean >= least && intervals.allSatisfy { $0.lower > 0 } ? .met : .notMet,
      "accuracy after minus before, by seed: \(intervals.map(\.description).joined(separator: "; "))",
      interval: intervals.count > 1 ? try .ofMean(intervals.map(\.estimate)) : nil)
  }

  // MARK: What else a reader wants to see

  private func figures() throws -> [RecipeFindings.Figure] {
    var figures = try records.lossFigures([Names.alibi, Names.learned])
    figures.append(.init("single tokens: nats", unigramNats))
    for language in languages {
      let words = try tokenizers().figure("\(language) words")
      for kind in Kind.allCases {
        let tokens = try tokenizers().figure(BloomFertility.tokens(language, kind))
        figures.append(.init("\(language): tokens a word, \(kind.rawValue) tokenizer", tokens / max(words, 1)))
      }
      figures.append(.init("\(language): large over own", try ratio(language, .large)))
    }
    for name in [Names.normed, Names.plain] {
      for rate in config.rates {
        let arm = Names.arm(name, rate)
        figures.append(try .init("\(arm): nats", overSeeds: records.natsPerToken(arm)))
      }
    }
    for question in Question.allCases {
      for model in ["base", BloomTuning.arm] {
        let shares = try records(BloomTuning.arm).map {
          try Statistics.mean($0.list(BloomTuning.series(model, question)))
        }
        figures.append(try .init("\(model): accuracy, \(question.rawValue)", overSeeds: shares))
      }
    }
    return figures
  }
}
