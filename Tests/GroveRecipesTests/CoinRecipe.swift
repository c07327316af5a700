import Foundation
import GroveCore
import GroveCorpus
import GroveRecipes
import Synchronization

/// A recipe without a model: arms that count how often they were trained.
struct CoinRecipe: Recipe {
  struct Settings: Config {
    var sides = 2
    init() {}
    func issues() -> [ConfigIssue] { sides > 0 ? [] : [ConfigIssue("sides", "\(sides) is not positive")] }
  }

  let id = "coin"
  let paper = Paper(title: "Coins", authors: "Nobody", year: 2020, arXiv: "")
  let claim = "Coins have two sides."
  let criteria = [Criterion("sides", .mechanism, "There are two.")]
  let differences: [String] = []
  let trained: Counter
  /// Arms whose work throws.
  var failing: Set<Int> = []
  /// Seeds of the only arm.
  var seeds = 4
  /// What the arm measures, whatever its seed; nil for the seed itself.
  var value: Double?
  /// Files of the corpus.
  var sources: [String] = []

  final class Counter: Sendable {
    private let value = Mutex(0)
    var count: Int { value.withLock { $0 } }
    func add() { value.withLock { $0 += 1 } }
  }

  func config(_ scale: RecipeScale) -> Settings { Settings() }

  func sources(_ config: Settings, in corpus: URL) throws -> [SourceFile] {
    try sources.isEmpty ? [] : CorpusFiles(sources.map { corpus.appending(path: $0) }).files
  }

  func plan(_ config: Settings, at scale: RecipeScale) throws -> RecipePlan {
    RecipePlan(arms: [.init(name: "coin", seeds: seeds, parameters: 1, tokens: 10, operations: 1e21)], notes: [])
  }

  func measure(_ run: RecipeRun, _ settings: Settings) throws -> RecipeFindings {
    let records = try run.records(
      run.seeds(seeds).map { seed in
        RecipeRun.Job("coin", seed: seed) { _ in
          if failing.contains(seed) { throw GroveError(.argument, "seed \(seed)", "fell off the table") }
          trained.add()
          return ArmFigures(figures: ["value": value ?? Double(seed)], series: ["values": [value ?? 0]])
        }
      })
    return RecipeFindings(
      results: [CriterionResult(criteria[0], settings.sides == 2 ? .met : .notMet, "\(settings.sides) sides")],
      figures: try [.init("value", overSeeds: records.map { try $0.figure("value") })], charts: [])
  }
}
