import GroveCore

/// Reads a `tokenizer.json`: refuses, by file and field, whatever would give other ids than `tokenizers` gives.
struct TokenizerReader {
  private let file: String

  init(file: String) { self.file = file }

  func parts(_ root: JSONValue) throws -> Tokenizer.Parts {
    try check(
      root, "",
      keys: [
        "version", "truncation", "padding", "added_tokens", "normalizer", "pre_tokenizer", "post_processor", "decoder",
        "model",
      ])
    if let version = root["version"], version != "1.0" { throw unsupported("version", version) }
    for field in ["truncation", "padding", "normalizer"] {
      if let value = root[field], value != .null { throw unsupported(field, value, remedy: "Only null is supported.") }
    }
    try check(decoder: root["decoder"] ?? .null)
    try check(postProcessor: root["post_processor"] ?? .null, "post_processor")
    let (preTokenizer, prefix) = try PreTokenizerField(reader: self).read(root["pre_tokenizer"] ?? .null)
    guard let model = root["model"] else { throw failure("model", "is missing") }
    let wholeWords = try settings(ofModel: model)
    let added = try addedTokens(root["added_tokens"] ?? [])
    let (vocabulary, outsideModel) = try self.vocabulary(model, added)
    return Tokenizer.Parts(
      vocabulary: vocabulary, merges: try merges(model, vocabulary),
      addedTokens: added.sorted { $0.id < $1.id },
      settings: .init(preTokenizer: preTokenizer, prefix: prefix, wholeWords: wholeWords),
      outsideModel: outsideModel, roles: [:], postProcessor: root["post_processor"] ?? .null)
  }

  // MARK: Components

  private func check(decoder: JSONValue) throws {
    guard decoder["type"]?.stringValue == "ByteLevel" else {
      throw unsupported("decoder", decoder, remedy: "Only ByteLevel is supported.")
    }
  }

  private func check(postProcessor: JSONValue, _ field: String) throws {
    switch postProcessor["type"]?.stringValue {
    case nil where postProcessor == .null: return
    case "ByteLevel", "TemplateProcessing": return
    case "Sequence":
      for (index, part) in (postProcessor["processors"]?.arrayValue ?? []).enumerated() {
        try check(postProcessor: part, "\(field).processors[\(index)]")
      }
    default:
      throw unsupported(field, postProcessor, remedy: "ByteLevel, TemplateProcessing and Sequence are supported.")
    }
  }

