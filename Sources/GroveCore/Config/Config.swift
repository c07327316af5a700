/// A documented value that comes from a YAML file: every field has a default, and an unknown key is an error.
///
/// No field is optional: where a value may be derived, `automatic` is a case.
public protocol Config: Codable, Equatable, Sendable {
  /// Every field at its default.
  init()
  /// All that is wrong with the values, by field path relative to this config.
  func issues() -> [ConfigIssue]
}

/// One thing that is wrong with a config.
public struct ConfigIssue: Equatable, Sendable, CustomStringConvertible {
  /// Dots between keys: "model.attention.heads".
  public let field: String
  /// What is wrong, with the value.
  public let problem: String

  public init(_ field: String, _ problem: String) {
    self.field = field
    self.problem = problem
  }

  /// One for each value, by its field, that is not above 0.
  public static func notPositive<Value: Comparable & ExpressibleByIntegerLiteral>(
    _ values: KeyValuePairs<String, Value>
  ) -> [ConfigIssue] {
    // What is not a number is not above 0 either.
    values.filter { !($0.value > 0) }.map { ConfigIssue($0.key, "\($0.value) is not positive") }
  }

  public var description: String { "\(field): \(problem)" }
}

extension Array where Element == ConfigIssue {
  /// The issues of a part, seen from its parent.
  public func under(_ field: String) -> [ConfigIssue] { map { ConfigIssue("\(field).\($0.field)", $0.problem) } }
}
