/// A classification of passages by where they come from.
enum PassageTask: String, CaseIterable, Sendable {
  /// Pages of the manual by the program they are about. The text is of the kind that was pre-trained on.
  case section
  /// Chapters of scripture by the group of their book. The text shares little with what was pre-trained on.
  case books

  /// Names of the classes.
  var classes: [String] {
    switch self {
    case .section: ["sbasic", "scalc", "shared", "simpress", "swriter"]
    case .books: PassageTask.groups.map(\.name)
    }
  }

  /// The class of a document, from its id; nil if it belongs to none.
  func label(of id: String) -> Int? {
    let parts = id.split(separator: "/").map(String.init)
    switch self {
    case .section: return parts.count > 2 ? classes.firstIndex(of: parts[2]) : nil
    case .books:
      let book = parts.last?.split(separator: "-").first.map(String.init) ?? ""
      return PassageTask.groups.firstIndex { $0.books.contains(book) }
    }
  }

  private static let groups: [(name: String, books: Set<String>)] = [
    ("law", ["Ge", "Exo", "Lev", "Num", "Deu"]),
    ("history", ["Josh", "Jdgs", "Ruth", "1Sm", "2Sm", "1Ki", "2Ki", "1Chr", "2Chr", "Ezra", "Neh", "Est"]),
    ("poetry", ["Job", "Psa", "Prv", "Eccl", "SSol"]),
    (
      "prophets",
      [
        "Isa", "Jer", "Lam", "Eze", "Dan", "Hos", "Joel", "Amos", "Obad", "Jonah", "Mic", "Nahum", "Hab", "Zep", "Hag",
        "Zec", "Mal",
      ]
    ),
    ("gospels", ["Mat", "Mark", "Luke", "John", "Acts"]),
  ]
}
