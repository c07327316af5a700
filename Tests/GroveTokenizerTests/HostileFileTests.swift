import Foundation
import GroveCore
import GroveTokenizer
import Testing

/// A `tokenizer.json` that would give other ids, or none, is refused by file and field.
struct HostileFileTests {
  private func message(_ json: JSONValue) -> String? {
    let error = #expect(throws: GroveError.self) { try Tokenizer(json, at: "t.json") }
    return error?.description
  }

  private func base() throws -> JSONValue {
    // 256 bytes, one merge and one special token: small enough to see through.
    var trainer = try Fixtures.trainer(vocabularySize: 258, specialTokens: ["<s>"])
    trainer.count("ab")
    return trainer.train().json
  }

  private static let changes: [(path: [String], value: JSONValue, message: String)] = [
    (["version"], "2.0", "t.json › version: \"2.0\" is not supported"),
    (
      ["normalizer"], ["type": "NFX"],
      "t.json › normalizer: NFX is not supported. NFC, NFD, NFKC, NFKD, Lowercase, StripAccents, Strip, Replace, "
        + "Prepend, Precompiled, BertNormalizer, Nmt and Sequence are supported."
    ),
    (["normalizer"], ["kind": "NFC"], "t.json › normalizer.type: is not a string"),
    (
      ["normalizer"],
      ["type": "Sequence", "normalizers": [["type": "Replace", "pattern": ["Regex": "a+"], "content": ""]]],
      "t.json › normalizer.normalizers[0].pattern: {\"Regex\":\"a+\"} is not supported. "
        + "A String, and the expressions \" {2,}\" and \"\\s+\", are supported."
    ),
    (
      ["normalizer"], ["type": "Precompiled", "precompiled_charsmap": "?"],
      "t.json › normalizer.precompiled_charsmap: is not Base64"
    ),
    (
      ["normalizer"], ["type": "Precompiled", "precompiled_charsmap": "AAEAAA=="],
      "t.json › normalizer.precompiled_charsmap: announces a trie of 256 bytes, and 0 follow"
    ),
    (
      ["pre_tokenizer"], ["type": "UnicodeScripts"],
      "t.json › pre_tokenizer: UnicodeScripts is not supported. ByteLevel, Split, Metaspace, Whitespace, "
        + "WhitespaceSplit, Punctuation, Digits, BertPreTokenizer, CharDelimiterSplit and Sequence are supported."
    ),
    (
      ["pre_tokenizer"], ["type": "Metaspace", "replacement": "ab"],
      "t.json › pre_tokenizer.replacement: is not one character"
    ),
    (
      ["pre_tokenizer"], ["type": "Metaspace", "replacement": "_", "prepend_scheme": "last"],
      "t.json › pre_tokenizer.prepend_scheme: \"last\" is not supported. It is always, first or never."
    ),
    (
      ["pre_tokenizer"], ["type": "Sequence", "pretokenizers": [["type": "ByteLevel"], ["type": "Digits"]]],
      "t.json › pre_tokenizer.pretokenizers[1]: stands behind a ByteLevel, which must come last"
    ),
    (
      ["pre_tokenizer"], ["type": "ByteLevel", "add_prefix_space": "no"],
      "t.json › pre_tokenizer.add_prefix_space: is neither true nor false"
    ),
    (
      ["pre_tokenizer"],
      [
        "type": "Sequence",
        "pretokenizers": [
          ["type": "Split", "pattern": ["Regex": "\\d"], "behavior": "Isolated", "invert": false],
          ["type": "ByteLevel"],
        ],
      ],
      "t.json › pre_tokenizer.pretokenizers[0].pattern: {\"Regex\":\"\\\\d\"} is not supported. A String, and the "
        + "expressions of GPT-2, cl100k (LLaMA 3), o200k, Qwen, DeepSeek 3 and tekken, are supported."
    ),
    (
      ["pre_tokenizer"],
      ["type": "Split", "pattern": ["Regex": .string(TextSplit.cl100k.pattern ?? "")], "behavior": "Contiguous"],
      "t.json › pre_tokenizer: for an expression only the behavior Isolated, not inverted, is supported"
    ),
    (
      ["post_processor"], ["type": "Wrapping"],
      "t.json › post_processor: Wrapping is not supported. "
        + "ByteLevel, TemplateProcessing, BertProcessing, RobertaProcessing and Sequence are supported."
    ),
    (
      ["post_processor"], ["type": "BertProcessing", "sep": ["<s>", 0], "cls": ["<s>", 258]],
      "t.json › post_processor.cls[1]: no token has the id 258; the vocabulary ends at 257"
    ),
    (
      ["post_processor"],
      ["type": "TemplateProcessing", "single": [["SpecialToken": ["id": "<x>"]]], "pair": [], "special_tokens": [:]],
      "t.json › post_processor.single[0]: \"<x>\" is not in special_tokens"
    ),
    (
      ["decoder"], ["type": "CTC"],
      "t.json › decoder: CTC is not supported. ByteLevel, ByteFallback, Fuse, Metaspace, Replace, Strip, WordPiece, "
        + "BPEDecoder and Sequence are supported."
    ),
    (["extra"], 1, "t.json › extra: unknown key"),
    (["model"], [], "t.json › model: is not an object"),
    (
      ["model", "type"], "WordLevel",
      "t.json › model: WordLevel is not supported. BPE, Unigram and WordPiece are supported."
    ),
    (["model", "type"], "Unigram", "t.json › model: Unigram does not go with the pre-tokenizer ByteLevel"),
    (
      ["model", "dropout"], 0.1,
      "t.json › model.dropout: 0.1 is not supported. Only null is supported: with dropout a text has no certain ids."
    ),
    (["model", "vocab"], [1], "t.json › model.vocab: is not an object"),
    (
      ["model", "vocab", "ab"], 4_000_000_000,
      "t.json › model.vocab[\"ab\"]: the id 4000000000 leaves a gap: 258 tokens have the ids 0 to 257"
    ),
    (["model", "vocab", "ab"], -1, "t.json › model.vocab[\"ab\"]: is not an id: a whole number from 0 to 4294967295"),
    (
      ["model", "vocab", "ab"], 1e300, "t.json › model.vocab[\"ab\"]: is not an id: a whole number from 0 to 4294967295"
    ),
    (["model", "vocab", "ab"], 7, "t.json › model.vocab[\"ab\"]: the id 7 is that of \"'\" too"),
    (
      ["model", "vocab", "漢"], 258,
      "t.json › model.vocab[\"漢\"]: is no byte-level token: it has characters that stand for no byte"
    ),
    (
      ["model", "merges"], ["a b c"],
      "t.json › model.merges[0]: is neither a pair of tokens nor two of them with a space between"
    ),
    (
      ["model", "merges"], [["a", 1]],
      "t.json › model.merges[0]: is neither a pair of tokens nor two of them with a space between"
    ),
    (
      ["model", "merges"], [["a", "b"], ["a", "b"]], "t.json › model.merges[1]: repeats the merge of \"a\" and \"b\""
    ),
    (["model", "merges"], [["a", "zz"]], "t.json › model.merges[0]: \"zz\" is not in model.vocab"),
    (["model", "merges"], [["b", "a"]], "t.json › model.merges[0]: \"ba\" is not in model.vocab"),
    (
      ["added_tokens"], [["id": 300, "content": "<s>"]],
      "t.json › model.vocab[\"<s>\"]: the id is 0, but added_tokens gives it 300"
    ),
    (
      ["added_tokens"], [["id": 300, "content": "<x>"]],
      "t.json › added_tokens[0].id: the id 300 leaves a gap: 259 tokens have the ids 0 to 258"
    ),
    (
      ["added_tokens"], [["id": 258, "content": ""]],
      "t.json › added_tokens[0].content: 0 bytes; a token has 1 to 1024"
    ),
    (
      ["added_tokens"], [["id": 258, "content": "<x>"], ["id": 259, "content": "<x>"]],
      "t.json › added_tokens[1].content: repeats \"<x>\""
    ),
    (["added_tokens"], [["id": 258, "content": 5]], "t.json › added_tokens[0].content: is not a string"),
  ]

