/// A text as the characters that Python counts: code points.
struct ScalarText {
  var scalars: [Unicode.Scalar]

  init(_ text: String) { scalars = Array(text.unicodeScalars) }
  init(_ scalars: some Sequence<Unicode.Scalar>) { self.scalars = Array(scalars) }

  var text: String { String(String.UnicodeScalarView(scalars)) }

  /// The first place of a text, from `start`.
  func find(_ needle: ScalarText, from start: Int = 0) -> Int? {
    if needle.scalars.isEmpty { return start <= scalars.count ? start : nil }
    var at = start
    while at + needle.scalars.count <= scalars.count {
      if scalars[at] == needle.scalars[0], scalars[at..<at + needle.scalars.count].elementsEqual(needle.scalars) {
        return at
      }
      at += 1
    }
    return nil
  }

  /// Without these characters, or without white space, at the ends.
  func stripped(_ characters: ScalarText?, left: Bool, right: Bool) -> ScalarText {
    func goes(_ scalar: Unicode.Scalar) -> Bool {
      characters?.scalars.contains(scalar) ?? ScalarText.isSpace(scalar)
    }
    var rest = scalars[...]
    while left, let first = rest.first, goes(first) { rest.removeFirst() }
    while right, let last = rest.last, goes(last) { rest.removeLast() }
    return ScalarText(rest)
  }

  /// White space to Python: that of Unicode and four separators.
  static func isSpace(_ scalar: Unicode.Scalar) -> Bool {
    scalar.properties.isWhitespace || (0x1C...0x1F).contains(scalar.value)
  }

  /// The parts between separators, at most `limit` cuts from the left.
  func split(_ separator: ScalarText, limit: Int = .max) -> [ScalarText] {
    var parts: [ScalarText] = []
    var start = 0
    while parts.count < limit, let found = find(separator, from: start) {
      parts.append(ScalarText(scalars[start..<found]))
      start = found + separator.scalars.count
    }
    return parts + [ScalarText(scalars[start...])]
  }

  /// The words between white space.
  func words(limit: Int = .max) -> [ScalarText] {
    var parts: [ScalarText] = []
    var rest = stripped(nil, left: true, right: false).scalars[...]
    while !rest.isEmpty {
      if parts.count == limit {
        parts.append(ScalarText(rest).stripped(nil, left: false, right: true))
        break
      }
      let word = rest.prefix { !ScalarText.isSpace($0) }
      parts.append(ScalarText(word))
      rest = rest.dropFirst(word.count).drop { ScalarText.isSpace($0) }
    }
    return parts
  }

  /// Every place of a text replaced, at most `limit` of them.
  func replacing(_ needle: ScalarText, with replacement: ScalarText, limit: Int = .max) -> ScalarText {
    if needle.scalars.isEmpty {
      var output: [Unicode.Scalar] = []
      for (index, scalar) in scalars.enumerated() {
        if index < limit { output += replacement.scalars }
        output.append(scalar)
      }
      return ScalarText(scalars.count < limit ? output + replacement.scalars : output)
    }
    let parts = split(needle, limit: limit)
    return ScalarText(parts.map(\.scalars).joined(separator: replacement.scalars))
  }

  /// Words with a capital first letter, as `str.title` has them.
  var titled: String {
    var output = ""
    var isInside = false
    for scalar in scalars {
      let isLetter = scalar.properties.isAlphabetic
      output += isLetter && !isInside ? scalar.properties.titlecaseMapping : scalar.properties.lowercaseMapping
      isInside = isLetter
    }
    return output
  }

  /// The first character as a title has it, the others in lower case.
  var capitalized: String {
    guard let first = scalars.first else { return "" }
    return first.properties.titlecaseMapping + ScalarText(scalars.dropFirst()).text.lowercased()
  }
}
