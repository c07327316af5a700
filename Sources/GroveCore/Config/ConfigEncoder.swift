/// Encodes a config to a tree that keeps the order in which its fields are declared.
struct ConfigEncoder: Encoder {
  private let box: Box
  let codingPath: [any CodingKey] = []
  let userInfo: [CodingUserInfoKey: Any] = [:]

  /// - Throws: `EncodingError` for an integer beyond 64 signed bits.
  static func tree(of value: some Encodable) throws -> JSONValue {
    let box = Box()
    try box.put(value)
    return box.tree
  }

  func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
    box.become(.object([]))
    return KeyedEncodingContainer(Keyed(box: box))
  }

  func unkeyedContainer() -> any UnkeyedEncodingContainer {
    box.become(.array([]))
    return List(box: box)
  }

  func singleValueContainer() -> any SingleValueEncodingContainer { Single(box: box) }

  /// A place in the tree that is being built; containers are values that share it.
  private final class Box {
    enum Content {
      case leaf(JSONValue)
      case object([(key: String, value: Box)])
      case array([Box])
    }

    var content = Content.leaf(.null)

    var tree: JSONValue {
      switch content {
      case .leaf(let value): value
      case .array(let boxes): .array(boxes.map(\.tree))
      case .object(let members): .object(members.map { ($0.key, $0.value.tree) })
      }
    }

    /// Becomes a container, unless it is one already: a type may ask for its container twice.
    func become(_ container: Content) { if case .leaf = content { content = container } }

    func child(_ key: String) -> Box {
      let child = Box()
      if case .object(let members) = content { content = .object(members + [(key, child)]) }
      return child
    }

    func next() -> Box {
      let child = Box()
      if case .array(let boxes) = content { content = .array(boxes + [child]) }
      return child
    }

    func put(_ value: some Encodable) throws {
      switch value {
      case let value as Bool: content = .leaf(.bool(value))
      case let value as String: content = .leaf(.string(value))
      case let value as Double: content = .leaf(.number(value))
      case let value as Float: content = .leaf(.number(Double("\(value)") ?? Double(value)))
      case let value as any BinaryInteger:
        guard let integer = Int(exactly: value) else {
          throw EncodingError.invalidValue(
            value, .init(codingPath: [], debugDescription: "\(value) does not fit into 64 bits with a sign"))
        }
        content = .leaf(.integer(integer))
      default:
        try value.encode(to: ConfigEncoder(box: self))
        // A dictionary has no order of its own, and a saved config must not change from run to run.
        if value is any FreeKeyed, case .object(let members) = content {
          content = .object(members.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) })
        }
      }
    }
  }

  private init(box: Box) { self.box = box }

  private struct Keyed<Key: CodingKey>: KeyedEncodingContainerProtocol {
    let box: Box
    let codingPath: [any CodingKey] = []

    func encodeNil(forKey key: Key) { box.child(key.stringValue).content = .leaf(.null) }
    func encode<T: Encodable>(_ value: T, forKey key: Key) throws { try box.child(key.stringValue).put(value) }
    func nestedContainer<Nested: CodingKey>(
      keyedBy type: Nested.Type, forKey key: Key
    ) -> KeyedEncodingContainer<Nested> {
      ConfigEncoder(box: box.child(key.stringValue)).container(keyedBy: type)
    }
    func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
      ConfigEncoder(box: box.child(key.stringValue)).unkeyedContainer()
    }
    func superEncoder() -> any Encoder { preconditionFailure("configs are structs and enums, not classes") }
    func superEncoder(forKey key: Key) -> any Encoder { superEncoder() }
  }

  private struct List: UnkeyedEncodingContainer {
    let box: Box
    let codingPath: [any CodingKey] = []
    var count: Int { if case .array(let boxes) = box.content { boxes.count } else { 0 } }

    func encodeNil() { box.next().content = .leaf(.null) }
    func encode<T: Encodable>(_ value: T) throws { try box.next().put(value) }
    func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type) -> KeyedEncodingContainer<Nested> {
      ConfigEncoder(box: box.next()).container(keyedBy: type)
    }
    func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer { ConfigEncoder(box: box.next()).unkeyedContainer() }
    func superEncoder() -> any Encoder { preconditionFailure("configs are structs and enums, not classes") }
  }

  private struct Single: SingleValueEncodingContainer {
    let box: Box
    let codingPath: [any CodingKey] = []

    func encodeNil() { box.content = .leaf(.null) }
    func encode<T: Encodable>(_ value: T) throws { try box.put(value) }
  }
}

/// A type whose keys are data, not fields: no key is unknown, and a file replaces the default as a whole.
protocol FreeKeyed {}
extension Dictionary: FreeKeyed {}
