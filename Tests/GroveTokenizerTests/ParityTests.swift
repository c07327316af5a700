import GroveCore
import GroveTokenizer
import Testing

/// The ids are those of `tokenizers`, as `expected.json` holds them.
struct ParityTests {
  static let variants = [
    "gpt2", "cl100k", "qwen2", "whole", "ignore_merges", "prefix_space", "added_tokens",
  ]

  /// The trained tokenizer with the fields that the variant replaces.
  private func tokenizer(_ variant: JSONValue) throws -> Tokenizer {
    var json = try Fixtures.json(Tokenizer.fileName)
    for member in variant["root"]?.objectValue ?? [] { json = json.replacing(member.key, by: member.value) }
    for member in variant["model"]?.objectValue ?? [] { json = json.replacing("model", member.key, by: member.value) }
    let vocabulary = try #require(json["model"]?["vocab"])
    let size = try #require(vocabulary.objectValue).count
    // An added token that the model has too keeps the model's id; the others follow behind.
    var next = size
    let added = (variant["added"]?.arrayValue ?? []).map { token in
      let known = vocabulary[token["content"]?.stringValue ?? ""]?.integerValue
      defer { next += known == nil ? 1 : 0 }
      return token.replacing("id", by: .integer(known ?? next))
    }
    let all = try #require(json["added_tokens"]?.arrayValue) + added
    return try Tokenizer(json.replacing("added_tokens", by: .array(all)), at: "variant")
  }

  private func digest(_ lists: [[UInt32]]) -> String {
    ContentHash.of(lists.map { $0.map(String.init).joined(separator: ",") + "\n" }.joined())
  }

  @Test("Every string has the ids that tokenizers gives it", arguments: variants)
  func strings(name: String) throws {
    let expected = try Fixtures.json("expected.json")
    let variant = try #require(expected["variants"]?.arrayValue?.first { $0["name"]?.stringValue == name })
    var encoder = try tokenizer(variant).encoder(specialTokens: .recognizing, malformed: .keeping)
    let chosen = try #require(expected["chosen"]).strings
    for (text, ids) in zip(chosen, try #require(variant["chosen"]?.arrayValue)) {
      #expect(encoder.encode(text) == ids.ids, "\(text.debugDescription)")
    }
    let drawn = try #require(expected["drawn"]).strings
    let block = try #require(expected["block"]?.integerValue)
    for (index, hash) in try #require(variant["drawn"]).strings.enumerated() {
      let ids = drawn[index * block..<(index + 1) * block].map { encoder.encode($0) }
      #expect(digest(ids) == hash, "strings \(index * block) to \((index + 1) * block - 1)")
    }
    let excerpt = try Fixtures.excerpt()
    for (domain, hash) in try #require(variant["domains"]?.objectValue) {
      let ids = excerpt.filter { $0.domain == domain }.map { encoder.encode($0.text) }
      #expect(digest(ids) == hash.stringValue, "\(domain)")
    }
  }

  @Test("Bytes that are not UTF-8 are replaced as Python replaces them")
  func malformed() throws {
    let expected = try Fixtures.json("expected.json")
    var encoder = try Fixtures.tokenizer().encoder(specialTokens: .recognizing, malformed: .replacing)
    let ids = try #require(expected["malformed_ids"]?.arrayValue)
    for (hexadecimal, ids) in zip(try #require(expected["malformed"]).strings, ids) {
      let digits = Array(hexadecimal)
      let bytes = stride(from: 0, to: digits.count, by: 2).compactMap { UInt8(String(digits[$0..<$0 + 2]), radix: 16) }
      #expect(encoder.encode(bytes) == ids.ids, "\(hexadecimal)")
    }
  }

  @Test("Training on the excerpt writes the tokenizer.json of tokenizers, byte for byte")
  func training() throws {
    var trainer = try Fixtures.trainer(vocabularySize: 2048, specialTokens: ["<|endoftext|>"])
    for document in try Fixtures.excerpt() { trainer.count(document.text) }
    let written = try FileSystem.read(Fixtures.folder.appending(path: Tokenizer.fileName))
    #expect(trainer.train().json.prettyText == String(decoding: written, as: UTF8.self))
  }
}
