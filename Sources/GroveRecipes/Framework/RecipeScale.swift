/// How much of a paper is run.
public enum RecipeScale: String, Codable, Sendable, CaseIterable {
  /// Seconds, one seed: the mechanism works. Part of the tests.
  case smoke
  /// Minutes on two cores, several seeds: the direction of the claim.
  case tiny
  /// The paper's own setting, for the machines that it needs.
  case full
}
