/// Decodes a config from what was written, laid over its encoded defaults, and notes every problem on the way.
///
/// A field that cannot be read is noted and falls back to its default, so that decoding goes on and one run
/// finds all problems. Which keys exist is learnt from the keys that the type asks for.
struct ConfigDecoder: Decoder {
  /// What is collected while a tree is decoded.
  final class Notes {
    var problems: [ConfigProblem] = []
  }

  /// The keys that one value asked for.
  final class AskedKeys {
    var names: [String]?

    func ask(_ name: String) { if names?.contains(name) != true { names = (names ?? []) + [name] } }
  }

  /// Why a value cannot be read. Caught where a default can stand in.
  struct Refusal: Error {
    let field: [String]
    let place: ConfigPlace
    let problem: String
  }

  /// Thrown instead of a refusal that was noted already.
  struct Noted: Error {}

  let node: ConfigNode
  let defaults: ConfigNode?
  let field: [String]
  let notes: Notes
  let asked = AskedKeys()
  let codingPath: [any CodingKey] = []
  let userInfo: [CodingUserInfoKey: Any] = [:]

  /// The config, with a default for every field that could not be read, and all problems.
  static func decode<T: Config>(_ node: ConfigNode, over defaults: T) throws -> (T, [ConfigProblem]) {
    let notes = Notes()
    let tree = ConfigNode(try ConfigEncoder.tree(of: defaults))
    do { return (try read(T.self, node, tree, [], notes), notes.problems) } catch {
      note(error, [], node.place, notes)
      return (defaults, notes.problems)
    }
  }

  /// Reads one value; everything that decodes goes through here.
  static func read<T: Decodable>(
    _ type: T.Type, _ node: ConfigNode, _ defaults: ConfigNode?, _ field: [String], _ notes: Notes
  ) throws -> T {
    if let leaf = try readLeaf(type, node, field) { return leaf }
    try refuseOtherThanName(type, node, field)
    // Keys that are data are not mixed with the default's.
    let base = type is any FreeKeyed.Type ? nil : defaults
    let decoder = ConfigDecoder(node: node, defaults: base, field: field, notes: notes)
    defer { if !(type is any FreeKeyed.Type) { decoder.noteUnknownKeys() } }
    do { return try T(from: decoder) } catch let error as DecodingError {
      throw Refusal(field: field, place: node.place, problem: explain(error, type, node))
    }
  }

  /// Notes an error that has not been noted yet.
  static func note(_ error: any Error, _ field: [String], _ place: ConfigPlace, _ notes: Notes) {
    switch error {
    case is Noted: return
    case let refusal as Refusal:
      notes.problems.append(ConfigProblem(refusal.field, refusal.place, refusal.problem))
    case let error as GroveError: notes.problems.append(ConfigProblem(field, place, error.problem))
    default: notes.problems.append(ConfigProblem(field, place, "\(error)"))
    }
  }

  private func noteUnknownKeys() {
    guard case .mapping(let entries) = node.content, let known = asked.names else { return }
    for entry in entries where !known.contains(entry.key) {
      notes.problems.append(
        ConfigProblem(field + [entry.key], entry.place, "unknown key; \(NearestName.advice(entry.key, among: known))"))
    }
  }

  func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
    var written: [ConfigNode.Entry]
    switch node.content {
    case .mapping(let entries): written = entries
    case .null where defaults != nil: written = []  // a section whose lines are all commented out
    default: throw refusal("a mapping")
    }
    if asked.names == nil { asked.names = [] }
    guard case .mapping(let base) = defaults?.content else {
      return KeyedDecodingContainer(Keyed(decoder: self, written: written, base: []))
    }
    return KeyedDecodingContainer(Keyed(decoder: self, written: written, base: base))
  }

  func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
    guard case .list(let elements) = node.content else { throw refusal("a list") }
    return List(decoder: self, elements: elements)
  }

  func singleValueContainer() -> any SingleValueDecodingContainer { Single(decoder: self) }

  private func refusal(_ expected: String) -> Refusal {
    Refusal(field: field, place: node.place, problem: "expected \(expected), found \(node.inWords)")
  }
}
