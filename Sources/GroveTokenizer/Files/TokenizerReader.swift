import GroveCore

/// Reads a `tokenizer.json`: refuses, by file and field, whatever would give other ids than `tokenizers` gives.
struct TokenizerReader {
  let file: String

  init(file: String) { self.file = file }

  func parts(_ root: JSONValue) throws -> Tokenizer.Parts {
    try check(
      root, "",
      keys: [
        "version", "truncation", "padding", "added_tokens", "normalizer", "pre_tokenizer", "post_processor", "decoder",
        "model",
      ])
    if let version = root["version"], version != "1.0" { throw unsupported("version", version) }
    func field(_ name: String) -> JSONValue { root[name] ?? .null }
    let normalizer = try NormalizerField(reader: self).read(field("normalizer"), "normalizer")
    try TextGrowth(normalizer).check("\(file) › normalizer")
    let decoder = try DecoderField(reader: self).read(field("decoder"), "decoder")
    try TextGrowth(decoder).check("\(file) › decoder")
    let steps = try PreTokenizerField(reader: self).read(field("pre_tokenizer"), "pre_tokenizer")
    guard let model = root["model"] else { throw failure("model", "is missing") }
    let added = try addedTokens(root["added_tokens"] ?? [])
    let content = try ModelField(reader: self, model: model, added: added).read(isByteLevel: steps.isByteLevel)
    let postProcessor = try PostProcessorField(reader: self, tokenCount: content.vocabulary.count)
      .read(field("post_processor"), "post_processor")
    return Tokenizer.Parts(
      vocabulary: content.vocabulary, model: content.model, normalizer: normalizer, preTokenizers: steps.steps,
      postProcessor: postProcessor, decoder: decoder,
      addedTokens: added.sorted { $0.id < $1.id }, outsideModel: content.outsideModel,
      fields: .init(
        truncation: field("truncation"), padding: field("padding"), normalizer: field("normalizer"),
        preTokenizer: field("pre_tokenizer"), postProcessor: field("post_processor"), decoder: field("decoder")))
  }

  private func addedTokens(_ value: JSONValue) throws -> [AddedToken] {
    guard let list = value.arrayValue else { throw failure("added_tokens", "is not a list") }
    var seen: Set<String> = []
    return try list.enumerated().map { index, entry in
      let field = "added_tokens[\(index)]"
      try check(
        entry, field, keys: ["id", "content", "single_word", "lstrip", "rstrip", "normalized", "special"])
      guard let content = entry["content"]?.stringValue else { throw failure("\(field).content", "is not a string") }
      guard (1...AddedToken.longestContent).contains(content.utf8.count) else {
        throw failure(
          "\(field).content", "\(content.utf8.count) bytes; a token has 1 to \(AddedToken.longestContent)")
      }
      guard seen.insert(content).inserted else { throw failure("\(field).content", "repeats \(quoted(content))") }
      let id = try self.id(entry["id"], "\(field).id")
      let isSpecial = try flag(entry, "special", field, missing: false)
      var token = AddedToken(id: id, content: content, isSpecial: isSpecial)
      token.standsAlone = try flag(entry, "single_word", field, missing: false)
      token.stripsLeft = try flag(entry, "lstrip", field, missing: false)
      token.stripsRight = try flag(entry, "rstrip", field, missing: false)
      token.isNormalized = try flag(entry, "normalized", field, missing: !isSpecial)
      return token
    }
  }

  // MARK: Fields

  func check(_ value: JSONValue, _ field: String, keys: Set<String>) throws {
    guard let members = value.objectValue else { throw failure(field, "is not an object") }
    var seen: Set<String> = []
    for member in members {
      let name = field.isEmpty ? member.key : "\(field).\(member.key)"
      guard keys.contains(member.key) else { throw failure(name, "unknown key") }
      guard seen.insert(member.key).inserted else { throw failure(name, "the key occurs twice") }
    }
  }

  func flag(_ value: JSONValue, _ key: String, _ field: String, missing: Bool) throws -> Bool {
    guard let member = value[key] else { return missing }
    guard let flag = member.boolValue else { throw failure("\(field).\(key)", "is neither true nor false") }
    return flag
  }

  func id(_ value: JSONValue?, _ field: String) throws -> UInt32 {
    guard let number = value?.integerValue, let id = UInt32(exactly: number) else {
      throw failure(field, "is not an id: a whole number from 0 to 4294967295")
    }
    return id
  }

  /// A member that must be a text.
  func text(_ value: JSONValue, _ key: String, _ field: String) throws -> String {
    guard let text = value[key]?.stringValue else { throw failure("\(field).\(key)", "is not a string") }
    return text
  }

  /// A member that must be a whole number from 0 up.
  func count(_ value: JSONValue, _ key: String, _ field: String, missing: Int) throws -> Int {
    guard let member = value[key] else { return missing }
    guard let count = member.integerValue, count >= 0 else {
      throw failure("\(field).\(key)", "is not a whole number from 0 up")
    }
    return count
  }

  /// The members of a list, each with its field's name.
  func list(_ value: JSONValue, _ key: String, _ field: String) throws -> [(value: JSONValue, field: String)] {
    guard let list = value[key]?.arrayValue else { throw failure("\(field).\(key)", "is not a list") }
    return list.enumerated().map { ($1, "\(field).\(key)[\($0)]") }
  }

  func unsupported(_ field: String, _ value: JSONValue, remedy: String = "") -> GroveError {
    let name = value["type"]?.stringValue ?? String(value.text.prefix(60))
    return GroveError(.format, "\(file) › \(field)", "\(name) is not supported", remedy: remedy)
  }

  func failure(_ field: String, _ problem: String) -> GroveError {
    GroveError(.format, field.isEmpty ? file : "\(file) › \(field)", problem)
  }

  /// A token in an error message: short, whatever the file says.
  func quoted(_ text: String) -> String {
    text.unicodeScalars.count > 40 ? "\"\(String(text.unicodeScalars.prefix(40)))…\"" : "\"\(text)\""
  }
}
