import GroveCore

/// The `post_processor` of a `tokenizer.json`.
struct PostProcessorField {
  let reader: TokenizerReader
  let tokenCount: Int

  func read(_ value: JSONValue, _ field: String) throws -> PostProcessor? {
    if value == .null { return nil }
    switch value["type"]?.stringValue {
    case "ByteLevel": return nil  // it moves offsets, not ids
    case "TemplateProcessing": return try template(value, field)
    case "BertProcessing", "RobertaProcessing":
      try reader.check(value, field, keys: ["type", "sep", "cls", "trim_offsets", "add_prefix_space"])
      let (first, last) = (try pair(value, "cls", field), try pair(value, "sep", field))
      return value["type"] == "BertProcessing"
        ? .bert(first: first, last: last) : .roberta(first: first, last: last)
    case "Sequence":
      try reader.check(value, field, keys: ["type", "processors"])
      var found: PostProcessor?
      for part in try reader.list(value, "processors", field) {
        guard let next = try read(part.value, part.field) else { continue }
        if found != nil { throw reader.failure(part.field, "is the second one that adds tokens; one is supported") }
        found = next
      }
      return found
    default:
      throw reader.unsupported(
        field, value,
        remedy: "ByteLevel, TemplateProcessing, BertProcessing, RobertaProcessing and Sequence are supported.")
    }
  }

  private func pair(_ value: JSONValue, _ key: String, _ field: String) throws -> UInt32 {
    guard let pair = value[key]?.arrayValue, pair.count == 2, pair[0].stringValue != nil else {
      throw reader.failure("\(field).\(key)", "is not a token and its id")
    }
    return try known(try reader.id(pair[1], "\(field).\(key)[1]"), "\(field).\(key)[1]")
  }

  private func template(_ value: JSONValue, _ field: String) throws -> PostProcessor {
    try reader.check(value, field, keys: ["type", "single", "pair", "special_tokens"])
    guard let members = value["special_tokens"]?.objectValue else {
      throw reader.failure("\(field).special_tokens", "is not an object")
    }
    var tokens: [String: [UInt32]] = [:]
    for member in members {
      let name = "\(field).special_tokens[\(reader.quoted(member.key))]"
      tokens[member.key] = try reader.list(member.value, "ids", name).map {
        try known(try reader.id($0.value, $0.field), $0.field)
      }
    }
    func parts(_ key: String) throws -> [PostProcessor.Part] {
      try reader.list(value, key, field).map { try part($0.value, $0.field, tokens) }
    }
    return PostProcessor(single: try parts("single"), pair: try parts("pair"))
  }

  private func part(_ value: JSONValue, _ field: String, _ tokens: [String: [UInt32]]) throws -> PostProcessor.Part {
    let body = value["SpecialToken"] ?? value["Sequence"] ?? .null
    let type = UInt32(clamping: try reader.count(body, "type_id", field, missing: 0))
    let id = try reader.text(body, "id", field)
    if value["SpecialToken"] != nil {
      guard let ids = tokens[id] else { throw reader.failure(field, "\(reader.quoted(id)) is not in special_tokens") }
      return .tokens(ids, type: type)
    }
    guard id == "A" || id == "B" else { throw reader.failure("\(field).id", "is neither A nor B") }
    return .text(id == "A" ? 0 : 1, type: type)
  }

  private func known(_ id: UInt32, _ field: String) throws -> UInt32 {
    guard Int(id) < tokenCount else {
      throw reader.failure(field, "no token has the id \(id); the vocabulary ends at \(tokenCount - 1)")
    }
    return id
  }
}
