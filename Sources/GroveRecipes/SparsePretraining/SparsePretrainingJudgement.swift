import Foundation
import GroveCore
import GroveEval

/// From the records of all arms and seeds to the outcome of each criterion.
struct SparsePretrainingJudgement {
  let recipe: SparsePretrainingRecipe
  let config: SparsePretrainingConfig
  let records: ComparisonRecords
  private typealias Names = SparsePretrainingRecipe

  func findings() throws -> RecipeFindings {
    let tuned = sizes.flatMap { size in
      ([0] + config.sparsities).map { Names.tuned(size, $0) } + [Names.tuned(size, config.sparsest, keepsZeros: true)]
    }
    var figures = try tuned.map { try RecipeFindings.Figure("\($0): target, bits per byte", overSeeds: loss($0)) }
    for size in sizes {
      for sparsity in config.sparsities {
        figures.append(
          .init("\(size), \(Int(100 * sparsity))% zeros: operations of the dense model's", try share(size, sparsity)))
      }
    }
    return RecipeFindings(
      results: [try zeros(), try operations(), try denseTuning(), try half(), try size()], figures: figures,
      charts: [
        records.lossChart(
          ([0] + config.sparsities).map { Names.pretrained(sizes[0], $0) }, title: "Loss of pre-training, first seed")
      ])
  }

  private var sizes: [String] { Names.sizes(config).map(\.name) }

  private func loss(_ arm: String) throws -> [Double] {
    try records.figures("bits per byte, \(config.target)", of: arm)
  }

  private func zeros() throws -> CriterionResult {
    var (isMet, words) = (true, [String]())
    for size in sizes {
      for sparsity in config.sparsities {
        let before = try records.figures("zeros", of: Names.pretrained(size, sparsity))
        let after = try records.figures("zeros", of: Names.tuned(size, sparsity))
        isMet = isMet && before.allSatisfy { abs($0 - sparsity) < 0.01 } && after.allSatisfy { $0 < 0.05 }
        words.append(String(format: "\(size) %g: %.4f, then %.4f", sparsity, before[0], after[0]))
      }
      let kept = try records.figures("zeros", of: Names.tuned(size, config.sparsest, keepsZeros: true))
      isMet = isMet && kept.allSatisfy { abs($0 - config.sparsest) < 0.01 }
    }
    return CriterionResult(recipe.criterion("zeros"), isMet ? .met : .notMet, words.joined(separator: "; "))
  }

  /// Operations of a token with so many zeros, as a share of the dense model's.
  private func share(_ size: String, _ sparsity: Double) throws -> Double {
    try records.figures("operations", of: Names.pretrained(size, sparsity))[0]
      / records.figures("operations", of: Names.pretrained(size, 0))[0]
  }

  private func operations() throws -> CriterionResult {
    var (isMet, words) = (true, [String]())
    for size in sizes {
      let shares = try ([0] + config.sparsities).map { try share(size, $0) }
      isMet = isMet && zip(shares, shares.dropFirst()).allSatisfy { $0 > $1 }
      isMet = isMet && zip(shares.dropFirst(), config.sparsities).allSatisfy { $0 > 1 - $1 }
      words.append("\(size) \(ComparisonRecords.words(Array(shares.dropFirst()), "%.3f"))")
    }
    return CriterionResult(
      recipe.criterion("operations"), isMet ? .met : .notMet, "of the dense model's: \(words.joined(separator: "; "))")
  }

  private func denseTuning() throws -> CriterionResult {
    let (dense, sparse) = (
      Names.tuned(sizes[0], config.sparsest), Names.tuned(sizes[0], config.sparsest, keepsZeros: true)
    )
    let intervals = try records.differences(dense, sparse, on: config.target)
    return CriterionResult(
      recipe.criterion("dense-tuning"), intervals.allSatisfy { $0.upper < 0 } ? .met : .notMet,
      "bits per byte by seed: " + intervals.map(\.description).joined(separator: "; "),
      interval: try records.paired(loss(dense), loss(sparse)))
  }

  /// The gap to the dense model as a share of its loss, a value for each seed.
  private func gaps(_ size: String, _ sparsity: Double) throws -> [Double] {
    try zip(loss(Names.tuned(size, sparsity)), loss(Names.tuned(size, 0))).map { $0 / $1 - 1 }
  }

  private func half() throws -> CriterionResult {
    let sparsity = config.sparsities[0]
    let found = try sizes.map { try gaps($0, sparsity) }
    let words = zip(sizes, found).map { "\($0) \(ComparisonRecords.words($1.map { 100 * $0 }, "%+.2f%%"))" }
    guard found.allSatisfy({ $0.count > 1 }) else {
      return CriterionResult(
        recipe.criterion("half"), .undecided, "one seed has no interval; \(words.joined(separator: "; "))")
    }
    let intervals = try found.map { try Interval.ofMean($0) }
    let isMet = intervals.allSatisfy { $0.lower > -0.02 && $0.upper < 0.02 }
    return CriterionResult(
      recipe.criterion("half"), isMet ? .met : .notMet,
      "gaps by seed: \(words.joined(separator: "; ")); intervals "
        + intervals.map(\.description).joined(separator: "; "))
  }

  private func size() throws -> CriterionResult {
    let (small, large) = (try gaps(sizes[0], config.sparsest), try gaps(sizes[1], config.sparsest))
    return CriterionResult(
      recipe.criterion("size"), zip(small, large).allSatisfy { $1 < $0 } ? .met : .notMet,
      "gaps by seed: \(sizes[0]) \(ComparisonRecords.words(small.map { 100 * $0 }, "%+.2f%%")); "
        + "\(sizes[1]) \(ComparisonRecords.words(large.map { 100 * $0 }, "%+.2f%%"))")
  }
}
