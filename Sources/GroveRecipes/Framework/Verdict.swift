/// What a run says about a paper's claim.
public enum Verdict: String, Codable, Sendable, CaseIterable {
  case reproduced
  case notReproduced = "not reproduced at this scale"
  /// The tools work; the claim itself was not put to the test, because that needs more seeds or other machines.
  case mechanismOnly = "mechanism only"

  /// The verdict follows from the stated criteria alone.
  ///
  /// Reproduced: every criterion is met. Mechanism only: the scale is smoke and no criterion about the mechanism
  /// failed. Everything else, an undecided claim included, is not reproduced at this scale.
  public init(_ results: [CriterionResult], at scale: RecipeScale) {
    let mechanisms = results.filter { $0.criterion.kind == .mechanism }
    if scale == .smoke {
      self = mechanisms.allSatisfy { $0.outcome == .met } ? .mechanismOnly : .notReproduced
    } else {
      self = !results.isEmpty && results.allSatisfy { $0.outcome == .met } ? .reproduced : .notReproduced
    }
  }
}
