import Foundation
import GroveCore
import GroveCorpus
import GroveTokenizer

/// Tokenizers of one size, trained on a language alone, on its morphemes, and on a mixture, and the tokens that each needs.
struct TokenizerComparison {
  static let plain = "plain"
  static let morphemes = "morphemes"
  static let mixed = "mixed"
  static let arm = "tokenizers"

  let texts: ContinuedTexts
  let config: MonolingualModelConfig

  /// Tokens for each character of the held-out documents of the language, by tokenizer, and how many documents are not the same
  /// after encoding and decoding.
  /// - Parameter place: a folder for the text whose morphemes are marked.
  func figures(in place: URL) throws -> ArmFigures {
    let own = texts.made.file(config.language)
    let marked = RecipeTexts(folder: place)
    let reader = try RecipeTexts.reader(own)
    try marked.write(config.language) {
      guard let document = try reader.next() else { return nil }
      return (document.id, KoreanParticles.segmented(String(decoding: document.text, as: UTF8.self)))
    }
    let all = config.training.streams.map { texts.made.file($0.name) }
    let tokenizers = [
      (Self.plain, try train([own], .bytePair)),
      (Self.morphemes, try train([marked.file(config.language)], .morphemes(separator: KoreanParticles.separator))),
      (Self.mixed, try train(all, .bytePair)),
    ]
    var result = ArmFigures()
    for (name, tokenizer) in tokenizers {
      let use = try TokenizerUse(tokenizer, on: own, split: texts.split)
      result.figures["\(name) tokens"] = Double(use.tokens)
      result.figures["\(name) per character"] = Double(use.tokens) / Double(max(use.characters, 1))
      result.figures["\(name) changed"] = Double(use.changed)
      result.figures["\(name) size"] = Double(tokenizer.vocabularySize)
    }
    return result
  }

  private func train(_ files: [URL], _ kind: CorpusTokenizer.Kind) throws -> Tokenizer {
    try texts.tokenizer(of: files, kind, vocabularySize: config.tokenizerSize)
  }
}
