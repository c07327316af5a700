public import GroveCore

/// A paper that runs: its claim, the criterion that was written before the run, and what is trained to check it.
public protocol Recipe: Sendable {
  /// As in `grove recipe list`: lower case, words joined by "-".
  var id: String { get }
  var paper: Paper { get }
  /// The claim that is checked, in a sentence.
  var claim: String { get }
  /// All of them must be met.
  var criteria: [Criterion] { get }
  /// Where the check differs from the paper, a sentence each.
  var differences: [String] { get }
  /// Everything that decides what a scale computes.
  func config(_ scale: RecipeScale) -> any Config
  /// What a scale trains.
  func plan(_ scale: RecipeScale) throws -> RecipePlan
  /// Trains what is missing in the run's folder and judges the criteria.
  /// - Throws: `RecipeInterrupted` when the caller asked to stop; `GroveError` for what is wrong with data or folder.
  func measure(_ run: RecipeRun) throws -> RecipeFindings
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
  public static let all: [any Recipe] = [PythiaRecipe(), TinyLanguageModelsRecipe()]

  /// - Throws: `GroveError` with code `.argument` that names the ids there are.
  public static func named(_ id: String) throws -> any Recipe {
    if let recipe = all.first(where: { $0.id == id }) { return recipe }
    throw GroveError(
      .argument, "recipe", "there is no '\(id)'", remedy: "There are: \(all.map(\.id).joined(separator: ", ")).")
  }
}