  @Test("Each change is refused by its field", arguments: changes.indices)
  func change(index: Int) throws {
    let change = Self.changes[index]
    var json = try base()
    // The paths are one to three keys deep.
    switch change.path.count {
    case 1: json = json.replacing(change.path[0], by: change.value)
    case 2: json = json.replacing(change.path[0], change.path[1], by: change.value)
    default: json = json.replacing(change.path[0], change.path[1], change.path[2], by: change.value)
    }
    #expect(message(json) == change.message)
  }

  @Test("A byte without a token becomes the unknown token, or nothing")
  func missingByte() throws {
    let json = try base()
    let members = try #require(json["model"]?["vocab"]?.objectValue).filter { $0.key != "a" && $0.key != "ab" }
    let renumbered = members.enumerated().map { (key: $1.key, value: JSONValue.integer($0)) }
    let changed = json.replacing("model", "vocab", by: .object(renumbered)).replacing("model", "merges", by: [])
    func ids(_ json: JSONValue, _ text: String) throws -> [UInt32] {
      var encoder = try Tokenizer(json, at: "t").encoder(specialTokens: .asText, malformed: .keeping)
      return encoder.encode(text)
    }
    let (b, c) = (try ids(changed, "b"), try ids(changed, "c"))
    #expect(b.count == 1 && c.count == 1)
    #expect(try ids(changed, "abaac") == b + c)
    let unknown = changed.replacing("model", "unk_token", by: "<s>")
    #expect(try ids(unknown, "abaac") == [0] + b + [0, 0] + c)
    #expect(try ids(unknown.replacing("model", "fuse_unk", by: true), "abaac") == [0] + b + [0] + c)
    #expect(
      try Tokenizer(Tokenizer(unknown, at: "t").json, at: "t").fingerprint == Tokenizer(unknown, at: "t").fingerprint)
  }

  @Test("A token that occurs twice is refused")
  func repeatedToken() throws {
    let json = try base()
    let members = try #require(json["model"]?["vocab"]?.objectValue) + [(key: "ab", value: 258)]
    #expect(
      message(json.replacing("model", "vocab", by: .object(members))) == "t.json › model.vocab[\"ab\"]: occurs twice")
  }

  private static let models: [(model: JSONValue, message: String)] = [
    (["type": "Unigram", "vocab": []], "t.json › model.unk_id: is not the id of a piece, so some texts have no ids"),
    (["type": "Unigram", "unk_id": 0, "vocab": ["a"]], "t.json › model.vocab[0]: is not a piece and its score"),
    (["type": "Unigram", "unk_id": 0, "vocab": [["a", 0], ["a", -1]]], "t.json › model.vocab[1]: occurs twice"),
    (["type": "Unigram", "unk_id": 0, "vocab": [["", 0]]], "t.json › model.vocab[\"\"]: is empty"),
    (
      ["type": "Unigram", "unk_id": 0, "vocab": [[.string(String(repeating: "a", count: 1025)), 0]]],
      "t.json › model.vocab[0]: 1025 bytes; a piece has at most 1024"
    ),
    (["type": "WordPiece", "vocab": ["a": 0]], "t.json › model.unk_token: is not a string"),
    (
      ["type": "WordPiece", "unk_token": "u", "vocab": ["a": 0]],
      "t.json › model.unk_token: is not a token of model.vocab"
    ),
    (
      ["type": "BPE", "unk_token": "u", "vocab": ["a": 0], "merges": []],
      "t.json › model.unk_token: is not a token of model.vocab"
    ),
  ]

  @Test("Each model is refused by its field", arguments: models.indices)
  func model(index: Int) throws { #expect(message(["model": Self.models[index].model]) == Self.models[index].message) }

  @Test("Letters with an accent and their parts are two tokens")
  func canonicallyEqual() throws {
    let model: JSONValue = ["type": "Unigram", "unk_id": 0, "vocab": [["u", 0], ["\u{E9}", -1], ["e\u{301}", -2]]]
    var encoder = try Tokenizer(["model": model], at: "t").encoder(specialTokens: .asText, malformed: .keeping)
    #expect(encoder.encode("\u{E9}") == [1])
    #expect(encoder.encode("e\u{301}") == [2])
  }

  @Test("Steps that would make a text longer without end are refused")
  func growth() throws {
    let doubling: JSONValue = ["type": "Replace", "pattern": ["String": "a"], "content": "aa"]
    func sequence(_ count: Int, _ key: String) -> JSONValue {
      ["type": "Sequence", "\(key)": .array(Array(repeating: doubling, count: count))]
    }
    let problem = "its steps could make a text more than 16384 times as long, or put more than 1048576 bytes before it"
    #expect(
      message(try base().replacing("normalizer", by: sequence(40, "normalizers"))) == "t.json › normalizer: \(problem)")
    #expect(message(try base().replacing("decoder", by: sequence(40, "decoders"))) == "t.json › decoder: \(problem)")
    let long = JSONValue.string(String(repeating: "a", count: 1 << 20))
    let prefixed: JSONValue = ["type": "Sequence", "normalizers": [["type": "Prepend", "prepend": long], doubling]]
    #expect(message(try base().replacing("normalizer", by: prefixed)) == "t.json › normalizer: \(problem)")
    #expect(throws: Never.self) {
      try Tokenizer(base().replacing("normalizer", by: sequence(10, "normalizers")), at: "t")
    }
  }

  @Test("Added tokens that normalization makes one text are found as the first of them, and long ones need no stack")
  func normalizedAlike() throws {
    func tokens(_ contents: [String]) -> JSONValue {
      .array(contents.enumerated().map { ["id": .integer(258 + $0), "content": .string($1), "normalized": true] })
    }
    let json = try base().replacing("normalizer", by: ["type": "Lowercase"])
    let alike = try Tokenizer(json.replacing("added_tokens", by: tokens(["<X>", "<x>"])), at: "t")
    var encoder = alike.encoder(specialTokens: .recognizing, malformed: .keeping)
    #expect(encoder.encode("<X><x>") == [258, 258])
    let long: JSONValue = ["type": "Prepend", "prepend": .string(String(repeating: "a", count: 1 << 20))]
    #expect(throws: Never.self) {
      try Tokenizer(json.replacing("normalizer", by: long).replacing("added_tokens", by: tokens(["<X>"])), at: "t")
    }
  }

  @Test("Merges that lead back to their own parts end")
  func cycles() throws {
    // With a prefix that is cut off, the merge of "a" and "##" is "a" again.
    let model: JSONValue = [
      "type": "BPE", "continuing_subword_prefix": "##", "vocab": ["a": 0, "##a": 1, "##": 2, "aa": 3],
      "merges": [["a", "##"], ["##a", "##"], ["a", "##a"]],
    ]
    var encoder = try Tokenizer(["model": model], at: "t").encoder(specialTokens: .asText, malformed: .keeping)
    #expect(encoder.encode("aaa") == [3, 1])
  }

  @Test(
    "A large file of zeros is refused without being taken into memory",
    arguments: ["tokenizer.json", "tokenizer.model"])
  func zeros(name: String) throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "grove-zeros-\(UUID().uuidString)")
    defer { try? FileSystem.remove(folder) }
    try FileSystem.makeFolder(folder)
    let file = folder.appending(path: name)
    func message(_ bytes: UInt64) throws -> String? {
      try FileSystem.write("", to: file)
      let handle = try FileHandle(forWritingTo: file)
      try handle.truncate(atOffset: bytes)  // a hole, which takes no disk
      try handle.close()
      let start = ContinuousClock.now
      defer { #expect(ContinuousClock.now - start < .seconds(5)) }
      return #expect(throws: GroveError.self) { try Tokenizer(contentsOf: file) }?.description
    }
    let isJSON = name.hasSuffix("json")
    #expect(
      try message(3 << 30)
        == (isJSON
          ? "\(file.path): 3221225472 bytes are too many for a JSON file; the limit is 268435456"
          : "\(file.path): 3221225472 bytes are no tokenizer; the limit is 67108864"))
    #expect(
      try message(60 << 20)
        == (isJSON
          ? "\(file.path): not JSON at line 1, column 1: expected a value"
          : "\(file.path), byte 1: 0 is no field's tag"))
  }

  @Test("A document that is no object is refused")
  func noObject() { #expect(message([]) == "t.json: is not an object") }
}
