import GroveCore

/// Runs a template. Its work, its depth and its output are bounded, so that an endless template is an error.
struct TemplateRenderer {
  /// Steps, counted in nodes and elements, that a template may take.
  static let stepLimit = 5_000_000
  /// The longest text, in bytes, that a template may make.
  static let sizeLimit = 1 << 24
  /// The longest list.
  static let listLimit = 1 << 20
  static let depthLimit = 100

  /// The names of one block; the outermost comes first.
  private var scopes: [[String: TemplateValue]]
  var namespaces: [[(key: String, value: TemplateValue)]] = []
  private var macros: [TemplateMacro] = []
  private var output = ""
  private var outputSize = 0
  private var steps = 0
  private var depth = 0
  var line = 1
  /// When the template runs, for `strftime_now`.
  let date: TemplateDate

  /// How a body ended.
  private enum Flow { case on, breaking, continuing }

  init(_ variables: [(key: String, value: TemplateValue)], date: TemplateDate) {
    scopes = [Dictionary(variables.map { ($0.key, $0.value) }) { $1 }, [:]]
    self.date = date
  }

  mutating func render(_ nodes: [TemplateNode]) throws -> String {
    _ = try run(nodes)
    return output
  }

  func failure(_ problem: String) -> TemplateProblem { TemplateProblem(line: line, problem: problem) }

  /// Counts work.
  mutating func step(_ count: Int = 1) throws {
    steps += count
    if steps > TemplateRenderer.stepLimit {
      throw failure("the template does not end: \(TemplateRenderer.stepLimit) steps were taken")
    }
  }

  /// A text that a template made, unless it is too long.
  func checked(_ text: String) throws -> TemplateValue {
    try checkSize(text.utf8.count)
    return .string(text)
  }

  func checked(_ list: [TemplateValue]) throws -> TemplateValue {
    guard list.count <= TemplateRenderer.listLimit else {
      throw failure("a list of \(list.count) elements; the limit is \(TemplateRenderer.listLimit)")
    }
    return .list(list)
  }

  mutating func deeper<Result>(_ body: (inout TemplateRenderer) throws -> Result) throws -> Result {
    depth += 1
    defer { depth -= 1 }
    guard depth <= TemplateRenderer.depthLimit else {
      throw failure("the template calls itself more than \(TemplateRenderer.depthLimit) levels deep")
    }
    return try body(&self)
  }

  /// The text that `{{ }}` writes.
  mutating func text(of value: TemplateValue) throws -> String {
    if value.isContainer { try pay(for: value) }
    return value.text
  }

  // MARK: Names

  func value(of name: String) -> TemplateValue {
    for scope in scopes.reversed() { if let value = scope[name] { return value } }
    let globals: Set<String> = ["range", "dict", "namespace", "raise_exception", "strftime_now"]
    return globals.contains(name) ? .function(.global(name)) : .undefined(name)
  }

  private mutating func assign(_ target: TemplateTarget, _ value: TemplateValue) throws {
    try pay(for: value)  // what is kept can be put into another value, and that into a third
    switch target {
    case .names(let names) where names.count == 1: scopes[scopes.count - 1][names[0]] = value
    case .names(let names):
      let values = try elements(value)
      guard values.count == names.count else {
        throw failure("\(values.count) values for \(names.count) names")
      }
      for (name, value) in zip(names, values) { scopes[scopes.count - 1][name] = value }
    case .field(let name, let field):
      guard case .namespace(let index) = self.value(of: name) else { throw failure("'\(name)' is no namespace") }
      if let place = namespaces[index].firstIndex(where: { $0.key == field }) {
        namespaces[index][place].value = value
      } else {
        namespaces[index].append((field, value))
      }
    }
  }

  // MARK: Statements

  private mutating func write(_ text: String) throws {
    outputSize += text.utf8.count
    guard outputSize <= TemplateRenderer.sizeLimit else {
      throw failure("the output is longer than \(TemplateRenderer.sizeLimit) bytes")
    }
    output += text
  }

  private mutating func run(_ nodes: [TemplateNode]) throws -> Flow {
    for node in nodes {
      try step()
      let flow = try run(node)
      if flow != .on { return flow }
    }
    return .on
  }

