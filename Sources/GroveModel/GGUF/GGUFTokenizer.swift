import GroveCore
import GroveTokenizer

/// The tokenizer in a GGUF file's metadata, to and from the document of a `tokenizer.json`.
///
/// The kinds `gpt2`, byte-level BPE, and `llama`, sentencepiece's BPE, are read and written.
enum GGUFTokenizer {
  /// The types of tokens, by their codes in the file.
  enum TokenType: Int32 {
    case normal = 1
    case unknown, control, userDefined, unused, byte
  }

  static let splitSpaces = "tokenizer.ggml.add_space_prefix"
  static let startsText = "tokenizer.ggml.add_bos_token"
  static let chatTemplate = "tokenizer.chat_template"
  /// The ids of special tokens.
  static let roles: [(key: String, role: SpecialTokenRole)] = [
    ("tokenizer.ggml.bos_token_id", .beginning), ("tokenizer.ggml.eos_token_id", .ending),
    ("tokenizer.ggml.unknown_token_id", .unknown), ("tokenizer.ggml.padding_token_id", .padding),
  ]

  static func wrong(_ file: GGUFFile, _ key: String, _ problem: String, remedy: String = "") -> GroveError {
    GroveError(.format, "\(file.url.path) › tokenizer.ggml.\(key)", problem, remedy: remedy)
  }

  static func strings(_ key: String, _ file: GGUFFile) throws -> [String] {
    guard let list = file["tokenizer.ggml.\(key)"]?.arrayValue?.strings() else {
      throw wrong(file, key, "is not a list of texts")
    }
    return list
  }

  /// Whether the tokenizer is sentencepiece's.
  static func isSentencePiece(_ file: GGUFFile) -> Bool {
    file["tokenizer.ggml.model"]?.stringValue == sentencePieceKind
  }

  /// The document of a `tokenizer.json`.
  /// - Throws: `GroveError` with code `.format` that names the key.
  static func document(_ file: GGUFFile) throws -> JSONValue {
    func wrong(_ key: String, _ problem: String, remedy: String = "") -> GroveError {
      self.wrong(file, key, problem, remedy: remedy)
    }
    func strings(_ key: String) throws -> [String] { try self.strings(key, file) }
    guard let kind = file["tokenizer.ggml.model"]?.stringValue else { throw wrong("model", "is missing") }
    guard kind == "gpt2" else {
      throw wrong(
        "model", "\"\(kind.prefix(40))\" is not supported; only gpt2, byte-level BPE, and llama, sentencepiece's BPE",
        remedy: "Take the tokenizer.json of the model that the file was made of.")
    }
    let name = file["tokenizer.ggml.pre"]?.stringValue ?? "default"
    guard let split = GGUFSplit(name: name) else {
      let known = GGUFSplit.allCases.flatMap(\.names).joined(separator: ", ")
      throw wrong("pre", "\"\(name.prefix(40))\" is not supported; only \(known)")
    }
    let tokens = try strings("tokens")
    let types = file["tokenizer.ggml.token_type"]?.arrayValue?.integers() ?? []
    guard types.isEmpty || types.count == tokens.count else {
      throw wrong("token_type", "has \(types.count) elements, tokens has \(tokens.count)")
    }
    let merges = try strings("merges")
    let addsSpace = file[splitSpaces]?.boolValue ?? false
    return [
      "version": "1.0", "truncation": nil, "padding": nil, "added_tokens": added(tokens, types), "normalizer": nil,
      "pre_tokenizer": split.document(addsSpace: addsSpace), "post_processor": postProcessor(file, tokens),
      "decoder": ["type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true, "use_regex": true],
      "model": [
        "type": "BPE", "dropout": nil, "unk_token": nil, "continuing_subword_prefix": nil, "end_of_word_suffix": nil,
        "fuse_unk": false, "byte_fallback": false, "ignore_merges": .bool(split == .llama3),
        "vocab": .object(tokens.enumerated().map { ($1, .integer($0)) }), "merges": .array(merges.map { .string($0) }),
      ],
    ]
  }

  private static func added(_ tokens: [String], _ types: [Int]) -> JSONValue {
    .array(
      types.indices.compactMap { id in
        let type = TokenType(rawValue: Int32(truncatingIfNeeded: types[id]))
        guard type == .control || type == .userDefined || type == .unknown else { return nil }
        return [
          "id": .integer(id), "content": .string(tokens[id]), "single_word": false, "lstrip": false, "rstrip": false,
          "normalized": false, "special": .bool(type != .userDefined),
        ]
      })
  }

  /// What puts the first token in front of a text.
  private static func postProcessor(_ file: GGUFFile, _ tokens: [String]) -> JSONValue {
    guard file[startsText]?.boolValue == true, let id = file[roles[0].key]?.integerValue, tokens.indices.contains(id)
    else { return .null }
    let first: JSONValue = ["SpecialToken": ["id": .string(tokens[id]), "type_id": 0]]
    func sequence(_ name: String, _ type: Int) -> JSONValue {
      ["Sequence": ["id": .string(name), "type_id": .integer(type)]]
    }
    let content = JSONValue.string(tokens[id])
    let special: JSONValue = ["id": content, "ids": [.integer(id)], "tokens": [content]]
    return [
      "type": "TemplateProcessing", "single": [first, sequence("A", 0)],
      "pair": [first, sequence("A", 0), first, sequence("B", 1)],
      "special_tokens": .object([(key: tokens[id], value: special)]),
    ]
  }

  /// The `tokenizer_config.json`: special tokens by role, and the chat template.
  static func config(_ file: GGUFFile) -> JSONValue {
    let tokens = file["tokenizer.ggml.tokens"]?.arrayValue?.strings() ?? []
    let name: JSONValue = isSentencePiece(file) ? "LlamaTokenizer" : "PreTrainedTokenizerFast"
    var members: [(key: String, value: JSONValue)] = [("tokenizer_class", name)]
    if isSentencePiece(file) { members.append(("add_bos_token", .bool(file[startsText]?.boolValue ?? true))) }
    for (key, role) in roles {
      guard let id = file[key]?.integerValue, tokens.indices.contains(id) else { continue }
      members.append((role.rawValue, .string(tokens[id])))
    }
    if let template = file[chatTemplate]?.stringValue { members.append(("chat_template", .string(template))) }
    return .object(members)
  }
}

/// How texts are split before they are merged, by the names of `tokenizer.ggml.pre`.
enum GGUFSplit: CaseIterable {
  case gpt2
  /// GPT-2's, with every digit alone.
  case digits
  case llama3
  /// LLaMA 3's split for tokenizers that merge whole words too.
  case cl100k
  case qwen2

