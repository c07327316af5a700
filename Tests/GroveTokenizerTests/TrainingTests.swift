import GroveCore
import GroveTokenizer
import Testing

struct TrainingTests {
  @Test("The example of Sennrich et al.: low, lower, newest, widest")
  func handWorked() throws {
    var trainer = try Fixtures.trainer(vocabularySize: 300)
    for (word, count) in [("low", 5), ("lower", 2), ("newest", 6), ("widest", 3)] {
      for _ in 0..<count { trainer.count(word) }
    }
    let tokenizer = trainer.train()
    let learned = tokenizer.merges.map { String(decoding: tokenizer.bytes(of: $0.result)!, as: UTF8.self) }
    // es 9 = st 9, and e has the smaller id; lo 7; ew 6 before ne 6 and w+est 6; dest 3; er 2.
    #expect(
      learned == ["es", "est", "lo", "low", "ew", "new", "newest", "dest", "idest", "widest", "er", "lower"])
    var encoder = tokenizer.encoder(specialTokens: .asText, malformed: .keeping)
    let pieces = encoder.encode("lowest").map { String(decoding: tokenizer.bytes(of: $0)!, as: UTF8.self) }
    #expect(pieces == ["low", "est"])
  }

  @Test("A run of one letter: its pair goes by twos from the left, and no count is left behind")
  func run() throws {
    var trainer = try Fixtures.trainer(vocabularySize: 259)
    trainer.count("aaaaaaa")
    let tokenizer = trainer.train()
    let learned = tokenizer.merges.map { tokenizer.byteCount(of: $0.result)! }
    #expect(learned == [2, 4, 3])  // aa aa aa a → aaaa aa a → aa+a before aaaa+aa: its ids are smaller
  }

  @Test("The order of documents does not change the tokenizer")
  func order() throws {
    let texts = try Fixtures.excerpt().map(\.text)
    func train(_ texts: some Sequence<String>) throws -> String {
      var trainer = try Fixtures.trainer(vocabularySize: 600)
      for text in texts { trainer.count(text) }
      return trainer.train().fingerprint
    }
    #expect(try train(texts) == train(texts.reversed()))
  }

  @Test("A pair rarer than the minimum frequency is not merged, and progress tells every token")
  func minimumFrequency() throws {
    let settings = BytePairTrainer.Settings(
      vocabularySize: 300, minimumFrequency: 3, specialTokens: ["<s>"], preTokenizer: .gpt2, malformed: .replacing,
      wordMemoryBytes: 1 << 20)
    var trainer = try BytePairTrainer(settings)
    for text in ["ab", "ab", "ab", "cd", "cd"] { trainer.count(text) }
    var told: [Int] = []
    let tokenizer = trainer.train { tokens, _ in told.append(tokens) }
    #expect(told == [258])
    #expect(tokenizer.vocabularySize == 258)
    #expect(tokenizer.id(ofAddedToken: "<s>") == 0)
  }

  @Test("Beyond its memory the trainer forgets rare words, says so, and keeps the frequent ones")
  func memory() throws {
    let settings = BytePairTrainer.Settings(
      vocabularySize: 260, minimumFrequency: 0, specialTokens: [], preTokenizer: .gpt2, malformed: .replacing,
      wordMemoryBytes: 1 << 16)
    var trainer = try BytePairTrainer(settings)
    for number in 0..<20_000 {
      trainer.count("\(number)")
      trainer.count("theme")
    }
    #expect(trainer.forgottenWords > 10_000)
    #expect(trainer.wordCount < 2000)
    #expect(trainer.train().vocabulary.id(of: Array("theme".utf8)) != nil)
  }

  @Test(
    "Settings out of range are refused in words",
    arguments: [
      (257, ["a", "b"], "vocabularySize: 257 is outside 258 (256 bytes and the special tokens) to 2147483646"),
      (300, ["a", ""], "specialTokens[1]: 0 bytes; a token has 1 to 1024"),
      (300, ["a", "a"], "specialTokens[1]: repeats \"a\""),
    ])
  func settings(size: Int, special: [String], message: String) {
    let error = #expect(throws: GroveError.self) {
      try Fixtures.trainer(vocabularySize: size, specialTokens: special)
    }
    #expect(error?.description == message)
  }
}
