import GroveCorpus
import GroveTokenizer

extension Tokenizer {
  /// A byte-level BPE of some documents in memory, with special tokens of the caller's.
  static func learned(
    from documents: [Document], vocabularySize: Int, specialTokens: [String]
  ) throws -> Tokenizer {
    var trainer = try BytePairTrainer(
      .init(
        vocabularySize: vocabularySize, minimumFrequency: 2, specialTokens: specialTokens, preTokenizer: .gpt2,
        malformed: .replacing, wordMemoryBytes: 1 << 30))
    for document in documents { trainer.count(document.text) }
    return trainer.train()
  }
}
