extension TemplateRenderer {
  mutating func applyFilter(
    _ name: String, to value: TemplateValue, _ arguments: TemplateArguments
  ) throws -> TemplateValue {
    switch name {
    case "default", "d":
      let isMissing = if case .undefined = value { true } else { false }
      let takesFalse = arguments[1, "boolean"]?.isTrue ?? false
      return isMissing || (takesFalse && !value.isTrue) ? arguments[0, "default_value"] ?? .string("") : value
    case "tojson": return try json(value, arguments)
    case "length", "count": return .integer(try length(value))
    case "string", "safe", "escape", "e", "forceescape": return .string(try text(of: value))
    case "trim", "upper", "lower", "title", "capitalize", "replace", "indent": return try text(name, value, arguments)
    case "int", "float", "abs", "round": return try number(name, value, arguments)
    case "items": return try callMethod("items", of: value, TemplateArguments())
    case "dictsort":
      let pairs = try elements(try callMethod("items", of: value, TemplateArguments()))
      let keys = pairs.map { if case .list(let pair) = $0 { pair[0] } else { $0 } }
      return .list(try sorted(pairs, by: keys, reverse: false))
    default: return try applyListFilter(name, to: value, arguments)
    }
  }

  private mutating func applyListFilter(
    _ name: String, to value: TemplateValue, _ arguments: TemplateArguments
  ) throws -> TemplateValue {
    let values = try elements(value)
    try step(values.count)
    switch name {
    case "first": return values.first ?? .undefined("first")
    case "last": return values.last ?? .undefined("last")
    case "list": return .list(values)
    case "reverse":
      if case .string(let text) = value { return .string(ScalarText(text.unicodeScalars.reversed()).text) }
      return .list(values.reversed())
    case "join":
      let path = arguments[1, "attribute"]
      let texts = try values.map { value in try text(of: path.map { try attribute(at: $0, of: value) } ?? value) }
      return try joined(texts, by: text(of: arguments[0, "d"] ?? .string("")))
    case "sort":
      let path = arguments[2, "attribute"]
      let keys = try values.map { value in
        let key = try path.map { try attribute(at: $0, of: value) } ?? value
        if case .string(let text) = key, arguments[1, "case_sensitive"]?.isTrue != true {
          return TemplateValue.string(text.lowercased())
        }
        return key
      }
      return .list(try sorted(values, by: keys, reverse: arguments[0, "reverse"]?.isTrue ?? false))
    case "unique":
      var seen: [TemplateValue] = []
      for value in values where try !seen.contains(where: { try areEqual($0, value) }) {
        try step(seen.count)
        seen.append(value)
      }
      return .list(seen)
    case "min", "max":
      let order = try sorted(values, by: values, reverse: name == "max")
      return order.first ?? .undefined(name)
    case "sum": return try values.reduce(.integer(0)) { try arithmetic("+", $0, $1) }
    case "map": return try map(values, arguments)
    case "select", "reject", "selectattr", "rejectattr": return try choose(name, values, arguments)
    default: throw failure("the filter '\(name)' is not supported")
    }
  }

  // MARK: Texts and numbers

  private mutating func json(_ value: TemplateValue, _ arguments: TemplateArguments) throws -> TemplateValue {
    var value = value
    if case .undefined = value { throw failure("\(value.kind) cannot be written as JSON") }
    let depth = try pay(for: value)
    if arguments.named["sort_keys"]?.isTrue == true { value = TemplateRenderer.sortingKeys(value) }
    let indent = (arguments[1, "indent"]?.int ?? arguments.named["indent"]?.int).map { max(0, $0) }
    if let indent {
      guard indent <= 64 else { throw failure("an indent of \(indent); the limit is 64") }
      for _ in 0..<min(depth, indent * depth / 8) { try pay(for: value) }  // every line has the spaces of its level
    }
    if case .list(let separators)? = arguments.named["separators"], separators.count == 2 {
      let (element, key) = (try self.text(of: separators[0]), try self.text(of: separators[1]))
      for _ in 0..<(element.utf8.count + key.utf8.count) / 32 { try pay(for: value) }
      return try checked(value.json(separators: (element, key)))
    }
    return try checked(value.json(indent: indent))
  }

