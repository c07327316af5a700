extension TemplateRenderer {
  mutating func callGlobal(_ name: String, _ arguments: TemplateArguments) throws -> TemplateValue {
    switch name {
    case "raise_exception": throw failure("the template refuses: \(arguments[0, "message"]?.text ?? "")")
    case "strftime_now": return .string(try date.formatted(arguments[0, "format"]?.text ?? "", at: line))
    case "range":
      let bounds = try arguments.positional.map { value in
        guard let bound = value.int else { throw failure("range() of \(value.kind)") }
        return bound
      }
      guard (1...3).contains(bounds.count), bounds.count < 3 || bounds[2] != 0 else {
        throw failure("range() takes one to three integers, and no step of 0")
      }
      let (start, end) = bounds.count == 1 ? (0, bounds[0]) : (bounds[0], bounds[1])
      let values = stride(from: start, to: end, by: bounds.count == 3 ? bounds[2] : 1).prefix(100_001)
      let list = values.map { TemplateValue.integer($0) }
      guard list.count <= 100_000 else { throw failure("range() of more than 100000 numbers") }
      return .list(list)
    case "dict":
      return .object(arguments.named.sorted { $0.key < $1.key }.map { ($0.key, $0.value) })
    default:
      var fields: [(key: String, value: TemplateValue)] = []
      if case .object(let members)? = arguments.positional.first { fields = members }
      fields += arguments.named.map { ($0.key, $0.value) }
      namespaces.append(fields)
      return .namespace(namespaces.count - 1)
    }
  }

  mutating func callMethod(
    _ name: String, of owner: TemplateValue, _ arguments: TemplateArguments
  ) throws -> TemplateValue {
    switch owner {
    case .string(let text):
      try pay(charactersOf: text.utf8.count)
      return try callMethod(name, ofText: ScalarText(text), arguments)
    case .object(let members):
      switch name {
      case "get":
        let key = arguments.positional.first?.text ?? ""
        return owner[key] ?? arguments[1, "default"] ?? .none
      case "items": return .list(members.map { .list([.string($0.key), $0.value]) })
      case "keys": return .list(members.map { .string($0.key) })
      case "values": return .list(members.map(\.value))
      default: return owner
      }
    case .list(let values):
      guard name != "copy" else { return owner }
      let first = arguments.positional.first ?? .none
      if name == "count" { return .integer(try values.count { try areEqual($0, first) }) }
      guard let index = try values.firstIndex(where: { try areEqual($0, first) }) else {
        throw failure("the list does not hold \(first.kind)")
      }
      return .integer(index)
    case .integer(let index) where name == "cycle":
      guard !arguments.positional.isEmpty else { throw failure("cycle() needs values") }
      return arguments.positional[index % arguments.positional.count]
    case .undefined where name == "items": return .list([])
    default: throw failure("\(owner.kind) has no '\(name)'")
    }
  }

  private mutating func callMethod(
    _ name: String, ofText text: ScalarText, _ arguments: TemplateArguments
  ) throws -> TemplateValue {
    func string(_ index: Int) throws -> ScalarText {
      guard case .string(let value)? = arguments[index, ""] else { throw failure("\(name)() needs a string") }
      return ScalarText(value)
    }
    switch name {
    case "strip", "lstrip", "rstrip":
      let characters =
        if case .string(let value)? = arguments[0, "chars"] { ScalarText(value) } else { nil as ScalarText? }
      return .string(text.stripped(characters, left: name != "rstrip", right: name != "lstrip").text)
    case "split", "rsplit": return try split(name, text, arguments)
    case "splitlines": return try checked(TemplateRenderer.lines(text).map { .string($0.text) })
    case "startswith", "endswith":
      let candidates = try arguments.positional.first.map { value in
        if case .list(let values) = value { return values.map { ScalarText($0.text) } }
        return [try string(0)]
      }
      return .bool(
        (candidates ?? []).contains {
          name == "startswith"
            ? text.scalars.starts(with: $0.scalars) : text.scalars.reversed().starts(with: $0.scalars.reversed())
        })
    case "upper": return .string(text.text.uppercased())
    case "lower": return .string(text.text.lowercased())
    case "title": return .string(text.titled)
    case "capitalize": return .string(text.capitalized)
    case "replace":
      let limit = arguments[2, "count"]?.int ?? -1
      let (old, new) = (try string(0), try string(1))
      try pay(charactersOf: old.scalars.count + new.scalars.count)
      let found = min(text.count(of: old), limit < 0 ? .max : limit)
      let (added, isOverflown) = found.multipliedReportingOverflow(by: new.scalars.count)
      try checkSize(text.scalars.count &+ added, isOverflown: isOverflown)
      return try checked(text.replacing(old, with: new, limit: limit < 0 ? .max : limit).text)
    case "join":
      let parts = try arguments.positional.first.map { try elements($0) } ?? []
      return try joined(parts.map { try self.text(of: $0) }, by: text.text)
    case "find": return .integer(text.find(try string(0)) ?? -1)
    case "count": return .integer(text.count(of: try string(0)))
    case "removeprefix", "removesuffix":
      let affix = try string(0).scalars
      if name == "removeprefix" {
        return .string(
          ScalarText(text.scalars.starts(with: affix) ? text.scalars.dropFirst(affix.count) : text.scalars[...]).text)
      }
      let ends = text.scalars.suffix(affix.count).elementsEqual(affix)
      return .string(ScalarText(ends ? text.scalars.dropLast(affix.count) : text.scalars[...]).text)
    case "partition":
      guard try !string(0).scalars.isEmpty else { throw failure("\(name)() needs a separator that is not empty") }
      let parts = text.split(try string(0), limit: 1)
      return .list(
        parts.count == 2
          ? [.string(parts[0].text), .string(try string(0).text), .string(parts[1].text)]
          : [.string(text.text), .string(""), .string("")])
    case "isdigit", "isalpha", "isspace", "isupper", "islower": return .bool(TemplateRenderer.isAll(name, text))
    default: throw failure("the method '\(name)' is not supported")
    }
  }

  private static func isAll(_ name: String, _ text: ScalarText) -> Bool {
    func holds(_ scalar: Unicode.Scalar) -> Bool {
      switch name {
      case "isdigit": scalar.properties.numericType == .decimal || scalar.properties.numericType == .digit
      case "isalpha": scalar.properties.isAlphabetic
      default: ScalarText.isSpace(scalar)
      }
    }
    switch name {
    case "isupper": return text.text == text.text.uppercased() && text.text != text.text.lowercased()
    case "islower": return text.text == text.text.lowercased() && text.text != text.text.uppercased()
    default: return !text.scalars.isEmpty && text.scalars.allSatisfy(holds)
    }
  }

  private func split(_ name: String, _ text: ScalarText, _ arguments: TemplateArguments) throws -> TemplateValue {
    let limit = arguments[1, "maxsplit"]?.int ?? -1
    let most = limit < 0 ? TemplateRenderer.listLimit : min(limit, TemplateRenderer.listLimit)
    let parts: [ScalarText]
    if case .string(let separator)? = arguments[0, "sep"] {
      guard !separator.isEmpty else { throw failure("\(name)() needs a separator that is not empty") }
      if name == "split" {
        parts = text.split(ScalarText(separator), limit: most)
      } else {
        let reversed = ScalarText(text.scalars.reversed()).split(
          ScalarText(separator.unicodeScalars.reversed()), limit: most)
        parts = reversed.reversed().map { ScalarText($0.scalars.reversed()) }
      }
    } else {
      parts = text.words(limit: most)
    }
    return try checked(parts.map { .string($0.text) })
  }

  private static func lines(_ text: ScalarText) -> [ScalarText] {
    var lines = text.replacing(ScalarText("\r\n"), with: ScalarText("\n")).split(ScalarText("\n"))
    if lines.last?.scalars.isEmpty == true { lines.removeLast() }
    return lines
  }
}
