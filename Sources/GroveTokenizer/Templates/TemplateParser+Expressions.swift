extension TemplateParser {
  /// A whole expression, `a if b else c` included.
  mutating func expression() throws -> TemplateExpression {
    try deeper { parser in
      var value = try parser.withoutCondition()
      while parser.takeName("if") {
        let condition = try parser.withoutCondition()
        let otherwise = parser.takeName("else") ? try parser.expression() : nil
        value = .conditional(condition, value, otherwise)
      }
      return value
    }
  }

  mutating func withoutCondition() throws -> TemplateExpression {
    var left = try conjunction()
    while takeName("or") { left = .binary("or", left, try conjunction()) }
    return left
  }

  private mutating func conjunction() throws -> TemplateExpression {
    var left = try negation()
    while takeName("and") { left = .binary("and", left, try negation()) }
    return left
  }

  private mutating func negation() throws -> TemplateExpression {
    guard takeName("not") else { return try comparison() }
    return try deeper { .not(try $0.negation()) }
  }

  private mutating func comparison() throws -> TemplateExpression {
    let left = try sum()
    var rest: [(operation: String, value: TemplateExpression)] = []
    while true {
      if case .symbol(let symbol)? = tokens.first, ["==", "!=", "<", "<=", ">", ">="].contains(symbol) {
        tokens.removeFirst()
        rest.append((symbol, try sum()))
      } else if takeName("in") {
        rest.append(("in", try sum()))
      } else if tokens.first == .name("not"), tokens.dropFirst().first == .name("in") {
        tokens.removeFirst(2)
        rest.append(("not in", try sum()))
      } else {
        return rest.isEmpty ? left : .compared(left, rest)
      }
    }
  }

  private mutating func sum() throws -> TemplateExpression {
    var left = try joined()
    while case .symbol(let symbol)? = tokens.first, symbol == "+" || symbol == "-" {
      tokens.removeFirst()
      left = .binary(symbol, left, try joined())
    }
    return left
  }

  private mutating func joined() throws -> TemplateExpression {
    var left = try product()
    while take("~") { left = .binary("~", left, try product()) }
    return left
  }

  private mutating func product() throws -> TemplateExpression {
    var left = try power()
    while case .symbol(let symbol)? = tokens.first, ["*", "/", "//", "%"].contains(symbol) {
      tokens.removeFirst()
      left = .binary(symbol, left, try power())
    }
    return left
  }

  private mutating func power() throws -> TemplateExpression {
    var left = try unary()
    while take("**") { left = .binary("**", left, try unary()) }
    return left
  }

  /// A sign binds tighter than a filter does, as in Jinja: `-1 | abs` filters -1.
  private mutating func unary(filters: Bool = true) throws -> TemplateExpression {
    var value: TemplateExpression
    if take("-") {
      value = .negated(try deeper { try $0.unary(filters: false) })
    } else if take("+") {
      value = try deeper { try $0.unary(filters: false) }
    } else {
      value = try postfix(try primary())
    }
    while filters {
      if take("|") {
        let name = try name("the name of a filter")
        value = .filter(value, name, take("(") ? try arguments() : [])
      } else if takeName("is") {
        value = try test(value)
      } else if tokens.first == .symbol("(") {
        value = try postfix(value)
      } else {
        break
      }
    }
    return value
  }

  private mutating func test(_ value: TemplateExpression) throws -> TemplateExpression {
    let isNegated = takeName("not")
    let name = try name("the name of a test")
    var arguments: [TemplateArgument] = []
    switch tokens.first {
    case .symbol("(")?:
      tokens.removeFirst()
      arguments = try self.arguments()
    case .name(let next)? where ["else", "or", "and", "is", "if", "in", "not"].contains(next): break
    case .name?, .string?, .integer?, .number?, .symbol("[")?, .symbol("{")?:
      arguments = [TemplateArgument(name: nil, value: try postfix(try primary()))]
    default: break
    }
    return .test(value, name, arguments, isNegated: isNegated)
  }

  private mutating func postfix(_ start: TemplateExpression) throws -> TemplateExpression {
    var value = start
    while true {
      if take(".") {
        if case .integer(let index)? = tokens.first {
          tokens.removeFirst()
          value = .item(value, .constant(.integer(index)))
        } else {
          value = .attribute(value, try name("an attribute"))
        }
      } else if take("[") {
        value = try item(of: value)
      } else if take("(") {
        value = .call(value, try arguments())
      } else {
        return value
      }
    }
  }

  private mutating func item(of value: TemplateExpression) throws -> TemplateExpression {
    var parts: [TemplateExpression?] = [nil]
    var isSlice = false
    while !take("]") {
      if take(":") {
        isSlice = true
        parts.append(nil)
      } else {
        guard parts[parts.count - 1] == nil else { throw failure("expected ']'") }
        parts[parts.count - 1] = try expression()
      }
      if tokens.isEmpty { throw failure("expected ']'") }
    }
    guard parts.count <= 3 else { throw failure("a slice has at most three parts") }
    if isSlice { return .slice(value, parts[0], parts[1], parts.count > 2 ? parts[2] : nil) }
    guard let index = parts[0] else { throw failure("expected an index") }
    return .item(value, index)
  }

  /// The arguments of a call whose parenthesis is open.
  mutating func arguments() throws -> [TemplateArgument] {
    var arguments: [TemplateArgument] = []
    while !take(")") {
      if case .name(let name)? = tokens.first, tokens.dropFirst().first == .symbol("=") {
        tokens.removeFirst(2)
        arguments.append(TemplateArgument(name: name, value: try expression()))
      } else {
        arguments.append(TemplateArgument(name: nil, value: try expression()))
      }
      if !take(","), tokens.first != .symbol(")") { throw failure("expected ',' or ')'") }
    }
    return arguments
  }

  private mutating func primary() throws -> TemplateExpression {
    guard let token = tokens.popFirst() else { throw failure("expected an expression") }
    switch token {
    case .integer(let value): return .constant(.integer(value))
    case .number(let value): return .constant(.number(value))
    case .string(let first):
      var text = first
      while case .string(let next)? = tokens.first {
        tokens.removeFirst()
        text += next
      }
      return .constant(.string(text))
    case .name(let name):
      switch name {
      case "true", "True": return .constant(.bool(true))
      case "false", "False": return .constant(.bool(false))
      case "none", "None": return .constant(.none)
      default: return .name(name)
      }
    case .symbol("["): return .list(try list(until: "]"))
    case .symbol("("):
      if take(")") { return .list([]) }
      let first = try expression()
      if take(")") { return first }
      guard take(",") else { throw failure("expected ')'") }
      return .list([first] + (try list(until: ")")))
    case .symbol("{"): return try object()
    case .symbol(let symbol): throw failure("unexpected '\(symbol)'")
    }
  }

  private mutating func list(until close: String) throws -> [TemplateExpression] {
    var values: [TemplateExpression] = []
    while !take(close) {
      values.append(try expression())
      if !take(","), tokens.first != .symbol(close) { throw failure("expected ',' or '\(close)'") }
    }
    return values
  }

  private mutating func object() throws -> TemplateExpression {
    var members: [(key: TemplateExpression, value: TemplateExpression)] = []
    while !take("}") {
      let key = try expression()
      guard take(":") else { throw failure("expected ':'") }
      members.append((key, try expression()))
      if !take(","), tokens.first != .symbol("}") { throw failure("expected ',' or '}'") }
    }
    return .object(members)
  }
}
