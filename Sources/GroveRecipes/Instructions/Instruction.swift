/// What a model is asked about a list of letters, and the one right response.
public protocol Instruction: Sendable {
  /// No other instruction about the same lists has it: held-out questions are drawn by it.
  var name: String { get }
  /// What the model is given.
  func prompt(_ letters: [String]) -> String
  /// What it must write, down to the end of the line.
  func response(_ letters: [String]) -> String
}

extension InstructionTask: Instruction {
  public var name: String { rawValue }
}
