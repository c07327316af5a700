import GroveCore
import GroveTokenizer
import Testing

struct UnigramTrainingTests {
  private func trainer(vocabularySize: Int, form: UnicodeForm? = nil) throws -> UnigramTrainer {
    try UnigramTrainer(
      .init(
        vocabularySize: vocabularySize, specialTokens: ["<unk>", "</s>"], form: form, longestPiece: 16,
        seedSize: 100_000, kept: 0.75, wordMemoryBytes: 1 << 26))
  }

  @Test("Words that occur often become pieces, and every character met is one")
  func frequentWords() throws {
    var trainer = try trainer(vocabularySize: 30)
    for _ in 0..<50 { trainer.count("newest widest lowest") }
    let tokenizer = trainer.train()
    #expect(tokenizer.vocabularySize <= 30)
    for character in "\u{2581}newstidlo" {
      #expect(tokenizer.vocabulary.id(of: String(character).utf8) != nil, "\(character)")
    }
    #expect(tokenizer.vocabulary.id(of: "est".utf8) != nil)
    var encoder = tokenizer.encoder(specialTokens: .asText, malformed: .keeping)
    #expect(encoder.encode("newest").count <= 3)
    #expect(encoder.encode("q").contains(0))
  }

  @Test("Texts decode to themselves, and the order of documents does not change the tokenizer")
  func excerpt() throws {
    let texts = try Fixtures.excerpt().map(\.text)
    func train(_ texts: some Sequence<String>) throws -> Tokenizer {
      var trainer = try trainer(vocabularySize: 900)
      for text in texts { trainer.count(text) }
      return trainer.train()
    }
    let tokenizer = try train(texts)
    #expect(tokenizer.fingerprint == (try train(texts.reversed()).fingerprint))
    #expect(tokenizer.vocabularySize <= 900)
    var encoder = tokenizer.encoder(specialTokens: .asText, malformed: .keeping)
    var (ids, bytes) = (0, 0)
    for text in texts {
      let words = text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
      let encoded = encoder.encode(words)
      (ids, bytes) = (ids + encoded.count, bytes + words.utf8.count)
      #expect(try tokenizer.decodeText(encoded, specialTokens: .keeping) == words)
    }
    #expect(Double(bytes) / Double(ids) > 2, "\(bytes) bytes in \(ids) ids")
  }

  @Test("What is learned is written, and read back with the same ids")
  func roundTrip() throws {
    var trainer = try trainer(vocabularySize: 300, form: .nfkc)
    for text in try Fixtures.excerpt().prefix(10).map(\.text) { trainer.count(text) }
    let tokenizer = trainer.train()
    let again = try Tokenizer(tokenizer.json, at: "again")
    var (first, second) = (
      tokenizer.encoder(specialTokens: .asText, malformed: .keeping),
      again.encoder(specialTokens: .asText, malformed: .keeping)
    )
    for text in try Fixtures.excerpt().map(\.text) { #expect(first.encode(text) == second.encode(text)) }
  }

  @Test(
    "Settings out of range are refused in words",
    arguments: [
      (2, ["<unk>", "</s>"], "vocabularySize: 2 leaves no room beside 2 special tokens"),
      (9, [], "specialTokens: is empty; its first is the unknown token"),
      (9, ["a", "a"], "specialTokens[1]: repeats \"a\""), (9, [""], "specialTokens[0]: 0 bytes; a token has 1 to 1024"),
    ])
  func settings(size: Int, special: [String], message: String) {
    let error = #expect(throws: GroveError.self) {
      try UnigramTrainer(
        .init(
          vocabularySize: size, specialTokens: special, form: nil, longestPiece: 16, seedSize: 100, kept: 0.75,
          wordMemoryBytes: 1 << 20))
    }
    #expect(error?.description == message)
  }

  @Test("No merge goes across the border of a morpheme, and separators leave no trace")
  func morphemes() throws {
    var trainer = try Fixtures.trainer(vocabularySize: 300)
    for _ in 0..<5 { trainer.count(Array("ab|cd".utf8), morphemesSeparatedBy: Array("|".utf8)) }
    let tokenizer = trainer.train()
    let learned = tokenizer.merges.map { String(decoding: tokenizer.bytes(of: $0.result)!, as: UTF8.self) }
    #expect(learned == ["ab", "cd"])
    var plain = try Fixtures.trainer(vocabularySize: 300)
    plain.count("the same text")
    var cut = try Fixtures.trainer(vocabularySize: 300)
    cut.count(Array("the same text".utf8), morphemesSeparatedBy: [0x1F])
    #expect(plain.train().fingerprint == cut.train().fingerprint)
  }
}
