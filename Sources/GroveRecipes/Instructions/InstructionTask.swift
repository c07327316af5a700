/// An instruction about a short list of letters whose answer a program can check.
///
/// The answers are lines of text, so that a model which has only read text can learn them; what they need is copying,
/// reordering, counting and spelling, none of which a model of a tenth of a million parameters does before it is tuned.
public enum InstructionTask: String, Codable, CaseIterable, Sendable {
  /// The list as it is.
  case echo
  /// In capitals.
  case upper
  /// From the last letter to the first.
  case reverse
  /// The first letter.
  case first
  /// The last letter.
  case last
  /// How many letters there are, in digits.
  case count
  /// In the order of the alphabet.
  case sort
  /// With dashes between the letters.
  case dash
  /// In quotation marks.
  case quote
  /// As an array of JSON.
  case json
  /// Each letter twice.
  case double
  /// With an exclamation mark after it.
  case exclaim

  /// What the model is given: the instruction, the list, the sign to answer.
  public func prompt(_ letters: [String]) -> String { "\(rawValue): \(letters.joined(separator: " "))\n=" }

  /// What it must write, down to the end of the line.
  public func response(_ letters: [String]) -> String { " \(answer(letters))\n" }

  /// The same task under another name, as a line of text to read: a number and another sign, none of the prompt's words.
  public func practice(_ letters: [String]) -> String {
    let number = 1 + (InstructionTask.allCases.firstIndex(of: self) ?? 0)
    return "rule \(number), \(letters.joined(separator: " ")) > \(answer(letters))\n"
  }

  /// The answer without what surrounds it.
  public func answer(_ letters: [String]) -> String {
    let list = letters.joined(separator: " ")
    return switch self {
    case .echo: list
    case .upper: list.uppercased()
    case .reverse: letters.reversed().joined(separator: " ")
    case .first: letters.first ?? ""
    case .last: letters.last ?? ""
    case .count: "\(letters.count)"
    case .sort: letters.sorted().joined(separator: " ")
    case .dash: letters.joined(separator: "-")
    case .quote: "\"\(list)\""
    case .json: "[" + letters.map { "\"\($0)\"" }.joined(separator: ", ") + "]"
    case .double: letters.flatMap { [$0, $0] }.joined(separator: " ")
    case .exclaim: list + "!"
    }
  }
}
