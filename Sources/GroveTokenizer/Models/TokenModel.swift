/// How a piece of a text becomes ids: the `model` of a `tokenizer.json`.
public enum TokenModel: Sendable {
  /// Merges of neighbours, in the order in which they were learned.
  case bytePair(BytePairModel)
  /// The most probable pieces.
  case unigram(UnigramModel)
  /// The longest tokens, from the left.
  case wordPiece(WordPieceModel)

  /// The name of the model in a `tokenizer.json`.
  public var name: String {
    switch self {
    case .bytePair: "BPE"
    case .unigram: "Unigram"
    case .wordPiece: "WordPiece"
    }
  }

  /// Whether tokens are bytes written as printable characters (`ByteAlphabet`), rather than text.
  var isByteLevel: Bool { if case .bytePair(let model) = self { model.units == .bytes } else { false } }
}
