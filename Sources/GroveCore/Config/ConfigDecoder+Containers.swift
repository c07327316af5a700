extension ConfigDecoder {
  /// The fields of a struct, or the keys of a dictionary.
  struct Keyed<Key: CodingKey>: KeyedDecodingContainerProtocol {
    let decoder: ConfigDecoder
    let written: [ConfigNode.Entry]
    let base: [ConfigNode.Entry]
    let codingPath: [any CodingKey] = []

    /// What was written, where anything was: an enum with values must not see its default's case as well.
    var allKeys: [Key] {
      (written.isEmpty ? base : written).compactMap { entry in
        guard let key = Key(stringValue: entry.key) else { return nil }
        decoder.asked.ask(entry.key)
        return key
      }
    }

    private func nodes(_ key: Key) -> (written: ConfigNode?, base: ConfigNode?) {
      let name = key.stringValue
      decoder.asked.ask(name)
      return (written.last { $0.key == name }?.value, base.last { $0.key == name }?.value)
    }

    private func present(_ key: Key) throws -> (node: ConfigNode, base: ConfigNode?) {
      let (node, base) = nodes(key)
      guard let present = node ?? base else {
        throw DecodingError.keyNotFound(key, .init(codingPath: [], debugDescription: ""))
      }
      return (present, base)
    }

    func contains(_ key: Key) -> Bool {
      let (node, base) = nodes(key)
      return node != nil || base != nil
    }

    func decodeNil(forKey key: Key) throws -> Bool {
      if case .null = try present(key).node.content { true } else { false }
    }

    func decode<T: Decodable>(_ type: T.Type, forKey key: Key) throws -> T {
      let (node, base) = try present(key)
      let field = decoder.field + [key.stringValue]
      do { return try ConfigDecoder.read(type, node, base, field, decoder.notes) } catch {
        ConfigDecoder.note(error, field, node.place, decoder.notes)
        guard let base else { throw Noted() }
        return try ConfigDecoder.read(type, base, nil, field, Notes())
      }
    }

    private func nested(_ key: Key) throws -> ConfigDecoder {
      let (node, base) = try present(key)
      return ConfigDecoder(node: node, defaults: base, field: decoder.field + [key.stringValue], notes: decoder.notes)
    }

    func nestedContainer<Nested: CodingKey>(
      keyedBy type: Nested.Type, forKey key: Key
    ) throws -> KeyedDecodingContainer<Nested> {
      try nested(key).container(keyedBy: type)
    }

    func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
      try nested(key).unkeyedContainer()
    }
    func superDecoder() -> any Decoder { preconditionFailure("configs are structs and enums, not classes") }
    func superDecoder(forKey key: Key) -> any Decoder { superDecoder() }
  }

  /// The elements of a list. A config among them is laid over its type's defaults.
  struct List: UnkeyedDecodingContainer {
    let decoder: ConfigDecoder
    let elements: [ConfigNode]
    let codingPath: [any CodingKey] = []
    var currentIndex = 0
    var count: Int? { elements.count }
    var isAtEnd: Bool { currentIndex >= elements.count }

    init(decoder: ConfigDecoder, elements: [ConfigNode]) {
      self.decoder = decoder
      self.elements = elements
    }

    private func field(_ index: Int) -> [String] { decoder.field + ["\(index)"] }

    private func element(_ index: Int) throws -> ConfigNode {
      guard index < elements.count else {
        throw Refusal(
          field: decoder.field, place: decoder.node.place, problem: "the list ends after \(elements.count) values")
      }
      return elements[index]
    }

    mutating func decodeNil() throws -> Bool {
      guard case .null = try element(currentIndex).content else { return false }
      currentIndex += 1
      return true
    }

    mutating func decode<T: Decodable>(_ type: T.Type) throws -> T {
      let defaults = try (type as? any Config.Type).map { ConfigNode(try ConfigEncoder.tree(of: $0.init())) }
      let node = try element(currentIndex)
      do {
        let value = try ConfigDecoder.read(type, node, defaults, field(currentIndex), decoder.notes)
        currentIndex += 1
        return value
      } catch {
        ConfigDecoder.note(error, field(currentIndex), node.place, decoder.notes)
        // No value can stand in for an element; its neighbours are read for their problems.
        for index in elements.indices where index > currentIndex {
          do { _ = try ConfigDecoder.read(type, elements[index], defaults, field(index), decoder.notes) } catch {
            ConfigDecoder.note(error, field(index), elements[index].place, decoder.notes)
          }
        }
        throw Noted()
      }
    }

    private mutating func nested() throws -> ConfigDecoder {
      defer { currentIndex += 1 }
      return ConfigDecoder(
        node: try element(currentIndex), defaults: nil, field: field(currentIndex), notes: decoder.notes)
    }

    mutating func nestedContainer<Nested: CodingKey>(
      keyedBy type: Nested.Type
    ) throws -> KeyedDecodingContainer<Nested> {
      try nested().container(keyedBy: type)
    }
    mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer { try nested().unkeyedContainer() }
    mutating func superDecoder() throws -> any Decoder {
      preconditionFailure("configs are structs and enums, not classes")
    }
  }

  /// A value that is no container, such as an enum over strings.
  struct Single: SingleValueDecodingContainer {
    let decoder: ConfigDecoder
    let codingPath: [any CodingKey] = []

    func decodeNil() -> Bool { if case .null = decoder.node.content { true } else { false } }
    func decode<T: Decodable>(_ type: T.Type) throws -> T {
      try ConfigDecoder.read(type, decoder.node, decoder.defaults, decoder.field, decoder.notes)
    }
  }
}
