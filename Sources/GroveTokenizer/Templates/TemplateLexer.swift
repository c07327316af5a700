/// Cuts a template into text and the tokens of its tags, with Jinja's rules for white space: `trim_blocks` and
/// `lstrip_blocks` on, as `transformers` sets them.
struct TemplateLexer {
  /// A piece of a template.
  enum Piece {
    case text(String)
    case output([Token], line: Int)
    case tag([Token], line: Int)
  }

  /// A token inside a tag.
  enum Token: Equatable {
    case name(String)
    case string(String)
    case integer(Int)
    case number(Double)
    case symbol(String)
  }

  private let source: [Unicode.Scalar]
  private var at = 0
  private var line = 1
  private var pieces: [Piece] = []
  private var text: [Unicode.Scalar] = []
  /// Whether the text begins where a line does.
  private var startsLine = true

  static func pieces(of source: String) throws -> [Piece] {
    var lexer = TemplateLexer(source)
    try lexer.run()
    return lexer.pieces
  }

  private init(_ source: String) {
    var scalars: [Unicode.Scalar] = []
    for character in source.unicodeScalars {
      if character == "\n", scalars.last == "\r" { scalars.removeLast() }
      scalars.append(character)
    }
    for index in scalars.indices where scalars[index] == "\r" { scalars[index] = "\n" }
    if scalars.last == "\n" { scalars.removeLast() }
    self.source = scalars
  }

  private func character(_ offset: Int = 0) -> Unicode.Scalar? {
    at + offset < source.count ? source[at + offset] : nil
  }

  private mutating func advance(_ count: Int = 1) {
    for _ in 0..<count {
      if source[at] == "\n" { line += 1 }
      at += 1
    }
  }

  private func failure(_ problem: String) -> TemplateProblem { TemplateProblem(line: line, problem: problem) }

  private mutating func run() throws {
    while let first = character() {
      guard first == "{", let second = character(1), ["{", "%", "#"].contains(second) else {
        text.append(first)
        advance()
        continue
      }
      let sign = character(2)
      trimBefore(sign: sign, isOutput: second == "{")
      let startLine = line
      advance(sign == "-" || sign == "+" ? 3 : 2)
      switch second {
      case "#": try skipComment()
      case "{":
        pieces.append(.output(try tokens(until: "}"), line: startLine))
        trimAfter(isOutput: true)
      default:
        let tokens = try tokens(until: "%")
        trimAfter(isOutput: false)
        if tokens == [.name("raw")] { try takeRaw() } else { pieces.append(.tag(tokens, line: startLine)) }
      }
    }
    flush()
  }

  private mutating func flush() {
    if !text.isEmpty { pieces.append(.text(String(String.UnicodeScalarView(text)))) }
    text.removeAll()
  }

  private mutating func trimBefore(sign: Unicode.Scalar?, isOutput: Bool) {
    if sign == "-" {
      while let last = text.last, last.properties.isWhitespace { text.removeLast() }
    } else if sign != "+", !isOutput {
      var end = text.count
      while end > 0, text[end - 1] != "\n", text[end - 1].properties.isWhitespace { end -= 1 }
      if end > 0 ? text[end - 1] == "\n" : startsLine { text.removeLast(text.count - end) }
    }
    flush()
  }

  /// What the end of a tag takes with it. `lastSign` is the sign before the brace.
  private mutating func trimAfter(isOutput: Bool) {
    startsLine = false
    switch lastSign {
    case "-":
      while let next = character(), next.properties.isWhitespace {
        startsLine = next == "\n"
        advance()
      }
    case "+": return
    default:
      guard !isOutput, character() == "\n" else { return }
      advance()
      startsLine = true
    }
  }

  private var lastSign: Unicode.Scalar?

  private mutating func skipComment() throws {
    while at < source.count, !(character() == "#" && character(1) == "}") { advance() }
    guard at < source.count else { throw failure("a comment does not end") }
    lastSign = at > 0 ? source[at - 1] : nil
    advance(2)
    trimAfter(isOutput: false)
  }

  private mutating func takeRaw() throws {
    while at < source.count {
      if character() == "{", character(1) == "%" {
        let (start, startLine) = (at, line)
        let sign = character(2)
        advance(sign == "-" || sign == "+" ? 3 : 2)
        if (try? tokens(until: "%")) == [.name("endraw")] {
          let end = (at, line)
          (at, line) = (start, startLine)
          trimBefore(sign: sign, isOutput: false)
          (at, line) = end
          return trimAfter(isOutput: false)
        }
        (at, line) = (start, startLine)
      }
      text.append(source[at])
      advance()
    }
    throw failure("raw has no endraw")
  }

