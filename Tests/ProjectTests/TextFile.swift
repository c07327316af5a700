import Foundation

/// A file of the project with what the rules ask of its text.
///
/// The scans read lines, not a syntax tree: `swift format` fixes the indentation that they rely on.
struct TextFile: Sendable {
  /// From the root of the project.
  let path: String
  let lines: [String]

  init(path: String, text: String) {
    self.path = path
    lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
  }

  /// `path:line` for each line that a test holds for.
  func places(where holds: (String) -> Bool) -> [String] {
    lines.indices.filter { holds(lines[$0]) }.map { "\(path):\($0 + 1)" }
  }

  /// Lines with everything from `//` on removed.
  var linesWithoutComments: [String] {
    lines.map { line in line.range(of: "//").map { String(line[..<$0.lowerBound]) } ?? line }
  }

  /// The module names that the file imports.
  var imports: [String] {
    lines.compactMap { line in
      var words = line.split(separator: " ").map(String.init)
      while let first = words.first, first.hasPrefix("@") || ["public", "package", "internal"].contains(first) {
        words.removeFirst()
      }
      guard words.count >= 2, words[0] == "import" else { return nil }
      let kinds = ["struct", "class", "enum", "func", "var", "protocol", "typealias"]
      let name = kinds.contains(words[1]) && words.count > 2 ? words[2] : words[1]
      return name.split(separator: ".").first.map(String.init)
    }
  }

  /// Every function and initialiser with a body: where it starts and how many lines it has.
  var functions: [(line: Int, count: Int)] {
    lines.indices.compactMap { start in
      guard TextFile.startsFunction(lines[start]), let end = endOfBlock(from: start) else { return nil }
      return (start + 1, end - start + 1)
    }
  }

  /// Public declarations that need a doc comment and have none, as `path:line`.
  ///
  /// The rule: every public type, and every public function, subscript and operator with more than one statement.
  /// Properties, initialisers and shorter functions may let their name speak. An overload in the same file, or the
  /// requirement of a protocol that the function meets (`inherited`, by name), may have the comment for it.
  func undocumented(inheriting inherited: Set<String>) -> [String] {
    let documented = inherited.union(
      lines.indices.filter(isDocumented).compactMap { TextFile.functionName(of: lines[$0]) })
    return lines.indices.filter { index in
      guard needsDocumentation(index), !isDocumented(index) else { return false }
      return TextFile.functionName(of: lines[index]).map { !documented.contains($0) } ?? true
    }.map { "\(path):\($0 + 1)" }
  }

  /// The names of functions that protocols in this file require.
  var requirements: [String] {
    lines.indices.filter { TextFile.keyword(of: lines[$0]) == "protocol" }.flatMap { start in
      lines[start...(endOfBlock(from: start) ?? start)].compactMap(TextFile.functionName)
    }
  }

  private func needsDocumentation(_ index: Int) -> Bool {
    let line = lines[index]
    guard ["public ", "open "].contains(where: { line.drop { $0 == " " }.hasPrefix($0) }) else { return false }
    if TextFile.typeKeywords.contains(TextFile.keyword(of: line)) { return true }
    guard TextFile.startsFunction(line), !line.contains(" init"), let end = endOfBlock(from: index) else {
      return false
    }
    return end - index > 2
  }

  private func isDocumented(_ index: Int) -> Bool {
    var above = index - 1
    while above >= 0, lines[above].trimmingCharacters(in: .whitespaces).hasPrefix("@") { above -= 1 }
    return above >= 0 && lines[above].trimmingCharacters(in: .whitespaces).hasPrefix("///")
  }

  /// The line of the brace that closes what starts here, found by indentation; nil if there is no body.
  private func endOfBlock(from start: Int) -> Int? {
    let indentation = TextFile.indentation(of: lines[start])
    if lines[start].hasSuffix("}") { return start }
    for index in lines.indices[(start + 1)...] where !lines[index].isEmpty {
      let line = lines[index]
      if TextFile.indentation(of: line) > indentation { continue }
      if TextFile.indentation(of: line) < indentation { return nil }
      let rest = line.drop { $0 == " " }
      if rest.hasPrefix("}") { return index }
      // What continues a signature on lines of its own.
      if !rest.hasPrefix(")") && !rest.hasPrefix("{") && !rest.hasPrefix("where ") { return nil }
    }
    return nil
  }

  private static let typeKeywords: Set<String> = ["struct", "class", "enum", "actor", "protocol"]

  /// What a line declares: "func" of `public static func make() -> Value`.
  private static func keyword(of line: String) -> String {
    let modifiers: Set<Substring> = ["public", "open", "final", "indirect", "static", "mutating", "nonisolated"]
    let words = line.split(separator: " ").drop { modifiers.contains($0) || $0.hasPrefix("@") }
    return words.first.map(String.init) ?? ""
  }

  private static func functionName(of line: String) -> String? {
    guard let range = line.range(of: "func ") else { return nil }
    return String(line[range.upperBound...].prefix { $0 != "(" && $0 != "<" })
  }

  private static func startsFunction(_ line: String) -> Bool {
    let beforeBrackets = line.prefix { $0 != "(" && $0 != "{" && $0 != "/" && $0 != "\"" && $0 != "=" }
    let words = beforeBrackets.split(separator: " ")
    if words.contains("func") { return true }
    let last = words.last.map(String.init) ?? ""
    guard line.contains("("), ["init", "init?", "subscript"].contains(last) else { return false }
    // `self.init(…)` and `super.init(…)` are calls; a declaration starts its line or follows modifiers.
    let modifiers: Set<Substring> = [
      "public", "private", "fileprivate", "internal", "package", "required", "convenience",
    ]
    return words.dropLast().allSatisfy { modifiers.contains($0) || $0 == "static" || $0.hasPrefix("@") }
  }

  private static func indentation(of line: String) -> Int { line.prefix { $0 == " " }.count }
}
