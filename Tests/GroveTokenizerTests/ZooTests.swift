import GroveCore
import GroveTokenizer
import Testing

/// Tokenizers of every kind give the ids and the texts of `tokenizers`, as `zoo.json` holds them.
struct ZooTests {
  static let names: [String] = {
    guard let zoo = try? Fixtures.json("zoo.json")["tokenizers"]?.arrayValue else { return [] }
    return zoo.compactMap { $0["name"]?.stringValue }
  }()

  private func entry(_ name: String) throws -> (zoo: JSONValue, entry: JSONValue, document: JSONValue) {
    let zoo = try Fixtures.json("zoo.json")
    let entry = try #require(zoo["tokenizers"]?.arrayValue?.first { $0["name"]?.stringValue == name })
    var document = try Fixtures.json(Tokenizer.fileName)
    for field in entry["fields"]?.objectValue ?? [] { document = document.replacing(field.key, by: field.value) }
    return (zoo, entry, document)
  }

  @Test("Every string has the ids and the text that tokenizers gives it", arguments: names)
  func strings(name: String) throws {
    let (zoo, entry, document) = try entry(name)
    let tokenizer = try Tokenizer(document, at: name)
    var encoder = tokenizer.encoder(specialTokens: .asText, malformed: .keeping)
    let strings = try #require(zoo["strings"]).strings
    let block = try #require(zoo["block"]?.integerValue)
    for (index, digest) in try #require(entry["digests"]).strings.enumerated() {
      let lines = try strings[index * block..<(index + 1) * block].map { text in
        let ids = encoder.encode(text)
        return ids.map(String.init).joined(separator: ",") + "\n"
          + (try tokenizer.decodeText(ids, specialTokens: .keeping)) + "\n"
      }
      #expect(ContentHash.of(lines.joined()) == digest, "strings \(index * block) to \((index + 1) * block - 1)")
    }
  }

  @Test("One text and two get the special tokens that tokenizers puts around them", arguments: names)
  func framing(name: String) throws {
    let (_, entry, document) = try entry(name)
    let tokenizer = try Tokenizer(document, at: name)
    let texts = try #require(entry["framed"]?["texts"]?.arrayValue).map(\.ids)
    #expect(tokenizer.framing(texts[0]) == entry["framed"]?["single"]?.ids)
    let pair = tokenizer.framing(texts[0], texts[1])
    #expect(pair.ids == entry["framed"]?["pair"]?.ids)
    #expect(pair.types == entry["framed"]?["types"]?.ids)
  }

  @Test("What is written is what was read", arguments: names)
  func roundTrip(name: String) throws {
    let (_, _, document) = try entry(name)
    let tokenizer = try Tokenizer(document, at: name)
    let again = try Tokenizer(tokenizer.json, at: "again")
    #expect(again.json == tokenizer.json)
    for field in ["normalizer", "pre_tokenizer", "post_processor", "decoder"] {
      #expect(tokenizer.json[field] == document[field], "\(field)")
    }
  }

  @Test("The work grows with the length of a text, not with its square", arguments: names)
  func linear(name: String) throws {
    let tokenizer = try Tokenizer(entry(name).document, at: name)
    for unit in ["a", " ", "\u{301}", "한"] {
      func steps(_ count: Int) -> Int {
        var encoder = tokenizer.encoder(specialTokens: .asText, malformed: .keeping)
        _ = encoder.encode(String(repeating: unit, count: count))
        return encoder.statistics.mergeSteps + encoder.statistics.pieces
      }
      let (short, long) = (steps(1 << 10), steps(1 << 15))
      #expect(long <= 32 * 2 * max(short, 1 << 11), "\(unit.debugDescription): \(short) steps, then \(long)")
    }
  }

  /// Read to the nearest double, the scores would add up to more with "..." first.
  @Test("Scores are read as tokenizers 0.23.3 reads them, so that pieces in two orders tie as there")
  func scoresAsRead() throws {
    let model: JSONValue = [
      "type": "Unigram", "unk_id": 0,
      "vocab": [["u", 0], ["x", -11.105095184714413], [".", -3.7455358661483036], ["...", -8.081734186972422]],
    ]
    var encoder = try Tokenizer(["model": model], at: "t").encoder(specialTokens: .asText, malformed: .keeping)
    #expect(encoder.encode("x....") == [1, 2, 3])
  }
}
