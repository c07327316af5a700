import GroveCore

/// The `pre_tokenizer` of a `tokenizer.json`.
struct PreTokenizerField {
  let reader: TokenizerReader

  /// The steps, and whether the last of them writes bytes as printable characters.
  struct Steps {
    var steps: [PreTokenizer] = []
    var isByteLevel = false
  }

  private static let known =
    "ByteLevel, Split, Metaspace, Whitespace, WhitespaceSplit, Punctuation, Digits, BertPreTokenizer, "
    + "CharDelimiterSplit and Sequence are supported."

  func read(_ value: JSONValue, _ field: String) throws -> Steps {
    var steps = Steps()
    if value != .null { try read(value, field, &steps) }
    return steps
  }

  private func read(_ value: JSONValue, _ field: String, _ steps: inout Steps) throws {
    if value["type"] == "Sequence" {
      try reader.check(value, field, keys: ["type", "pretokenizers"])
      for part in try reader.list(value, "pretokenizers", field) { try read(part.value, part.field, &steps) }
      return
    }
    if steps.isByteLevel { throw reader.failure(field, "stands behind a ByteLevel, which must come last") }
    switch value["type"]?.stringValue {
    case "ByteLevel": try byteLevel(value, field, &steps)
    case "Split": steps.steps.append(try split(value, field))
    case "Metaspace": steps.steps.append(.metaspace(try metaspace(value, field)))
    case "Whitespace", "WhitespaceSplit", "BertPreTokenizer":
      try reader.check(value, field, keys: ["type"])
      let split: TextSplit =
        value["type"] == "Whitespace" ? .words : value["type"] == "WhitespaceSplit" ? .spaces : .bert
      steps.steps.append(.split(split))
    case "Punctuation":
      try reader.check(value, field, keys: ["type", "behavior"])
      let behavior = try self.behavior(value, field, missing: .isolated)
      steps.steps.append(behavior == .isolated ? .split(.punctuation) : .matches(.punctuation, behavior))
    case "Digits":
      try reader.check(value, field, keys: ["type", "individual_digits"])
      let isSingle = try reader.flag(value, "individual_digits", field, missing: false)
      steps.steps.append(.split(isSingle ? .individualDigits : .digits))
    case "CharDelimiterSplit":
      try reader.check(value, field, keys: ["type", "delimiter"])
      steps.steps.append(.matches(.literal(try reader.text(value, "delimiter", field)), .removed))
    default: throw reader.unsupported(field, value, remedy: PreTokenizerField.known)
    }
  }

  private func byteLevel(_ value: JSONValue, _ field: String, _ steps: inout Steps) throws {
    try reader.check(value, field, keys: ["type", "add_prefix_space", "trim_offsets", "use_regex"])
    if try reader.flag(value, "add_prefix_space", field, missing: true) { steps.steps.append(.spacePrefix) }
    if try reader.flag(value, "use_regex", field, missing: true) { steps.steps.append(.split(.gpt2)) }
    steps.isByteLevel = true
  }

  private func behavior(_ value: JSONValue, _ field: String, missing: SplitBehavior) throws -> SplitBehavior {
    guard let member = value["behavior"] else { return missing }
    guard let behavior = member.stringValue.flatMap(SplitBehavior.init) else {
      throw reader.unsupported("\(field).behavior", member)
    }
    return behavior
  }

  private func split(_ value: JSONValue, _ field: String) throws -> PreTokenizer {
    try reader.check(value, field, keys: ["type", "pattern", "behavior", "invert"])
    let behavior = try self.behavior(value, field, missing: .isolated)
    let isInverted = try reader.flag(value, "invert", field, missing: false)
    if let literal = value["pattern"]?["String"]?.stringValue {
      guard !literal.isEmpty else { throw reader.failure("\(field).pattern", "is empty") }
      return .matches(isInverted ? .allBut(literal) : .literal(literal), behavior)
    }
    guard let pattern = value["pattern"]?["Regex"]?.stringValue,
      let split = TextSplit.allCases.first(where: { $0.pattern == pattern })
    else {
      throw reader.unsupported(
        "\(field).pattern", value["pattern"] ?? .null,
        remedy: "A String, and the expressions of GPT-2, cl100k (LLaMA 3), o200k, Qwen, DeepSeek 3 and tekken, "
          + "are supported.")
    }
    // These expressions match everything, so dropping what they do not match is the same as keeping each match.
    let dropsRest = behavior == .removed && isInverted && split.matchesEverything
    guard behavior == .isolated && !isInverted || dropsRest else {
      throw reader.failure(field, "for an expression only the behavior Isolated, not inverted, is supported")
    }
    return .split(split)
  }

  private func metaspace(_ value: JSONValue, _ field: String) throws -> Metaspace {
    try reader.check(
      value, field, keys: ["type", "replacement", "prepend_scheme", "split", "add_prefix_space", "str_rep"])
    return try MetaspaceField(reader: reader).read(value, field)
  }

  /// The field for a split of a byte-level model, as `tokenizers` writes it.
  static func json(_ split: TextSplit) -> JSONValue {
    func byteLevel(usesPattern: Bool) -> JSONValue {
      ["type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": .bool(usesPattern)]
    }
    func part(_ split: TextSplit) -> JSONValue {
      switch split {
      case .digits, .individualDigits: ["type": "Digits", "individual_digits": .bool(split == .individualDigits)]
      case .words: ["type": "Whitespace"]
      case .spaces: ["type": "WhitespaceSplit"]
      case .punctuation: ["type": "Punctuation", "behavior": "Isolated"]
      case .bert: ["type": "BertPreTokenizer"]
      default:
        [
          "type": "Split", "pattern": ["Regex": .string(split.pattern ?? "")], "behavior": "Isolated", "invert": false,
        ]
      }
    }
    switch split {
    case .gpt2: return byteLevel(usesPattern: true)
    case .whole: return byteLevel(usesPattern: false)
    default: return ["type": "Sequence", "pretokenizers": [part(split), byteLevel(usesPattern: false)]]
    }
  }
}

/// A Metaspace, as a pre-tokenizer and as a decoder.
struct MetaspaceField {
  let reader: TokenizerReader

  func read(_ value: JSONValue, _ field: String) throws -> Metaspace {
    guard let mark = value["replacement"]?.stringValue?.unicodeScalars.first,
      value["replacement"]?.stringValue?.unicodeScalars.count == 1
    else { throw reader.failure("\(field).replacement", "is not one character") }
    var prepending = Metaspace.Prepending.always
    if let member = value["prepend_scheme"] {
      guard let known = member.stringValue.flatMap(Metaspace.Prepending.init) else {
        throw reader.unsupported("\(field).prepend_scheme", member, remedy: "It is always, first or never.")
      }
      prepending = known
    }
    // Files from before there were schemes say it with a flag.
    if value["add_prefix_space"] != nil, try !reader.flag(value, "add_prefix_space", field, missing: true) {
      guard value["prepend_scheme"] == nil || prepending == .never else {
        throw reader.failure("\(field).add_prefix_space", "is false, which prepend_scheme contradicts")
      }
      prepending = .never
    }
    return Metaspace(
      mark: mark, prepending: prepending, splits: try reader.flag(value, "split", field, missing: true))
  }
}
