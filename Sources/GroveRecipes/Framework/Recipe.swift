public import Foundation
public import GroveCore
public import GroveCorpus

/// A paper that runs: its claim, the criterion that was written before the run, and what is trained to check it.
public protocol Recipe: Sendable {
  /// Everything that decides what a scale computes.
  associatedtype Settings: Config

  /// As in `grove recipe list`: lower case, words joined by "-".
  var id: String { get }
  var paper: Paper { get }
  /// The claim that is checked, in a sentence.
  var claim: String { get }
  /// All of them must be met.
  var criteria: [Criterion] { get }
  /// Where the check differs from the paper, a sentence each.
  var differences: [String] { get }
  /// The config of a scale, before overrides.
  func config(_ scale: RecipeScale) -> Settings
  /// What a config trains and measures: every arm and seed that `measure` asks of its run, and no other.
  func plan(_ config: Settings, at scale: RecipeScale) throws -> RecipePlan
  /// The files of a corpus that are read.
  /// - Throws: `GroveError` if the corpus is not there.
  func sources(_ config: Settings, in corpus: URL) throws -> [SourceFile]
  /// Refuses a run whose results would depend on what must not matter, before anything is written.
  /// - Throws: `GroveError` with code `.argument`.
  func check(_ config: Settings, for run: RecipeRun) throws
  /// Trains what is missing in the run's folder and judges the criteria.
  /// - Parameter config: of the run's scale with its overrides.
  /// - Throws: `RecipeInterrupted` when the caller asked to stop; `GroveError` for what is wrong with data or folder.
  func measure(_ run: RecipeRun, _ config: Settings) throws -> RecipeFindings
}

extension Recipe {
  /// Refuses nothing.
  public func check(_ config: Settings, for run: RecipeRun) throws {}

  /// The config of a scale with overrides, each as "sizes.0.width=32".
  /// - Throws: `GroveError` that names every wrong key and value.
  public func config(_ scale: RecipeScale, overrides: [String]) throws -> Settings {
    try Settings.load(yaml: config(scale).yaml(), at: "scale \(scale.rawValue)", overrides: overrides)
  }

  /// What a scale trains with overrides.
  /// - Throws: `GroveError` that names every wrong key and value.
  public func plan(_ scale: RecipeScale, overrides: [String]) throws -> RecipePlan {
    try plan(config(scale, overrides: overrides), at: scale)
  }
}

extension Recipe {
  /// The criterion with an id.
  func criterion(_ id: String) -> Criterion {
    guard let found = criteria.first(where: { $0.id == id }) else {
      preconditionFailure("the recipe \(self.id) has no criterion \(id)")
    }
    return found
  }
}

/// The recipes of this build.
public enum Recipes {
  /// By id.
  public static let all: [any Recipe] = [
    AttentionFreeRecipe(), BiomedicalTokenizationRecipe(), BioptimusRecipe(), BranchTrainMergeRecipe(),
    ClusterBranchTrainMergeRecipe(),
    ConditionalRecipe(),
    CriticalMixtureRecipe(),
    BloomRecipe(), SubLayerNormRecipe(),
    InstructionResidualRecipe(), DropAndRescaleRecipe(), DeepNormRecipe(), HrrformerRecipe(),
    LengthExtrapolationRecipe(), MultiQueryRecipe(), MonolingualModelRecipe(), PythiaRecipe(), RewarmRecipe(),
    SparseLowRankRecipe(), SparsePretrainingRecipe(), SparseTransformerRecipe(), StabilityGapRecipe(),
    TextToTextRecipe(), TinyLanguageModelsRecipe(),
    CrossLingualExpertsRecipe(),
  ]

  /// - Throws: `GroveError` with code `.argument` that names the ids there are.
  public static func named(_ id: String) throws -> any Recipe {
    if let recipe = all.first(where: { $0.id == id }) { return recipe }
    throw GroveError(
      .argument, "recipe", "there is no '\(id)'", remedy: "There are: \(all.map(\.id).joined(separator: ", ")).")
  }
}