  private mutating func run(_ node: TemplateNode) throws -> Flow {
    switch node {
    case .text(let text): try write(text)
    case .output(let expression, let line):
      self.line = line
      try write(text(of: evaluate(expression)))
    case .branch(let branches, let line):
      for branch in branches {
        self.line = line
        if let condition = branch.condition, try !evaluate(condition).isTrue { continue }
        return try run(branch.body)
      }
    case .loop(let loop, let line):
      self.line = line
      try run(loop)
    case .set(let target, let expression, let line):
      self.line = line
      try assign(target, evaluate(expression))
    case .capture(let target, let body, let line):
      let text = try captured(body)
      self.line = line
      try assign(target, .string(text))
    case .macro(let macro):
      macros.append(macro)
      scopes[scopes.count - 1][macro.name] = .macro(macros.count - 1)
    case .block(let body): return try run(body)
    case .filtered(let filter, let arguments, let body, let line):
      let text = try captured(body)
      self.line = line
      try write(self.text(of: applyFilter(filter, to: .string(text), evaluate(arguments))))
    case .breakLoop: return .breaking
    case .continueLoop: return .continuing
    }
    return .on
  }

  /// What a body writes.
  private mutating func captured(_ body: [TemplateNode]) throws -> String {
    let before = output
    output = ""
    defer { output = before }
    scopes.append([:])
    defer { scopes.removeLast() }
    _ = try run(body)
    return output
  }

  private mutating func run(_ loop: TemplateLoop) throws {
    var values = try elements(try evaluate(loop.values))
    if let condition = loop.condition {
      values = try values.filter { value in
        try step()
        scopes.append([:])
        defer { scopes.removeLast() }
        try assign(loop.target, value)
        return try evaluate(condition).isTrue
      }
    }
    if values.isEmpty {
      _ = try run(loop.otherwise)
      return
    }
    for (index, value) in values.enumerated() {
      try step(10)  // a round costs more than a node, and may have none
      scopes.append(["loop": TemplateRenderer.loopState(values, index)])
      defer { scopes.removeLast() }
      try assign(loop.target, value)
      if try run(loop.body) == .breaking { break }
    }
  }

  private static func loopState(_ values: [TemplateValue], _ index: Int) -> TemplateValue {
    let count = values.count
    return .object([
      ("index", .integer(index + 1)), ("index0", .integer(index)), ("first", .bool(index == 0)),
      ("last", .bool(index == count - 1)), ("length", .integer(count)), ("revindex", .integer(count - index)),
      ("revindex0", .integer(count - index - 1)),
      ("previtem", index > 0 ? values[index - 1] : .undefined("previtem")),
      ("nextitem", index + 1 < count ? values[index + 1] : .undefined("nextitem")),
      ("cycle", .function(.method("cycle", of: .integer(index)))),
    ])
  }

  /// The elements of what can be looped over.
  func elements(_ value: TemplateValue) throws -> [TemplateValue] {
    switch value {
    case .list(let values): return values
    case .object(let members): return members.map { .string($0.key) }
    case .string(let text):
      guard text.utf8.count <= TemplateRenderer.listLimit else {
        throw failure("a text of \(text.utf8.count) bytes is looped over; the limit is \(TemplateRenderer.listLimit)")
      }
      return text.unicodeScalars.map { .string(String(Character($0))) }
    case .undefined: return []
    default: throw failure("\(value.kind) cannot be looped over")
    }
  }

  // MARK: Calls

  mutating func call(_ macro: Int, _ arguments: TemplateArguments) throws -> TemplateValue {
    try deeper { renderer in
      let macro = renderer.macros[macro]
      guard arguments.positional.count <= macro.parameters.count else {
        throw renderer.failure("'\(macro.name)' takes \(macro.parameters.count) arguments")
      }
      // A macro sees the names of the template, not those of where it is called.
      let outer = renderer.scopes
      renderer.scopes = Array(outer.prefix(2)) + [[:]]
      defer { renderer.scopes = outer }
      for (index, parameter) in macro.parameters.enumerated() {
        let value: TemplateValue
        if index < arguments.positional.count {
          value = arguments.positional[index]
        } else if let named = arguments.named[parameter.name] {
          value = named
        } else {
          value = try parameter.value.map { try renderer.evaluate($0) } ?? .undefined(parameter.name)
        }
        try renderer.pay(for: value)
        renderer.scopes[renderer.scopes.count - 1][parameter.name] = value
      }
      return try renderer.checked(renderer.captured(macro.body))
    }
  }
}

/// Arguments with their values.
struct TemplateArguments {
  var positional: [TemplateValue] = []
  var named: [String: TemplateValue] = [:]

  /// An argument by its place or its name.
  subscript(index: Int, name: String) -> TemplateValue? {
    index < positional.count ? positional[index] : named[name]
  }
}
