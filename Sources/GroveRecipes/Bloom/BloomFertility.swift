import Foundation
import GroveCorpus
import GroveTokenizer

/// Tokens that a tokenizer of all languages needs for each, against those of one trained on that language alone.
struct BloomFertility {
  let texts: ContinuedTexts
  let config: BloomConfig

  static let arm = "tokenizers"
  /// Tokens for each held-out text of a language, by tokenizer; a word is a run of what is no white space.
  static func tokens(_ language: String, _ kind: Kind) -> String { "\(language) tokens, \(kind.rawValue)" }

  /// What a tokenizer has learned from.
  enum Kind: String, CaseIterable {
    /// The language alone.
    case own
    /// All languages, with as many ids.
    case shared
    /// All languages, with as many ids for each of them.
    case large
  }

  func figures() throws -> ArmFigures {
    let files = config.training.streams.map { texts.made.file($0.name) }
    let size = config.tokenizerSize
    func tokenizer(_ files: [URL], _ size: Int) throws -> Tokenizer {
      try texts.tokenizer(of: files, .bytePair, vocabularySize: size)
    }
    let (shared, large) = (try tokenizer(files, size), try tokenizer(files, size * files.count))
    var result = ArmFigures()
    result.figures["shared size"] = Double(shared.vocabularySize)
    var changed = 0
    for (stream, file) in zip(config.training.streams, files) {
      let own = try tokenizer([file], size)
      for (kind, tokenizer) in [(Kind.own, own), (.shared, shared), (.large, large)] {
        let use = try TokenizerUse(tokenizer, on: file, split: texts.split)
        result.figures[Self.tokens(stream.name, kind)] = Double(use.tokens)
        result.figures["\(stream.name) words"] = Double(use.words)
        changed += use.changed
      }
      result.figures["\(stream.name) size"] = Double(own.vocabularySize)
    }
    result.figures["changed"] = Double(changed)
    return result
  }
}