  private static func sortingKeys(_ value: TemplateValue) -> TemplateValue {
    switch value {
    case .list(let values): .list(values.map(sortingKeys))
    case .object(let members):
      .object(
        members.sorted { $0.key.unicodeScalars.lexicographicallyPrecedes($1.key.unicodeScalars) }
          .map { ($0.key, sortingKeys($0.value)) })
    default: value
    }
  }

  func length(_ value: TemplateValue) throws -> Int {
    switch value {
    case .string(let text): return text.unicodeScalars.count
    case .list(let values): return values.count
    case .object(let members): return members.count
    case .undefined: return 0
    default: throw failure("\(value.kind) has no length")
    }
  }

  private mutating func text(
    _ name: String, _ value: TemplateValue, _ arguments: TemplateArguments
  ) throws -> TemplateValue {
    let text = try text(of: value)
    switch name {
    case "trim":
      try pay(charactersOf: text.utf8.count)
      let characters = arguments[0, "chars"].map { ScalarText($0.text) }
      return .string(ScalarText(text).stripped(characters, left: true, right: true).text)
    case "indent": return try indented(text, arguments)
    case "replace":
      var positional = arguments.positional
      if let count = arguments.named["count"] { positional.append(count) }
      return try callMethod("replace", of: .string(text), TemplateArguments(positional: positional))
    default: return try callMethod(name, of: .string(text), TemplateArguments())
    }
  }

  private mutating func indented(_ text: String, _ arguments: TemplateArguments) throws -> TemplateValue {
    let width = arguments[0, "width"]
    let filling =
      if case .string(let text)? = width { text } else {
        String(repeating: " ", count: min(max(0, width?.int ?? 4), 1000))
      }
    let (first, blank) = (arguments[1, "first"]?.isTrue ?? false, arguments[2, "blank"]?.isTrue ?? false)
    try pay(charactersOf: text.utf8.count)
    let lines = ScalarText(text).split(ScalarText("\n")).map(\.text)
    let (added, isOverflown) = lines.count.multipliedReportingOverflow(by: filling.utf8.count)
    try checkSize(text.utf8.count &+ added, isOverflown: isOverflown)
    return try checked(
      lines.enumerated().map { index, line in
        index == 0 ? (first ? filling + line : line) : (line.isEmpty && !blank ? line : filling + line)
      }.joined(separator: "\n"))
  }

  private func number(
    _ name: String, _ value: TemplateValue, _ arguments: TemplateArguments
  ) throws -> TemplateValue {
    var number = value.double
    if case .string(let text) = value { number = Double(ScalarText(text).stripped(nil, left: true, right: true).text) }
    switch name {
    case "int":
      if let int = value.int { return .integer(int) }
      guard let number, let int = Int(exactly: number.rounded(.towardZero)) else {
        return arguments[0, "default"] ?? .integer(0)
      }
      return .integer(int)
    case "float": return number.map { .number($0) } ?? arguments[0, "default"] ?? .number(0)
    case "abs":
      if let int = value.int, int != .min { return .integer(abs(int)) }
      guard let number else { throw failure("\(value.kind) has no absolute value") }
      return .number(abs(number))
    default:
      guard let number else { throw failure("\(value.kind) cannot be rounded") }
      var factor = 1.0
      for _ in 0..<min(max(0, arguments[0, "precision"]?.int ?? 0), 15) { factor *= 10 }
      let rule: FloatingPointRoundingRule =
        switch arguments[1, "method"]?.text {
        case "ceil": .up
        case "floor": .down
        default: .toNearestOrEven
        }
      return .number((number * factor).rounded(rule) / factor)
    }
  }

  // MARK: Lists

  private func attribute(at path: TemplateValue, of value: TemplateValue) throws -> TemplateValue {
    var value = value
    for name in ScalarText(path.text).split(ScalarText(".")).map(\.text) {
      if case .list(let values) = value, let index = Int(name) {
        value = values.indices.contains(index) ? values[index] : .undefined(name)
      } else if case .object = value {
        value = value[name] ?? .undefined(name)
      } else {
        value = try attribute(name, of: value)
      }
    }
    return value
  }

  private mutating func sorted(
    _ values: [TemplateValue], by keys: [TemplateValue], reverse: Bool
  ) throws -> [TemplateValue] {
    try step(4 * values.count)
    let order = try values.indices.sorted { a, b in
      if try precedes(keys[reverse ? b : a], keys[reverse ? a : b]) { return true }
      return try !precedes(keys[reverse ? a : b], keys[reverse ? b : a]) && a < b
    }
    return order.map { values[$0] }
  }

