import GroveCore

/// The `pre_tokenizer` of a `tokenizer.json`: a `ByteLevel`, or a known `Split` before one.
struct PreTokenizerField {
  let reader: TokenizerReader

  func read(_ value: JSONValue) throws -> (PreTokenizer, Tokenizer.Prefix) {
    switch value["type"]?.stringValue {
    case "ByteLevel": return try byteLevel(value, "pre_tokenizer", split: .gpt2)
    case "Sequence":
      guard let parts = value["pretokenizers"]?.arrayValue, parts.count == 2, parts[0]["type"] == "Split" else {
        throw reader.unsupported("pre_tokenizer", value, remedy: "A Sequence is a Split and a ByteLevel.")
      }
      let split = try self.split(parts[0], "pre_tokenizer.pretokenizers[0]")
      let field = "pre_tokenizer.pretokenizers[1]"
      guard parts[1]["type"] == "ByteLevel" else { throw reader.unsupported(field, parts[1]) }
      guard parts[1]["use_regex"] == false, parts[1]["add_prefix_space"] == false else {
        throw reader.failure(field, "after a Split, use_regex and add_prefix_space must be false")
      }
      return (split, .none)
    default:
      throw reader.unsupported(
        "pre_tokenizer", value, remedy: "ByteLevel, and a Sequence of Split and ByteLevel, are supported.")
    }
  }

  /// What `read` reads, as `tokenizers` writes it.
  static func json(_ settings: Tokenizer.Settings) -> JSONValue {
    func byteLevel(usesPattern: Bool) -> JSONValue {
      [
        "type": "ByteLevel", "add_prefix_space": .bool(settings.prefix == .space), "trim_offsets": true,
        "use_regex": .bool(usesPattern),
      ]
    }
    switch settings.preTokenizer {
    case .gpt2: return byteLevel(usesPattern: true)
    case .whole: return byteLevel(usesPattern: false)
    case .cl100k, .qwen2:
      let split: JSONValue = [
        "type": "Split", "pattern": ["Regex": .string(settings.preTokenizer.pattern ?? "")], "behavior": "Isolated",
        "invert": false,
      ]
      return ["type": "Sequence", "pretokenizers": [split, byteLevel(usesPattern: false)]]
    }
  }

  private func byteLevel(
    _ value: JSONValue, _ field: String, split: PreTokenizer
  ) throws -> (PreTokenizer, Tokenizer.Prefix) {
    try reader.check(value, field, keys: ["type", "add_prefix_space", "trim_offsets", "use_regex"])
    let usesPattern = try reader.flag(value, "use_regex", field, missing: true)
    let addsSpace = try reader.flag(value, "add_prefix_space", field, missing: true)
    return (usesPattern ? split : .whole, addsSpace ? .space : .none)
  }

  private func split(_ value: JSONValue, _ field: String) throws -> PreTokenizer {
    try reader.check(value, field, keys: ["type", "pattern", "behavior", "invert"])
    guard value["behavior"] == "Isolated", try !reader.flag(value, "invert", field, missing: false) else {
      throw reader.failure(field, "only the behavior Isolated, not inverted, is supported")
    }
    guard let pattern = value["pattern"]?["Regex"]?.stringValue,
      let split = PreTokenizer.allCases.first(where: { $0.pattern == pattern })
    else {
      throw reader.unsupported(
        "\(field).pattern", value["pattern"] ?? .null,
        remedy: "The patterns of GPT-2, cl100k (LLaMA 3) and Qwen 2 are supported.")
    }
    return split
  }
}
