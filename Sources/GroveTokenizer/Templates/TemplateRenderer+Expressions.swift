extension TemplateRenderer {
  mutating func evaluate(_ arguments: [TemplateArgument]) throws -> TemplateArguments {
    var values = TemplateArguments()
    for argument in arguments {
      let value = try evaluate(argument.value)
      if let name = argument.name { values.named[name] = value } else { values.positional.append(value) }
    }
    return values
  }

  mutating func evaluate(_ expression: TemplateExpression) throws -> TemplateValue {
    try step()
    switch expression {
    case .constant(let value): return value
    case .name(let name): return value(of: name)
    case .list(let values): return .list(try values.map { try evaluate($0) })
    case .object(let members):
      return .object(try members.map { (key: try evaluate($0.key).text, value: try evaluate($0.value)) })
    case .attribute(let owner, let name): return try attribute(name, of: evaluate(owner))
    case .item(let owner, let index): return try item(evaluate(index), of: evaluate(owner))
    case .slice(let owner, let start, let stop, let stride):
      let parts = try [start, stop, stride].map { try $0.map { try evaluate($0) } ?? .none }
      return try slice(evaluate(owner), parts)
    case .call(let callee, let arguments):
      return try call(try evaluate(callee), try evaluate(arguments))
    case .filter(let value, let name, let arguments):
      return try applyFilter(name, to: evaluate(value), evaluate(arguments))
    case .test(let value, let name, let arguments, let isNegated):
      return .bool(try passes(evaluate(value), name, evaluate(arguments)) != isNegated)
    case .not(let value): return .bool(try !evaluate(value).isTrue)
    case .negated(let value): return try arithmetic("-", .integer(0), evaluate(value))
    case .binary(let operation, let left, let right): return try binary(operation, left, right)
    case .compared(let first, let rest):
      var left = try evaluate(first)
      for (operation, expression) in rest {
        let right = try evaluate(expression)
        if try !compare(operation, left, right) { return .bool(false) }
        left = right
      }
      return .bool(true)
    case .conditional(let condition, let value, let otherwise):
      if try evaluate(condition).isTrue { return try evaluate(value) }
      return try otherwise.map { try evaluate($0) } ?? .undefined("")
    }
  }

  private mutating func call(_ callee: TemplateValue, _ arguments: TemplateArguments) throws -> TemplateValue {
    switch callee {
    case .macro(let macro): return try call(macro, arguments)
    case .function(.global(let name)): return try callGlobal(name, arguments)
    case .function(.method(let name, let owner)): return try callMethod(name, of: owner, arguments)
    default: throw failure("\(callee.kind) cannot be called")
    }
  }

  // MARK: Operators

  private mutating func binary(
    _ operation: String, _ left: TemplateExpression, _ right: TemplateExpression
  ) throws -> TemplateValue {
    let first = try evaluate(left)
    switch operation {
    case "and": return first.isTrue ? try evaluate(right) : first
    case "or": return first.isTrue ? first : try evaluate(right)
    case "~":
      let (head, tail) = (try text(of: first), try text(of: evaluate(right)))
      try pay(bytes: head.utf8.count + tail.utf8.count)
      return try checked(head + tail)
    default: return try arithmetic(operation, first, evaluate(right))
    }
  }

  mutating func arithmetic(_ operation: String, _ a: TemplateValue, _ b: TemplateValue) throws -> TemplateValue {
    switch (operation, a, b) {
    case ("+", .string(let x), .string(let y)):
      try pay(bytes: x.utf8.count + y.utf8.count)
      return try checked(x + y)
    case ("+", .list(let x), .list(let y)):
      try pay(bytes: 32 * (x.count + y.count))
      return try checked(x + y)
    case ("*", .string(let text), _):
      guard let count = b.int else { break }
      guard text.utf8.count.multipliedReportingOverflow(by: max(0, count)).partialValue <= TemplateRenderer.sizeLimit,
        count <= TemplateRenderer.sizeLimit
      else { throw failure("a text is repeated \(count) times; it would be too long") }
      try pay(charactersOf: text.utf8.count * max(0, count) / 8 + max(0, count))
      return try checked(String(repeating: text, count: max(0, count)))
    default: break
    }
    if let x = a.int, let y = b.int, operation != "/" { return try integerArithmetic(operation, x, y) }
    guard let x = a.double, let y = b.double else {
      throw failure("'\(operation)' does not go with \(a.kind) and \(b.kind)")
    }
    if y == 0, ["/", "//", "%"].contains(operation) { throw failure("division by zero") }
    switch operation {
    case "+": return .number(x + y)
    case "-": return .number(x - y)
    case "*": return .number(x * y)
    case "/": return .number(x / y)
    case "//": return .number((x / y).rounded(.down))
    case "%": return .number(x - y * (x / y).rounded(.down))
    default: throw failure("'\(operation)' does not go with \(a.kind) and \(b.kind)")
    }
  }

  private func integerArithmetic(_ operation: String, _ x: Int, _ y: Int) throws -> TemplateValue {
    let result: (partialValue: Int, overflow: Bool)
    switch operation {
    case "+": result = x.addingReportingOverflow(y)
    case "-": result = x.subtractingReportingOverflow(y)
    case "*": result = x.multipliedReportingOverflow(by: y)
    case "//", "%":
      guard y != 0 else { throw failure("division by zero") }
      let (quotient, overflow) = x.dividedReportingOverflow(by: y)
      guard !overflow else { throw failure("the result has more than 64 bits") }
      let remainder = x - quotient * y
      let isBelow = remainder != 0 && (remainder < 0) != (y < 0)
      return .integer(operation == "//" ? quotient - (isBelow ? 1 : 0) : remainder + (isBelow ? y : 0))
    case "**":
      guard (0...64).contains(y) else { throw failure("the power \(y) is outside 0 to 64") }
      var power: (partialValue: Int, overflow: Bool) = (1, false)
      for _ in 0..<y where !power.overflow { power = power.partialValue.multipliedReportingOverflow(by: x) }
      result = power
    default: throw failure("'\(operation)' does not go with integers")
    }
    guard !result.overflow else { throw failure("the result has more than 64 bits") }
    return .integer(result.partialValue)
  }

  mutating func compare(_ operation: String, _ a: TemplateValue, _ b: TemplateValue) throws -> Bool {
    switch operation {
    case "==": return try areEqual(a, b)
    case "!=": return try !areEqual(a, b)
    case "in": return try contains(b, a)
    case "not in": return try !contains(b, a)
    case "<": return try precedes(a, b)
    case ">": return try precedes(b, a)
    case "<=": return try !precedes(b, a)
    default: return try !precedes(a, b)
    }
  }

  mutating func precedes(_ a: TemplateValue, _ b: TemplateValue) throws -> Bool {
    if let x = a.double, let y = b.double { return x < y }
    if case .string(let x) = a, case .string(let y) = b {
      try pay(bytes: min(x.utf8.count, y.utf8.count))
      return x.unicodeScalars.lexicographicallyPrecedes(y.unicodeScalars)
    }
    throw failure("\(a.kind) and \(b.kind) have no order")
  }

  private mutating func contains(_ whole: TemplateValue, _ part: TemplateValue) throws -> Bool {
    switch whole {
    case .list(let values): return try values.contains { try areEqual($0, part) }
    case .object(let members):
      guard case .string(let key) = part else { return false }
      return members.contains { $0.key.unicodeScalars.elementsEqual(key.unicodeScalars) }
    case .string(let text):
      guard case .string(let needle) = part else { throw failure("'in' a string needs a string, not \(part.kind)") }
      try pay(charactersOf: text.utf8.count + needle.utf8.count)
      return ScalarText(text).find(ScalarText(needle)) != nil
    case .undefined: return false
    default: throw failure("'in' does not go with \(whole.kind)")
    }
  }

  // MARK: Parts of values

  private static let methods: [String: Set<String>] = [
    "string": [
      "strip", "lstrip", "rstrip", "split", "rsplit", "splitlines", "startswith", "endswith", "upper", "lower", "title",
      "capitalize", "replace", "join", "find", "rfind", "count", "isdigit", "isalpha", "isspace", "isupper", "islower",
      "removeprefix", "removesuffix", "partition", "rpartition", "format",
    ],
    "object": ["get", "items", "keys", "values", "copy"], "list": ["index", "count", "copy"],
  ]

  func attribute(_ name: String, of owner: TemplateValue) throws -> TemplateValue {
    func method(_ kind: String) -> TemplateValue? {
      TemplateRenderer.methods[kind]?.contains(name) == true ? .function(.method(name, of: owner)) : nil
    }
    switch owner {
    case .object: return method("object") ?? owner[name] ?? .undefined(name)
    case .string: return method("string") ?? .undefined(name)
    case .list: return method("list") ?? .undefined(name)
    case .namespace(let index): return namespaces[index].last { $0.key == name }?.value ?? .undefined(name)
    case .undefined: throw failure("\(owner.kind) has no '\(name)'")
    default: return .undefined(name)
    }
  }

  private mutating func item(_ index: TemplateValue, of owner: TemplateValue) throws -> TemplateValue {
    if case .string(let key) = index {
      if case .object = owner { return owner[key] ?? .undefined(key) }
      return try attribute(key, of: owner)
    }
    guard let place = index.int else { return .undefined(index.text) }
    switch owner {
    case .list(let values):
      let at = place < 0 ? values.count + place : place
      return values.indices.contains(at) ? values[at] : .undefined("[\(place)]")
    case .string(let text):
      try pay(charactersOf: text.utf8.count)
      let scalars = Array(text.unicodeScalars)
      let at = place < 0 ? scalars.count + place : place
      return scalars.indices.contains(at) ? .string(String(Character(scalars[at]))) : .undefined("[\(place)]")
    case .undefined: throw failure("\(owner.kind) has no element \(place)")
    default: return .undefined("[\(place)]")
    }
  }

  private mutating func slice(_ owner: TemplateValue, _ parts: [TemplateValue]) throws -> TemplateValue {
    func bound(_ value: TemplateValue) throws -> Int? {
      if case .none = value { return nil }
      guard let bound = value.int else { throw failure("a slice from \(value.kind)") }
      return bound
    }
    let (start, stop, step) = (try bound(parts[0]), try bound(parts[1]), try bound(parts[2]) ?? 1)
    guard step != 0, step != .min else { throw failure("a slice with the step \(step)") }
    func indices(_ count: Int) -> [Int] {
      func clamped(_ bound: Int?, _ missing: Int) -> Int {
        guard let bound else { return missing }
        let place = bound < 0 ? max(bound, -count - 1) + count : bound
        return step > 0 ? min(max(place, 0), count) : min(max(place, -1), count - 1)
      }
      let from = clamped(start, step > 0 ? 0 : count - 1)
      let to = clamped(stop, step > 0 ? count : -1)
      return Array(stride(from: from, to: to, by: step))
    }
    switch owner {
    case .list(let values):
      try pay(bytes: 8 * values.count)
      return .list(indices(values.count).map { values[$0] })
    case .string(let text):
      try pay(charactersOf: text.utf8.count)
      let scalars = Array(text.unicodeScalars)
      return .string(String(String.UnicodeScalarView(indices(scalars.count).map { scalars[$0] })))
    default: throw failure("\(owner.kind) has no slices")
    }
  }
}
