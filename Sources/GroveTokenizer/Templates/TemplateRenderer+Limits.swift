/// What a template may cost: every operation pays for the bytes and the elements that it looks at, before it does.
extension TemplateRenderer {
  /// Values nest no deeper: they are walked through, and freed, by functions that call themselves.
  private static let nestingLimit = 400
  /// Bytes that are copied or compared in the time of a step.
  private static let bytesPerStep = 256
  /// Parts of a value that are visited in the time of a step.
  private static let partsPerStep = 4

  /// Characters that are taken apart, searched and put together again in the time of a step.
  private static let charactersPerStep = 4

  /// Pays for copying or comparing so many bytes.
  mutating func pay(bytes: Int) throws { try step(bytes / TemplateRenderer.bytesPerStep) }

  /// Pays for work on every character of texts of so many bytes.
  mutating func pay(charactersOf bytes: Int) throws { try step(bytes / TemplateRenderer.charactersPerStep) }

  /// Pays for one look at all parts of a value. A part that occurs twice counts twice, as it would in its text.
  /// - Returns: the levels of lists and mappings in it.
  @discardableResult
  mutating func pay(for value: TemplateValue) throws -> Int {
    var parts = 0
    let depth = try pay(for: value, depth: 0, &parts)
    try step(parts / TemplateRenderer.partsPerStep)
    return depth
  }

  private mutating func pay(for value: TemplateValue, depth: Int, _ parts: inout Int) throws -> Int {
    parts += 1
    var deepest = depth
    func goDeeper() throws {
      guard depth < TemplateRenderer.nestingLimit else {
        throw failure("a value is nested deeper than \(TemplateRenderer.nestingLimit) levels")
      }
      if parts > 1 << 12 {
        try step(parts / TemplateRenderer.partsPerStep)
        parts = 0
      }
    }
    switch value {
    case .string(let text): parts += text.utf8.count / (TemplateRenderer.bytesPerStep / TemplateRenderer.partsPerStep)
    case .list(let values):
      try goDeeper()
      for value in values { deepest = max(deepest, try pay(for: value, depth: depth + 1, &parts)) }
    case .object(let members):
      try goDeeper()
      for member in members { deepest = max(deepest, try pay(for: member.value, depth: depth + 1, &parts)) }
    case .function(.method(_, let owner)): deepest = try pay(for: owner, depth: depth + 1, &parts)
    default: break
    }
    return deepest
  }

  /// A text of so many bytes, unless it is too long.
  func checkSize(_ bytes: Int, isOverflown: Bool = false) throws {
    guard !isOverflown, bytes <= TemplateRenderer.sizeLimit else {
      throw failure(
        "a text of \(isOverflown ? "2^63 or more" : String(bytes)) bytes; the limit is \(TemplateRenderer.sizeLimit)")
    }
  }

  /// The texts with another between them.
  func joined(_ texts: [String], by separator: String) throws -> TemplateValue {
    let (between, isOverflown) = separator.utf8.count.multipliedReportingOverflow(by: max(0, texts.count - 1))
    try checkSize(texts.reduce(0) { $0 + $1.utf8.count } &+ between, isOverflown: isOverflown)
    return .string(texts.joined(separator: separator))
  }

  /// Whether two values are equal, which costs a look at both.
  mutating func areEqual(_ a: TemplateValue, _ b: TemplateValue) throws -> Bool {
    if case .string(let x) = a, case .string(let y) = b {
      try pay(bytes: min(x.utf8.count, y.utf8.count))
    } else if a.isContainer, b.isContainer {
      try pay(for: a)
      try pay(for: b)
    }
    return TemplateValue.equal(a, b)
  }
}

extension TemplateValue {
  /// Whether other values are inside.
  var isContainer: Bool {
    switch self {
    case .list, .object: true
    default: false
    }
  }
}
