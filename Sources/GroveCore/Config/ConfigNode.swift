/// Where a value of a config comes from.
enum ConfigPlace: Equatable {
  /// A line of the file, from 1.
  case line(Int)
  /// An override as it was given: "model.heads=8".
  case override(String)
  /// Nobody wrote it: a default.
  case none
}

/// A parsed config text: a tree whose nodes know where they were written.
struct ConfigNode {
  enum Content {
    case null
    case bool(Bool)
    case integer(Int)
    case number(Double)
    case text(String)
    case list([ConfigNode])
    case mapping([Entry])
  }

  struct Entry {
    let key: String
    let place: ConfigPlace
    var value: ConfigNode
  }

  var content: Content
  var place: ConfigPlace

  init(_ content: Content, at place: ConfigPlace) {
    self.content = content
    self.place = place
  }

  /// A tree of defaults, written nowhere.
  init(_ value: JSONValue) {
    place = .none
    content =
      switch value {
      case .null: .null
      case .bool(let value): .bool(value)
      case .integer(let value): .integer(value)
      case .number(let value): .number(value)
      case .string(let value): .text(value)
      case .array(let elements): .list(elements.map { ConfigNode($0) })
      case .object(let members):
        .mapping(members.map { Entry(key: $0.key, place: .none, value: ConfigNode($0.value)) })
      }
  }

  /// The place of the deepest node on a path that somebody wrote.
  func place(of path: ArraySlice<String>) -> ConfigPlace {
    guard let first = path.first else { return place }
    switch content {
    case .mapping(let entries):
      guard let entry = entries.last(where: { $0.key == first }) else { return .none }
      let deeper = entry.value.place(of: path.dropFirst())
      return deeper == .none ? entry.place : deeper
    case .list(let elements):
      guard let index = Int(first), elements.indices.contains(index) else { return place }
      let deeper = elements[index].place(of: path.dropFirst())
      return deeper == .none ? place : deeper
    default: return place
    }
  }

  /// The value in words, with its kind, for a refusal: "the integer 3", "the text 'on'", "a mapping".
  var inWords: String {
    switch content {
    case .null: "nothing"
    case .bool(let value): "\(value)"
    case .integer(let value): "the integer \(value)"
    case .number(let value): "the number \(value)"
    case .text(let value): "the text '\(value.count > 60 ? value.prefix(60) + "…" : value)'"
    case .list(let elements): "a list of \(elements.count)"
    case .mapping: "a mapping"
    }
  }
}
