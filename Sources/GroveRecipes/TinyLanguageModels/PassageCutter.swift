import GroveCore
import GroveCorpus
import GroveTokenizer

/// A text of exactly the model's length, with the document it was cut from.
struct Passage: Sendable {
  let document: String
  /// The class token and the text's tokens.
  let tokens: [Int64]
}

/// Cuts documents into passages with a tokenizer that it learns first.
struct PassageCutter {
  let classToken: Int64
  let maskToken: Int64
  let vocabularySize: Int
  /// Tokens of a passage, the class token included.
  let length: Int
  private var encoder: TokenEncoder

  /// - Parameter documents: what the tokenizer is learned from.
  init(_ documents: [Document], vocabularySize: Int, length: Int) throws {
    let tokenizer = try Tokenizer.learned(
      from: documents, vocabularySize: vocabularySize, specialTokens: [CorpusTokenizer.endOfText, "[CLS]", "[MASK]"])
    guard let classToken = tokenizer.id(ofAddedToken: "[CLS]"), let maskToken = tokenizer.id(ofAddedToken: "[MASK]")
    else { preconditionFailure("the trainer lost a special token") }
    self.classToken = Int64(classToken)
    self.maskToken = Int64(maskToken)
    self.vocabularySize = tokenizer.vocabularySize
    self.length = length
    encoder = tokenizer.encoder(specialTokens: .asText, malformed: .replacing)
  }

  /// Whole passages of each document, one after the other; what is left at its end is dropped.
  mutating func passages(_ documents: [Document]) -> [Passage] {
    documents.flatMap { document in
      let ids = encoder.encode(document.text).map { Int64($0) }
      let step = length - 1
      return stride(from: 0, to: max(0, ids.count - step + 1), by: step).map {
        Passage(document: document.id, tokens: [classToken] + ids[$0..<$0 + step])
      }
    }
  }
}
