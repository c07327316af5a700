/// A text as the characters that Python counts: code points.
struct ScalarText {
  var scalars: [Unicode.Scalar]

  init(_ text: String) { scalars = Array(text.unicodeScalars) }
  init(_ scalars: some Sequence<Unicode.Scalar>) { self.scalars = Array(scalars) }

  var text: String { String(String.UnicodeScalarView(scalars)) }

  /// The first place of a text, from `start`.
  /// - Complexity: O(characters of both), whatever they are (Knuth, Morris and Pratt 1977).
  func find(_ needle: ScalarText, from start: Int = 0) -> Int? {
    if needle.scalars.isEmpty { return start <= scalars.count ? start : nil }
    return find(needle, needle.borders, from: start)
  }

  private func find(_ needle: ScalarText, _ borders: [Int], from start: Int) -> Int? {
    var matched = 0
    for at in start..<max(start, scalars.count) {
      while matched > 0, needle.scalars[matched] != scalars[at] { matched = borders[matched - 1] }
      if needle.scalars[matched] == scalars[at] { matched += 1 }
      if matched == needle.scalars.count { return at + 1 - matched }
    }
    return nil
  }

  /// Of each beginning the length of its longest proper beginning that also ends it.
  private var borders: [Int] {
    var borders = [Int](repeating: 0, count: scalars.count)
    var length = 0
    for at in scalars.indices.dropFirst() {
      while length > 0, scalars[length] != scalars[at] { length = borders[length - 1] }
      if scalars[length] == scalars[at] { length += 1 }
      borders[at] = length
    }
    return borders
  }

  /// How often a text occurs, without overlaps; the empty one stands around every character.
  func count(of needle: ScalarText) -> Int {
    if needle.scalars.isEmpty { return scalars.count + 1 }
    let borders = needle.borders
    var (count, start) = (0, 0)
    while let found = find(needle, borders, from: start) {
      count += 1
      start = found + needle.scalars.count
    }
    return count
  }

  /// Without these characters, or without white space, at the ends.
  func stripped(_ characters: ScalarText?, left: Bool, right: Bool) -> ScalarText {
    let characters = characters.map { Set($0.scalars) }
    func goes(_ scalar: Unicode.Scalar) -> Bool { characters?.contains(scalar) ?? ScalarText.isSpace(scalar) }
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
  /// - Precondition: the separator is not empty.
  func split(_ separator: ScalarText, limit: Int = .max) -> [ScalarText] {
    let borders = separator.borders
    var parts: [ScalarText] = []
    var start = 0
    while parts.count < limit, let found = find(separator, borders, from: start) {
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