  private mutating func map(_ values: [TemplateValue], _ arguments: TemplateArguments) throws -> TemplateValue {
    if let path = arguments.named["attribute"] {
      return .list(
        try values.map {
          let value = try attribute(at: path, of: $0)
          if case .undefined = value { return arguments.named["default"] ?? value }
          return value
        })
    }
    guard let filter = arguments.positional.first?.text else { throw failure("'map' needs a filter or an attribute") }
    let rest = TemplateArguments(positional: Array(arguments.positional.dropFirst()), named: arguments.named)
    return .list(try values.map { try applyFilter(filter, to: $0, rest) })
  }

  private mutating func choose(
    _ name: String, _ values: [TemplateValue], _ arguments: TemplateArguments
  ) throws -> TemplateValue {
    var rest = arguments.positional
    let path = name.hasSuffix("attr") ? rest.first : nil
    if name.hasSuffix("attr") {
      guard path != nil else { throw failure("'\(name)' needs an attribute") }
      rest.removeFirst()
    }
    let keeps = name.hasPrefix("select")
    let test = rest.first?.text
    let testArguments = TemplateArguments(positional: Array(rest.dropFirst()))
    return .list(
      try values.filter { value in
        let subject = try path.map { try attribute(at: $0, of: value) } ?? value
        return try (test.map { try passes(subject, $0, testArguments) } ?? subject.isTrue) == keeps
      })
  }

  // MARK: Tests

  mutating func passes(_ value: TemplateValue, _ name: String, _ arguments: TemplateArguments) throws -> Bool {
    func argument() throws -> TemplateValue {
      guard let first = arguments.positional.first else { throw failure("the test '\(name)' needs a value") }
      return first
    }
    switch (name, value) {
    case ("defined", .undefined): return false
    case ("defined", _): return true
    case ("undefined", .undefined): return true
    case ("none", .none): return true
    case ("string", .string), ("mapping", .object), ("mapping", .namespace), ("boolean", .bool), ("integer", .integer),
      ("float", .number):
      return true
    case ("number", _): return value.double != nil
    case ("iterable", .list), ("iterable", .object), ("iterable", .string), ("iterable", .undefined),
      ("sequence", .list), ("sequence", .object), ("sequence", .string), ("sequence", .undefined):
      return true
    case ("callable", .macro), ("callable", .function): return true
    case ("true", .bool(let flag)): return flag
    case ("false", .bool(let flag)): return !flag
    case ("undefined", _), ("none", _), ("string", _), ("mapping", _), ("boolean", _), ("integer", _), ("float", _),
      ("iterable", _), ("sequence", _), ("callable", _), ("true", _), ("false", _):
      return false
    case ("equalto", _), ("eq", _), ("==", _), ("sameas", _): return try areEqual(value, argument())
    case ("ne", _), ("!=", _): return try !areEqual(value, argument())
    case ("in", _): return try compare("in", value, argument())
    case ("lt", _), ("lessthan", _), ("<", _): return try compare("<", value, argument())
    case ("le", _), ("<=", _): return try compare("<=", value, argument())
    case ("gt", _), ("greaterthan", _), (">", _): return try compare(">", value, argument())
    case ("ge", _), (">=", _): return try compare(">=", value, argument())
    case ("odd", _): return (value.int ?? 0) % 2 != 0
    case ("even", _): return (value.int ?? 1) % 2 == 0
    case ("divisibleby", _):
      guard let whole = value.int, let part = try argument().int, part != 0 else { return false }
      return whole.quotientAndRemainder(dividingBy: part == -1 ? 1 : part).remainder == 0
    case ("lower", .string(let text)): return text == text.lowercased() && text != text.uppercased()
    case ("upper", .string(let text)): return text == text.uppercased() && text != text.lowercased()
    default: throw failure("the test '\(name)' is not supported")
    }
  }
}

extension TemplateValue {
  /// Compact JSON with these separators between elements and behind keys.
  func json(separators: (element: String, key: String)) -> String {
    switch self {
    case .list(let values):
      "[" + values.map { $0.json(separators: separators) }.joined(separator: separators.element) + "]"
    case .object(let members):
      "{"
        + members.map {
          TemplateValue.string($0.key).json(indent: nil) + separators.key + $0.value.json(separators: separators)
        }
        .joined(separator: separators.element) + "}"
    default: json(indent: nil)
    }
  }
}
