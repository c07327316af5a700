extension ConfigDecoder {
  /// Reads a plain value; nil where the type is none.
  static func readLeaf<T>(_ type: T.Type, _ node: ConfigNode, _ field: [String]) throws -> T? {
    func refusal(_ expected: String) -> Refusal {
      Refusal(field: field, place: node.place, problem: "expected \(expected), found \(node.inWords)")
    }
    if type == Bool.self {
      guard case .bool(let value) = node.content else { throw refusal("true or false") }
      return value as? T
    }
    if type == String.self {
      guard case .text(let value) = node.content else { throw refusal("text (in quotes, if it looks like a number)") }
      return value as? T
    }
    if type == Double.self || type == Float.self {
      guard let value = number(node) else { throw refusal("a number") }
      return type == Double.self ? value as? T : Float(value) as? T
    }
    guard let integerType = type as? any FixedWidthInteger.Type else { return nil }
    guard let value = integer(node) else { throw refusal("an integer") }
    guard let exact = convert(value, to: integerType) else {
      throw refusal("an integer in \(range(of: integerType))")
    }
    return exact as? T
  }

  /// An enum over strings is written as the name of a case.
  static func refuseOtherThanName<T>(_ type: T.Type, _ node: ConfigNode, _ field: [String]) throws {
    guard let names = names(of: type) else { return }
    if case .text = node.content { return }
    let problem = "expected one of \(names.joined(separator: ", ")), found \(node.inWords)"
    throw Refusal(field: field, place: node.place, problem: problem)
  }

  /// Why a type refused a value that has the right kind.
  static func explain<T>(_ error: DecodingError, _ type: T.Type, _ node: ConfigNode) -> String {
    if let names = names(of: type), case .text(let text) = node.content {
      return "'\(text.prefix(60))' is not one of \(names.joined(separator: ", "))"
    }
    switch error {
    case .keyNotFound(let key, _): return "the key '\(key.stringValue)' is missing"
    case .dataCorrupted(let context), .typeMismatch(_, let context), .valueNotFound(_, let context):
      return "\(node.inWords) is not allowed here: \(context.debugDescription)"
    @unknown default: return "\(node.inWords) is not allowed here"
    }
  }

  /// The raw values of an enum over strings that lists its cases.
  private static func names<T>(of type: T.Type) -> [String]? {
    func list<Cases: CaseIterable>(_ type: Cases.Type) -> [String]? {
      let names = type.allCases.compactMap { ($0 as? any RawRepresentable)?.rawValue as? String }
      return names.isEmpty ? nil : names
    }
    guard let type = type as? any CaseIterable.Type else { return nil }
    return list(type)
  }

  private static func number(_ node: ConfigNode) -> Double? {
    switch node.content {
    case .integer(let value): Double(value)
    case .number(let value): value
    default: nil
    }
  }

  /// Also "1e6", which is how one writes many tokens.
  private static func integer(_ node: ConfigNode) -> Int? {
    switch node.content {
    case .integer(let value): value
    case .number(let value): Int(exactly: value)
    default: nil
    }
  }

  private static func convert<Integer: FixedWidthInteger>(_ value: Int, to type: Integer.Type) -> Any? {
    Integer(exactly: value)
  }

  private static func range<Integer: FixedWidthInteger>(of type: Integer.Type) -> String {
    "\(Integer.min)...\(Integer.max)"
  }
}
