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
    (["normalizer"], ["type": "NFC"], "t.json › normalizer: NFC is not supported. Only null is supported."),
    (
      ["truncation"], ["max_length": 8],
      "t.json › truncation: {\"max_length\":8} is not supported. Only null is supported."
    ),
    (
      ["pre_tokenizer"], ["type": "Metaspace"],
      "t.json › pre_tokenizer: Metaspace is not supported. "
        + "ByteLevel, and a Sequence of Split and ByteLevel, are supported."
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
      "t.json › pre_tokenizer.pretokenizers[0].pattern: {\"Regex\":\"\\\\d\"} is not supported. "
        + "The patterns of GPT-2, cl100k (LLaMA 3) and Qwen 2 are supported."
    ),
    (
      ["post_processor"], ["type": "BertProcessing"],
      "t.json › post_processor: BertProcessing is not supported. "
        + "ByteLevel, TemplateProcessing and Sequence are supported."
    ),
    (["decoder"], nil, "t.json › decoder: null is not supported. Only ByteLevel is supported."),
    (["extra"], 1, "t.json › extra: unknown key"),
    (["model"], [], "t.json › model: is not an object"),
    (["model", "type"], "Unigram", "t.json › model: Unigram is not supported. Only BPE is supported."),
    (["model", "dropout"], 0.1, "t.json › model.dropout: 0.1 is not supported. Only null is supported."),
    (
      ["model", "byte_fallback"], true, "t.json › model.byte_fallback: true is not supported. Only false is supported."
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

  @Test("A vocabulary without a token for every byte is refused")
  func missingByte() throws {
    let json = try base()
    let members = try #require(json["model"]?["vocab"]?.objectValue).filter { $0.key != "a" && $0.key != "ab" }
    let renumbered = members.enumerated().map { (key: $1.key, value: JSONValue.integer($0)) }
    let changed = json.replacing("model", "vocab", by: .object(renumbered)).replacing("model", "merges", by: [])
    #expect(message(changed) == "t.json › model.vocab: has no token for the byte 97, so some texts have no ids")
  }

  @Test("A token that occurs twice is refused")
  func repeatedToken() throws {
    let json = try base()
    let members = try #require(json["model"]?["vocab"]?.objectValue) + [(key: "ab", value: 258)]
    #expect(
      message(json.replacing("model", "vocab", by: .object(members))) == "t.json › model.vocab[\"ab\"]: occurs twice")
  }

  @Test("A document that is no object is refused")
  func noObject() { #expect(message([]) == "t.json: is not an object") }
}