  // MARK: Tokens

  private static let symbols = [
    "**", "//", "==", "!=", "<=", ">=", "+", "-", "*", "/", "%", "~", "<", ">", "=", "(", ")", "[", "]", "{", "}", ".",
    ",",
    ":", "|",
  ]

  /// The tokens up to `-%}`, `%}` and so on; braces inside are counted, so that a mapping may end a tag.
  private mutating func tokens(until close: Unicode.Scalar) throws -> [Token] {
    var tokens: [Token] = []
    var depth = 0
    while let next = character() {
      if next.properties.isWhitespace {
        advance()
        continue
      }
      let hasSign = (next == "-" || next == "+") && character(1) == close && character(2) == "}"
      if depth == 0, hasSign || (next == close && character(1) == "}") {
        lastSign = hasSign ? next : nil
        advance(hasSign ? 3 : 2)
        return tokens
      }
      let token = try token(next)
      if case .symbol(let symbol) = token {
        if ["(", "[", "{"].contains(symbol) { depth += 1 }
        if [")", "]", "}"].contains(symbol) { depth -= 1 }
      }
      tokens.append(token)
    }
    throw failure("a tag does not end")
  }

  private mutating func token(_ first: Unicode.Scalar) throws -> Token {
    if first == "'" || first == "\"" { return .string(try string(first)) }
    if first.properties.isXIDStart || first == "_" {
      var name = String.UnicodeScalarView()
      while let next = character(), next.properties.isXIDContinue || next == "_" {
        name.append(next)
        advance()
      }
      return .name(String(name))
    }
    if ("0"..."9").contains(first) { return try number() }
    for symbol in TemplateLexer.symbols {
      let scalars = Array(symbol.unicodeScalars)
      if scalars.indices.allSatisfy({ character($0) == scalars[$0] }) {
        advance(scalars.count)
        return .symbol(symbol)
      }
    }
    throw failure("unexpected character '\(first)'")
  }

  private mutating func number() throws -> Token {
    var digits = ""
    func isDigit(_ scalar: Unicode.Scalar?) -> Bool { scalar.map { ("0"..."9").contains($0) } ?? false }
    while let next = character(), isDigit(next) || next == "_" {
      if next != "_" { digits.unicodeScalars.append(next) }
      advance()
    }
    var isInteger = true
    if character() == ".", isDigit(character(1)) {
      isInteger = false
      digits += "."
      advance()
      while let next = character(), isDigit(next) {
        digits.unicodeScalars.append(next)
        advance()
      }
    }
    let signed = character(1) == "-" || character(1) == "+"
    if character() == "e" || character() == "E", isDigit(character(signed ? 2 : 1)) {
      isInteger = false
      repeat {
        digits.unicodeScalars.append(source[at])
        advance()
      } while isDigit(character()) || character() == "-" || character() == "+"
    }
    if isInteger {
      guard let value = Int(digits) else { throw failure("the number \(digits.prefix(30)) is too large") }
      return .integer(value)
    }
    return .number(Double(digits) ?? 0)
  }

  private mutating func string(_ quote: Unicode.Scalar) throws -> String {
    advance()
    var output = String.UnicodeScalarView()
    while let next = character(), next != quote {
      advance()
      if next != "\\" {
        output.append(next)
      } else {
        try escape(into: &output)
      }
    }
    guard character() == quote else { throw failure("a string does not end") }
    advance()
    return String(output)
  }

  private mutating func escape(into output: inout String.UnicodeScalarView) throws {
    guard let kind = character() else { throw failure("a string does not end") }
    advance()
    switch kind {
    case "n": output.append("\n")
    case "t": output.append("\t")
    case "r": output.append("\r")
    case "b": output.append("\u{8}")
    case "f": output.append("\u{C}")
    case "v": output.append("\u{B}")
    case "a": output.append("\u{7}")
    case "0": output.append("\0")
    case "\n": return
    case "\\", "'", "\"": output.append(kind)
    case "x", "u", "U":
      var value: UInt32 = 0
      for _ in 0..<(kind == "x" ? 2 : kind == "u" ? 4 : 8) {
        guard let next = character(), let digit = Character(next).hexDigitValue else {
          throw failure("expected a hexadecimal digit after \\\(kind)")
        }
        value = value << 4 | UInt32(digit)
        advance()
      }
      guard let scalar = Unicode.Scalar(value) else { throw failure("\\\(kind) names no character") }
      output.append(scalar)
    default:
      output.append("\\")
      output.append(kind)
    }
  }
}
