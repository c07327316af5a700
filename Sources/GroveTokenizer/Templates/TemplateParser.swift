/// Reads statements; `TemplateParser+Expressions` reads what stands in them.
struct TemplateParser {
  private var pieces: ArraySlice<TemplateLexer.Piece>
  /// The tokens of the tag at hand.
  var tokens: ArraySlice<TemplateLexer.Token> = []
  var line = 1
  var depth = 0
  /// Beyond this, nesting is an error: it bounds the stack.
  static let depthLimit = 100

  static func parse(_ source: String) throws -> [TemplateNode] {
    var parser = TemplateParser(pieces: try TemplateLexer.pieces(of: source)[...])
    return try parser.body(until: []).nodes
  }

  private init(pieces: ArraySlice<TemplateLexer.Piece>) { self.pieces = pieces }

  func failure(_ problem: String) -> TemplateProblem { TemplateProblem(line: line, problem: problem) }

  mutating func deeper<Result>(_ body: (inout TemplateParser) throws -> Result) throws -> Result {
    depth += 1
    defer { depth -= 1 }
    guard depth <= TemplateParser.depthLimit else {
      throw failure("nested deeper than \(TemplateParser.depthLimit) levels")
    }
    return try body(&self)
  }

  /// Statements up to a tag of one of these names, whose other tokens stay in `tokens`.
  private mutating func body(until ends: Set<String>) throws -> (nodes: [TemplateNode], end: String) {
    try deeper { parser in
      var nodes: [TemplateNode] = []
      while let piece = parser.pieces.popFirst() {
        switch piece {
        case .text(let text): nodes.append(.text(text))
        case .output(let tokens, let line):
          (parser.tokens, parser.line) = (tokens[...], line)
          nodes.append(.output(try parser.wholeExpression(), line: line))
        case .tag(let tokens, let line):
          (parser.tokens, parser.line) = (tokens[...], line)
          let name = try parser.name("the name of a tag")
          if ends.contains(name) { return (nodes, name) }
          nodes.append(try parser.statement(name))
        }
      }
      guard ends.isEmpty else { throw parser.failure("'\(ends.sorted()[0])' is missing") }
      return (nodes, "")
    }
  }

  private mutating func statement(_ name: String) throws -> TemplateNode {
    switch name {
    case "if": return try branch()
    case "for": return try loop()
    case "set": return try set()
    case "macro": return try macro()
    case "generation":
      try end()
      let inner = try body(until: ["endgeneration"]).nodes
      try end()
      return .block(inner)
    case "filter":
      let line = line
      let filter = try self.name("the name of a filter")
      let arguments = take("(") ? try self.arguments() : []
      try end()
      let inner = try body(until: ["endfilter"]).nodes
      try end()
      return .filtered(filter, arguments, inner, line: line)
    case "break", "continue":
      try end()
      return name == "break" ? .breakLoop : .continueLoop
    default: throw failure("the tag '\(name)' is not supported")
    }
  }

  private mutating func branch() throws -> TemplateNode {
    let line = line
    var branches: [(condition: TemplateExpression?, body: [TemplateNode])] = []
    var condition: TemplateExpression? = try wholeExpression()
    while true {
      let (nodes, end) = try body(until: condition == nil ? ["endif"] : ["elif", "else", "endif"])
      branches.append((condition, nodes))
      if end == "elif" { condition = try wholeExpression() } else { try self.end() }
      if end == "endif" { return .branch(branches, line: line) }
      if end == "else" { condition = nil }
    }
  }

  private mutating func loop() throws -> TemplateNode {
    let line = line
    let target = TemplateTarget.names(try names())
    guard takeName("in") else { throw failure("expected 'in'") }
    let values = try withoutCondition()
    let condition = takeName("if") ? try expression() : nil
    if takeName("recursive") { throw failure("recursive loops are not supported") }
    try end()
    let (inner, closing) = try body(until: ["else", "endfor"])
    try end()
    var otherwise: [TemplateNode] = []
    if closing == "else" {
      otherwise = try body(until: ["endfor"]).nodes
      try end()
    }
    return .loop(
      TemplateLoop(target: target, values: values, condition: condition, body: inner, otherwise: otherwise), line: line)
  }

  private mutating func set() throws -> TemplateNode {
    let line = line
    let first = try name("a name")
    let target: TemplateTarget
    if take(".") {
      target = .field(of: first, try name("a field"))
    } else {
      var names = [first]
      while take(",") { names.append(try name("a name")) }
      target = .names(names)
    }
    if take("=") { return .set(target, try wholeExpression(tuples: true), line: line) }
    try end()
    let inner = try body(until: ["endset"]).nodes
    try end()
    return .capture(target, inner, line: line)
  }

  private mutating func macro() throws -> TemplateNode {
    let name = try name("the name of a macro")
    guard take("(") else { throw failure("expected '('") }
    var parameters: [(name: String, value: TemplateExpression?)] = []
    while !take(")") {
      let parameter = try self.name("a parameter")
      parameters.append((parameter, take("=") ? try expression() : nil))
      if !take(","), tokens.first != .symbol(")") { throw failure("expected ',' or ')'") }
    }
    try end()
    let inner = try body(until: ["endmacro"]).nodes
    if case .name? = tokens.first { tokens.removeFirst() }
    try end()
    return .macro(TemplateMacro(name: name, parameters: parameters, body: inner))
  }

  // MARK: Tokens

  mutating func take(_ symbol: String) -> Bool {
    guard tokens.first == .symbol(symbol) else { return false }
    tokens.removeFirst()
    return true
  }

  mutating func takeName(_ name: String) -> Bool {
    guard tokens.first == .name(name) else { return false }
    tokens.removeFirst()
    return true
  }

  mutating func name(_ what: String) throws -> String {
    guard case .name(let name)? = tokens.first else { throw failure("expected \(what)") }
    tokens.removeFirst()
    return name
  }

  private mutating func names() throws -> [String] {
    let isEnclosed = take("(")
    var names = [try name("a name")]
    while take(",") { names.append(try name("a name")) }
    if isEnclosed, !take(")") { throw failure("expected ')'") }
    return names
  }

  private func end() throws {
    if !tokens.isEmpty { throw failure("more stands in the tag than belongs there") }
  }

  private mutating func wholeExpression(tuples: Bool = false) throws -> TemplateExpression {
    var value = try expression()
    if tuples, tokens.first == .symbol(",") {
      var values = [value]
      while take(",") { values.append(try expression()) }
      value = .list(values)
    }
    try end()
    return value
  }
}
