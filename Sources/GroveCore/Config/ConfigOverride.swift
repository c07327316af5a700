/// One `--set a.b=c`: a path of keys, and a YAML value.
struct ConfigOverride {
  let path: [String]
  let value: ConfigNode

  /// - Throws: `GroveError` with code `.argument` if there is no key or the value is not YAML.
  /// - Parameter option: what the user wrote before it: "--set".
  init(parsing text: String, option: String) throws {
    let place = "\(option) \(text.count > 80 ? text.prefix(80) + "…" : text)"
    guard let equals = text.firstIndex(of: "=") else {
      throw GroveError(.argument, place, "there is no '='", remedy: "Write it as \(option) model.heads=8.")
    }
    path = text[..<equals].split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    guard path.allSatisfy({ !$0.isEmpty }) else {
      throw GroveError(.argument, place, "a key is empty", remedy: "Write it as \(option) model.heads=8.")
    }
    let written: ConfigNode?
    do {
      written = try ConfigNode.parse(yaml: String(text[text.index(after: equals)...]), at: "")
    } catch let error as GroveError {
      throw GroveError(.argument, place, error.problem, remedy: error.remedy, cause: error)
    }
    value = (written ?? ConfigNode(.null, at: .none)).placed(at: .override("\(option) \(text)"))
  }

  /// Sets the value in a resolved tree. A path that does not exist is added, for the decoder to refuse with the names that exist.
  func apply(to tree: inout ConfigNode) { tree.set(path[...], value) }
}

extension ConfigNode {
  fileprivate func placed(at place: ConfigPlace) -> ConfigNode {
    switch content {
    case .list(let elements): ConfigNode(.list(elements.map { $0.placed(at: place) }), at: place)
    case .mapping(let entries):
      ConfigNode(
        .mapping(entries.map { Entry(key: $0.key, place: place, value: $0.value.placed(at: place)) }), at: place)
    default: ConfigNode(content, at: place)
    }
  }

  fileprivate mutating func set(_ path: ArraySlice<String>, _ value: ConfigNode) {
    guard let first = path.first else {
      self = value
      return
    }
    let rest = path.dropFirst()
    if case .list(var elements) = content, let index = Int(first), elements.indices.contains(index) {
      elements[index].set(rest, value)
      content = .list(elements)
      return
    }
    var entries: [Entry] = []
    if case .mapping(let existing) = content { entries = existing } else { place = value.place }
    if let index = entries.firstIndex(where: { $0.key == first }) {
      entries[index].value.set(rest, value)
    } else {
      var child = ConfigNode(.mapping([]), at: value.place)
      child.set(rest, value)
      entries.append(Entry(key: first, place: value.place, value: child))
    }
    content = .mapping(entries)
  }
}
