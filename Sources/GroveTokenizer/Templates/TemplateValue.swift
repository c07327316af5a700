import GroveCore

/// A value in a chat template, with the meaning that it has in Python.
indirect enum TemplateValue: Sendable {
  case undefined(String)
  case none
  case bool(Bool)
  case integer(Int)
  case number(Double)
  case string(String)
  case list([TemplateValue])
  case object([(key: String, value: TemplateValue)])
  /// Fields that a template may set: `namespace(...)`.
  case namespace(Int)
  case macro(Int)
  /// A method of a value, or a global function.
  case function(TemplateFunction)

  init(_ json: JSONValue) {
    switch json {
    case .null: self = .none
    case .bool(let value): self = .bool(value)
    case .integer(let value): self = .integer(value)
    case .number(let value): self = .number(value)
    case .string(let value): self = .string(value)
    case .array(let values): self = .list(values.map { TemplateValue($0) })
    case .object(let members): self = .object(members.map { ($0.key, TemplateValue($0.value)) })
    }
  }

  /// Whether Python takes it for true.
  var isTrue: Bool {
    switch self {
    case .undefined, .none: false
    case .bool(let value): value
    case .integer(let value): value != 0
    case .number(let value): value != 0
    case .string(let value): !value.isEmpty
    case .list(let values): !values.isEmpty
    case .object(let members): !members.isEmpty
    case .namespace, .macro, .function: true
    }
  }

  /// What errors call the kind.
  var kind: String {
    switch self {
    case .undefined(let name): name.isEmpty ? "an undefined value" : "the undefined '\(name)'"
    case .none: "none"
    case .bool: "a boolean"
    case .integer: "an integer"
    case .number: "a number"
    case .string: "a string"
    case .list: "a list"
    case .object: "a mapping"
    case .namespace: "a namespace"
    case .macro: "a macro"
    case .function: "a function"
    }
  }

  /// The number, where it is one; true counts as 1.
  var double: Double? {
    switch self {
    case .bool(let value): value ? 1 : 0
    case .integer(let value): Double(value)
    case .number(let value): value
    default: nil
    }
  }

  var int: Int? {
    switch self {
    case .bool(let value): value ? 1 : 0
    case .integer(let value): value
    default: nil
    }
  }

  /// The text that `{{ }}` writes.
  var text: String {
    switch self {
    case .undefined: ""
    case .string(let value): value
    default: representation
    }
  }

  /// Python's `repr`.
  var representation: String {
    switch self {
    case .undefined: "Undefined"
    case .none: "None"
    case .bool(let value): value ? "True" : "False"
    case .integer(let value): String(value)
    case .number(let value): TemplateValue.text(of: value)
    case .string(let value): TemplateValue.quoted(value)
    case .list(let values): "[" + values.map(\.representation).joined(separator: ", ") + "]"
    case .object(let members):
      "{" + members.map { "\(TemplateValue.quoted($0.key)): \($0.value.representation)" }.joined(separator: ", ") + "}"
    case .namespace: "<Namespace>"
    case .macro: "<Macro>"
    case .function: "<function>"
    }
  }

  static func text(of value: Double) -> String {
    if value.isNaN { return "nan" }
    if value.isInfinite { return value < 0 ? "-inf" : "inf" }
    return "\(value)"
  }

  private static func quoted(_ text: String) -> String {
    let quote: Unicode.Scalar = text.unicodeScalars.contains("'") && !text.unicodeScalars.contains("\"") ? "\"" : "'"
    var output = String.UnicodeScalarView([quote])
    for character in text.unicodeScalars {
      switch character {
      case "\n": output += "\\n".unicodeScalars
      case "\r": output += "\\r".unicodeScalars
      case "\t": output += "\\t".unicodeScalars
      case "\\": output += "\\\\".unicodeScalars
      case quote: output += ["\\", quote]
      case let other where other.value < 0x20 || other.value == 0x7F:
        let digits = String(other.value, radix: 16)
        output += "\\x\(digits.count == 1 ? "0" : "")\(digits)".unicodeScalars
      default: output.append(character)
      }
    }
    output.append(quote)
    return String(output)
  }

  /// Equality as Python has it: 1 == 1.0 == True, and texts by their characters.
  static func equal(_ a: TemplateValue, _ b: TemplateValue) -> Bool {
    if let x = a.double, let y = b.double { return x == y }
    switch (a, b) {
    case (.undefined, .undefined), (.none, .none): return true
    case (.string(let x), .string(let y)): return x.utf8.count == y.utf8.count && x.utf8.elementsEqual(y.utf8)
    case (.list(let x), .list(let y)): return x.elementsEqual(y, by: equal)
    case (.object(let x), .object(let y)):
      return x.count == y.count
        && x.allSatisfy { member in y.first { $0.key == member.key }.map { equal($0.value, member.value) } ?? false }
    case (.namespace(let x), .namespace(let y)), (.macro(let x), .macro(let y)): return x == y
    default: return false
    }
  }

  /// The value under a key of a mapping.
  subscript(key: String) -> TemplateValue? {
    guard case .object(let members) = self else { return nil }
    return members.last { $0.key == key }?.value
  }

  /// JSON as `json.dumps(ensure_ascii=False)` writes it.
  func json(indent: Int?, level: Int = 0) -> String {
    func joined(_ parts: [String], _ open: String, _ close: String) -> String {
      guard let indent, !parts.isEmpty else { return open + parts.joined(separator: ", ") + close }
      let line = "\n" + String(repeating: " ", count: indent * (level + 1))
      return open + line + parts.joined(separator: "," + line) + "\n" + String(repeating: " ", count: indent * level)
        + close
    }
    switch self {
    case .undefined, .none, .namespace, .macro, .function: return "null"
    case .bool(let value): return value ? "true" : "false"
    case .integer, .number: return text
    case .string(let value): return TemplateValue.jsonString(value)
    case .list(let values): return joined(values.map { $0.json(indent: indent, level: level + 1) }, "[", "]")
    case .object(let members):
      return joined(
        members.map { TemplateValue.jsonString($0.key) + ": " + $0.value.json(indent: indent, level: level + 1) },
        "{", "}")
    }
  }

  private static func jsonString(_ text: String) -> String {
    var output = "\""
    for character in text.unicodeScalars {
      switch character {
      case "\"": output += "\\\""
      case "\\": output += "\\\\"
      case "\n": output += "\\n"
      case "\r": output += "\\r"
      case "\t": output += "\\t"
      case "\u{8}": output += "\\b"
      case "\u{C}": output += "\\f"
      case let other where other.value < 0x20:
        let digits = String(other.value, radix: 16)
        output += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: output.unicodeScalars.append(character)
      }
    }
    return output + "\""
  }
}

/// Something that a template can call besides its macros.
enum TemplateFunction: Sendable {
  case global(String)
  case method(String, of: TemplateValue)
}
