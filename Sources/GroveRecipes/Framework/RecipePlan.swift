public import GroveCore

/// What a recipe would train and measure, before anything is done.
public struct RecipePlan: Sendable {
  /// One model or family of models that is trained or measured once a seed.
  public struct Arm: Codable, Equatable, Sendable {
    public var name: String
    /// How often the arm is trained.
    public var seeds: Int
    /// Trained numbers of one model.
    public var parameters: Int
    /// Training tokens of one seed; 0 for an arm that is only measured.
    public var tokens: Int
    /// Floating-point operations of one seed's training.
    public var operations: Double

    public init(name: String, seeds: Int, parameters: Int, tokens: Int, operations: Double) {
      self.name = name
      self.seeds = seeds
      self.parameters = parameters
      self.tokens = tokens
      self.operations = operations
    }
  }

  public var arms: [Arm]
  /// What the run needs and how the numbers were found, in sentences.
  public var notes: [String]

  public init(arms: [Arm], notes: [String]) {
    self.arms = arms
    self.notes = notes
  }

  /// Arms and seeds: the records that a finished run has.
  public var runs: Int { arms.reduce(0) { $0 + $1.seeds } }
  /// Floating-point operations of all seeds of all arms.
  public var operations: Double { arms.reduce(0) { $0 + Double($1.seeds) * $1.operations } }

  /// For `--json`.
  public var json: JSONValue {
    [
      "arms": .array(
        arms.map {
          [
            "name": .string($0.name), "seeds": .integer($0.seeds), "parameters": .integer($0.parameters),
            "tokens": .integer($0.tokens), "operations": .number($0.operations),
          ]
        }),
      "operations": .number(operations), "notes": .array(notes.map { .string($0) }),
    ]
  }
}
