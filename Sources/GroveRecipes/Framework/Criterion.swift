public import GroveEval

/// What must come out, written down before the run and never loosened afterwards.
public struct Criterion: Codable, Equatable, Sendable {
  /// What a criterion is about.
  public enum Kind: String, Codable, Sendable {
    /// The tool does what it promises; it holds at every scale, or something is broken.
    case mechanism
    /// The paper's claim; it needs the seeds of the scales tiny and full.
    case claim
  }

  /// Short and unique within the recipe.
  public var id: String
  /// At the scale smoke, only a mechanism decides about the verdict.
  public var kind: Kind
  /// The whole criterion: quantity, test, threshold.
  public var statement: String

  public init(_ id: String, _ kind: Kind, _ statement: String) {
    self.id = id
    self.kind = kind
    self.statement = statement
  }
}

/// What a run says about one criterion.
public struct CriterionResult: Codable, Equatable, Sendable {
  /// Whether the criterion holds.
  public enum Outcome: String, Codable, Sendable {
    case met
    case notMet = "not met"
    /// The run could not decide it: too few seeds, a quantity that does not exist, or too little power.
    case undecided
  }

  public var criterion: Criterion
  public var outcome: Outcome
  /// The figures behind the outcome, in words.
  public var evidence: String
  /// The quantity with its interval, where there is one.
  public var interval: Interval?

  public init(_ criterion: Criterion, _ outcome: Outcome, _ evidence: String, interval: Interval? = nil) {
    self.criterion = criterion
    self.outcome = outcome
    self.evidence = evidence
    self.interval = interval
  }
}
