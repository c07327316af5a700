import Yams

extension JSONValue {
  /// The tree as YAML in block style, keys in their order; lists of plain values stand on one line.
  /// Every text that some YAML reader could take for a number, a date or a switch is quoted.
  func yamlText() throws -> String {
    if case .object(let members) = self, members.isEmpty { return "" }
    do {
      return try serialize(node: yamlNode, indent: 2, width: -1, allowUnicode: true)
    } catch {
      throw GroveError(.config, "", "cannot be written as YAML: \(error)", cause: error)
    }
  }

  private var yamlNode: Node {
    switch self {
    case .null: return Node("null", .implicit, .plain)
    case .bool(let value): return Node("\(value)", .implicit, .plain)
    case .integer(let value): return Node("\(value)", .implicit, .plain)
    case .number(let value): return Node(JSONValue.yamlNumber(value), .implicit, .plain)
    case .string(let value): return JSONValue.yamlString(value)
    case .array(let elements):
      let isFlat = elements.allSatisfy { $0.arrayValue == nil && $0.objectValue == nil }
      return Node(elements.map(\.yamlNode), .implicit, isFlat ? .flow : .block)
    case .object(let members):
      let pairs = members.map { (JSONValue.yamlString($0.key), $0.value.yamlNode) }
      return Node(pairs, .implicit, members.isEmpty ? .flow : .block)
    }
  }

  private static func yamlNumber(_ value: Double) -> String {
    if value.isNaN { return ".nan" }
    if value.isInfinite { return value < 0 ? "-.inf" : ".inf" }
    let text = "\(value)"
    // YAML 1.1 readers take "1e-05" for text, and "1.0e-05" for the number.
    guard let exponent = text.firstIndex(of: "e"), !text.contains(".") else { return text }
    return "\(text[..<exponent]).0\(text[exponent...])"
  }

  private static func yamlString(_ text: String) -> Node {
    let switches = ["y", "n", "yes", "no", "on", "off", "true", "false", "null"]
    let isWord = text.first.map { $0.isLetter || $0 == "_" || $0 == "/" } ?? false
    let isSafe = isWord && !switches.contains(text.lowercased()) && !text.contains { $0.isNewline || $0 == "\t" }
    return Node(text, .implicit, isSafe ? .any : .doubleQuoted)
  }
}
