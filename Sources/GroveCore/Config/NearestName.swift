/// The name that somebody probably meant: for unknown keys, operators, recipes and commands.
public enum NearestName {
  /// The nearest of some names, or nil if none is near.
  ///
  /// An abbreviation ("kvHeads" for "keyValueHeads") beats a difference of letters; case and `_`, `-` do not count.
  /// - Complexity: O(length² · names).
  public static func of(_ name: String, among names: [String]) -> String? {
    let typed = letters(name)
    guard !typed.isEmpty, typed.count <= 100 else { return nil }
    let scored = names.compactMap { candidate in
      distance(typed, letters(candidate)).map { (distance: $0, name: candidate) }
    }
    return scored.min { ($0.distance, $0.name) < ($1.distance, $1.name) }?.name
  }

  /// "did you mean 'x'?", or the list of what exists where nothing is near.
  public static func advice(_ name: String, among names: [String]) -> String {
    if let nearest = of(name, among: names) { return "did you mean '\(nearest)'?" }
    if names.isEmpty { return "nothing may stand here" }
    let shown = names.prefix(12).joined(separator: ", ")
    return "there are \(shown)\(names.count > 12 ? " and \(names.count - 12) more" : "")"
  }

  private static func letters(_ name: String) -> [Character] {
    name.lowercased().filter { $0 != "_" && $0 != "-" }
  }

  /// nil if too far.
  private static func distance(_ typed: [Character], _ name: [Character]) -> Int? {
    if typed == name { return 0 }
    if typed.count >= 2, typed.first == name.first, isSubsequence(typed, of: name) { return 1 }
    let edits = editDistance(typed, name)
    return edits <= max(1, typed.count / 3) ? edits + 1 : nil
  }

  private static func isSubsequence(_ part: [Character], of whole: [Character]) -> Bool {
    var rest = part[...]
    for letter in whole where rest.first == letter { rest = rest.dropFirst() }
    return rest.isEmpty
  }

  /// Insertions, deletions, replacements and swaps of neighbours between two words (Damerau 1964).
  private static func editDistance(_ a: [Character], _ b: [Character]) -> Int {
    var beforeLast: [Int] = []
    var last = Array(0...b.count)
    for i in a.indices {
      var row = [i + 1]
      for j in b.indices {
        var edits = min(last[j + 1] + 1, row[j] + 1, last[j] + (a[i] == b[j] ? 0 : 1))
        if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { edits = min(edits, beforeLast[j - 1] + 1) }
        row.append(edits)
      }
      (beforeLast, last) = (last, row)
    }
    return last[b.count]
  }
}