  /// The first is written; the others mean the same to llama.cpp.
  var names: [String] {
    switch self {
    case .gpt2: ["gpt-2", "mpt", "olmo", "jais", "phi-2"]
    case .digits: ["smollm", "starcoder", "refact", "command-r", "codeshell"]
    case .llama3: ["llama-bpe", "llama3", "llama-v3"]
    case .cl100k: ["dbrx", "smaug-bpe"]
    case .qwen2: ["qwen2", "stablelm2", "deepseek-r1-qwen"]
    }
  }

  init?(name: String) {
    guard let split = GGUFSplit.allCases.first(where: { $0.names.contains(name) }) else { return nil }
    self = split
  }

  /// The `pre_tokenizer` of a `tokenizer.json`.
  func document(addsSpace: Bool) -> JSONValue {
    func byteLevel(usesPattern: Bool) -> JSONValue {
      [
        "type": "ByteLevel", "add_prefix_space": .bool(addsSpace), "trim_offsets": true,
        "use_regex": .bool(usesPattern),
      ]
    }
    func sequence(_ first: JSONValue, usesPattern: Bool) -> JSONValue {
      ["type": "Sequence", "pretokenizers": [first, byteLevel(usesPattern: usesPattern)]]
    }
    func split(_ pattern: TextSplit) -> JSONValue {
      ["type": "Split", "pattern": ["Regex": .string(pattern.pattern ?? "")], "behavior": "Isolated", "invert": false]
    }
    switch self {
    case .gpt2: return byteLevel(usesPattern: true)
    case .digits: return sequence(["type": "Digits", "individual_digits": true], usesPattern: true)
    case .llama3, .cl100k: return sequence(split(.cl100k), usesPattern: false)
    case .qwen2: return sequence(split(.qwen2), usesPattern: false)
    }
  }

  /// Of the document of a `tokenizer.json`; nil for one that no name stands for.
  init?(_ document: JSONValue) {
    let field = document["pre_tokenizer"] ?? .null
    let last = field["pretokenizers"]?.arrayValue?.last ?? field
    let takesWholeWords = document["model"]?["ignore_merges"]?.boolValue ?? false
    func matches(_ split: GGUFSplit) -> Bool {
      let (own, theirs) = (split.document(addsSpace: false), field)
      guard own["type"] == theirs["type"] else { return false }
      let (first, other) = (own["pretokenizers"]?.arrayValue, theirs["pretokenizers"]?.arrayValue)
      guard first?.count == other?.count, first?.first?["type"] == other?.first?["type"],
        first?.first?["pattern"] == other?.first?["pattern"]
      else { return false }
      let usesPattern = last["use_regex"]?.boolValue ?? true
      return last["type"] == "ByteLevel" && usesPattern == ((first?.last ?? own)["use_regex"]?.boolValue ?? true)
    }
    guard let split = GGUFSplit.allCases.first(where: { matches($0) && ($0 == .llama3) == takesWholeWords }) else {
      return nil
    }
    self = split
  }
}