  private func settings(ofModel model: JSONValue) throws -> Tokenizer.WholeWords {
    try check(
      model, "model",
      keys: [
        "type", "dropout", "unk_token", "continuing_subword_prefix", "end_of_word_suffix", "fuse_unk", "byte_fallback",
        "ignore_merges", "vocab", "merges",
      ])
    if let type = model["type"], type != "BPE" {
      throw unsupported("model", model, remedy: "Only BPE is supported.")
    }
    if let dropout = model["dropout"], dropout != .null, dropout.numberValue != 0 {
      throw unsupported("model.dropout", dropout, remedy: "Only null is supported.")
    }
    for field in ["continuing_subword_prefix", "end_of_word_suffix"] {
      if let value = model[field], value != .null, value != "" {
        throw unsupported("model.\(field)", value, remedy: "Only null is supported.")
      }
    }
    if let fallback = model["byte_fallback"], fallback != false {
      throw unsupported("model.byte_fallback", fallback, remedy: "Only false is supported.")
    }
    return try flag(model, "ignore_merges", "model", missing: false) ? .taken : .merged
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

  // MARK: Vocabulary and merges

  /// The tokens by id, and the ids that only `added_tokens` has. Every id from 0 up has exactly one token.
  private func vocabulary(_ model: JSONValue, _ added: [AddedToken]) throws -> (Vocabulary, Set<UInt32>) {
    guard let entries = model["vocab"]?.objectValue else { throw failure("model.vocab", "is not an object") }
    let addedByContent = Dictionary(uniqueKeysWithValues: added.map { ($0.content, $0) })
    var outside = added.count
    for entry in entries where addedByContent[entry.key] != nil { outside -= 1 }
    let count = entries.count + max(0, outside)
    var texts = [String?](repeating: nil, count: count)
    func place(_ text: String, _ id: UInt32, _ field: String) throws {
      guard Int(id) < count else {
        throw failure(field, "the id \(id) leaves a gap: \(count) tokens have the ids 0 to \(count - 1)")
      }
      if let other = texts[Int(id)] { throw failure(field, "the id \(id) is that of \(quoted(other)) too") }
      texts[Int(id)] = text
    }
    var seen: Set<String> = []
    for entry in entries {
      let field = "model.vocab[\(quoted(entry.key))]"
      guard seen.insert(entry.key).inserted else { throw failure(field, "occurs twice") }
      let id = try self.id(entry.value, field)
      if let token = addedByContent[entry.key], token.id != id {
        throw failure(field, "the id is \(id), but added_tokens gives it \(token.id)")
      }
      try place(entry.key, id, field)
    }
    var outsideModel: Set<UInt32> = []
    for (index, token) in added.enumerated() where Int(token.id) >= count || texts[Int(token.id)] != token.content {
      try place(token.content, token.id, "added_tokens[\(index)].id")
      outsideModel.insert(token.id)
    }
    return (try makeVocabulary(texts.compactMap { $0 }, addedByContent), outsideModel)
  }

  private func makeVocabulary(_ texts: [String], _ added: [String: AddedToken]) throws -> Vocabulary {
    var vocabulary = Vocabulary()
    for text in texts {
      let bytes = ByteAlphabet.bytes(of: text)
      if added[text] != nil {
        vocabulary.append(Array(text.utf8), findable: bytes == Array(text.utf8))
      } else if let bytes, !bytes.isEmpty {
        vocabulary.append(bytes, findable: true)
      } else {
        throw failure(
          "model.vocab[\(quoted(text))]", "is no byte-level token: it has characters that stand for no byte")
      }
    }
    for byte in UInt8.min...UInt8.max where vocabulary.id(of: [byte]) == nil {
      throw failure("model.vocab", "has no token for the byte \(byte), so some texts have no ids")
    }
    return vocabulary
  }

  private func merges(_ model: JSONValue, _ vocabulary: Vocabulary) throws -> [Merge] {
    guard let entries = model["merges"]?.arrayValue else { throw failure("model.merges", "is not a list") }
    var seen: Set<UInt64> = []
    seen.reserveCapacity(entries.count)
    return try entries.enumerated().map { index, entry in
      let field = "model.merges[\(index)]"
      let texts: [String]
      if let text = entry.stringValue {
        texts = text.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
      } else {
        texts = entry.arrayValue?.compactMap(\.stringValue) ?? []
      }
      guard texts.count == 2 else {
        throw failure(field, "is neither a pair of tokens nor two of them with a space between")
      }
      func id(_ text: String) throws -> UInt32 {
        guard let bytes = ByteAlphabet.bytes(of: text), let id = vocabulary.id(of: bytes) else {
          throw failure(field, "\(quoted(text)) is not in model.vocab")
        }
        return id
      }
      let merge = Merge(left: try id(texts[0]), right: try id(texts[1]), result: try id(texts[0] + texts[1]))
      guard seen.insert(UInt64(merge.left) << 32 | UInt64(merge.right)).inserted else {
        throw failure(field, "repeats the merge of \(quoted(texts[0])) and \(quoted(texts[1]))")
      }
      return merge
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

  private func id(_ value: JSONValue?, _ field: String) throws -> UInt32 {
    guard let number = value?.integerValue, let id = UInt32(exactly: number) else {
      throw failure(field, "is not an id: a whole number from 0 to 4294967295")
    }
    return id
  }

  func unsupported(_ field: String, _ value: JSONValue, remedy: String = "") -> GroveError {
    let name = value["type"]?.stringValue ?? String(value.text.prefix(60))
    return GroveError(.format, "\(file) › \(field)", "\(name) is not supported", remedy: remedy)
  }

  func failure(_ field: String, _ problem: String) -> GroveError {
    GroveError(.format, field.isEmpty ? file : "\(file) › \(field)", problem)
  }

  /// A token in an error message: short, whatever the file says.
  private func quoted(_ text: String) -> String {
    text.unicodeScalars.count > 40 ? "\"\(String(text.unicodeScalars.prefix(40)))…\"" : "\"\(text)\""
  }
}
