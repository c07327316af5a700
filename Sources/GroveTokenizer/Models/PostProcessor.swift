/// What special tokens stand around one or two texts: the `post_processor` of a `tokenizer.json`.
public struct PostProcessor: Sendable, Hashable {
  /// A part of the whole.
  public enum Part: Sendable, Hashable {
    /// The ids of the first (0) or second (1) text, with this type.
    case text(Int, type: UInt32)
    /// Special tokens, with this type.
    case tokens([UInt32], type: UInt32)
  }

  /// What becomes of one text.
  public var single: [Part]
  /// What becomes of two.
  public var pair: [Part]

  /// A template.
  public init(single: [Part], pair: [Part]) {
    self.single = single
    self.pair = pair
  }

  /// `BertProcessing`: `[CLS] A [SEP]` and `[CLS] A [SEP] B [SEP]`, the second text with type 1.
  static func bert(first: UInt32, last: UInt32) -> PostProcessor {
    let single: [Part] = [.tokens([first], type: 0), .text(0, type: 0), .tokens([last], type: 0)]
    return PostProcessor(single: single, pair: single + [.text(1, type: 1), .tokens([last], type: 1)])
  }

  /// `RobertaProcessing`: `<s> A </s>` and `<s> A </s></s> B </s>`, all of type 0.
  static func roberta(first: UInt32, last: UInt32) -> PostProcessor {
    let single: [Part] = [.tokens([first], type: 0), .text(0, type: 0), .tokens([last], type: 0)]
    return PostProcessor(
      single: single, pair: single + [.tokens([last], type: 0), .text(1, type: 0), .tokens([last], type: 0)])
  }

  /// The ids with the special tokens, and the type of each.
  func applied(to texts: [[UInt32]]) -> (ids: [UInt32], types: [UInt32]) {
    var (ids, types): ([UInt32], [UInt32]) = ([], [])
    for part in texts.count > 1 ? pair : single {
      switch part {
      case .tokens(let tokens, let type):
        ids += tokens
        types += tokens.map { _ in type }
      case .text(let index, let type) where index < texts.count:
        ids += texts[index]
        types += texts[index].map { _ in type }
      case .text: continue
      }
    }
    return (ids, types)
  }
}

extension Tokenizer {
  /// The ids of a text with the special tokens that the model expects around it.
  public func framing(_ ids: [UInt32]) -> [UInt32] { parts.postProcessor?.applied(to: [ids]).ids ?? ids }

  /// The special tokens that the model expects in front of a text.
  public var startTokens: [UInt32] {
    parts.postProcessor?.single.prefix { if case .tokens = $0 { true } else { false } }
      .flatMap { if case .tokens(let ids, _) = $0 { ids } else { [UInt32]() } } ?? []
  }

  /// The ids of two texts with the special tokens around and between them, and the type of each id: 0 or 1 as the
  /// tokenizer says.
  public func framing(_ first: [UInt32], _ second: [UInt32]) -> (ids: [UInt32], types: [UInt32]) {
    if let postProcessor = parts.postProcessor { return postProcessor.applied(to: [first, second]) }
    return (first + second, first.map { _ in 0 } + second.map { _ in 1 })
  }
}
