public import GroveCore
public import GroveTokenizer

/// A vocabulary of word pieces for an encoder: the longest piece that a word starts with, then the longest that goes on.
public struct WordPieces: Sendable {
  /// The tokens that stand for no text, in the order of their ids.
  public static let special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
  /// Before a piece that goes on with a word.
  public static let continuation = "##"

  static let classToken: Int64 = 2
  static let separator: Int64 = 3
  static let mask: Int64 = 4

  /// Reads words, one at a time.
  public let tokenizer: Tokenizer
  /// The pieces behind the special tokens, by id.
  public let pieces: [String]

  /// - Parameter pieces: by id, those that go on with a word marked.
  /// - Throws: `GroveError` if a piece stands twice.
  public init(_ pieces: [String]) throws {
    let all = WordPieces.special + pieces
    let added = WordPieces.special.enumerated().map { id, content -> JSONValue in
      [
        "id": .integer(id), "content": .string(content), "single_word": false, "lstrip": false, "rstrip": false,
        "normalized": false, "special": true,
      ]
    }
    let json: JSONValue = [
      "version": "1.0", "truncation": nil, "padding": nil, "added_tokens": .array(added), "normalizer": nil,
      "pre_tokenizer": ["type": "BertPreTokenizer"], "post_processor": nil,
      "decoder": ["type": "WordPiece", "prefix": .string(WordPieces.continuation), "cleanup": true],
      "model": [
        "type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": .string(WordPieces.continuation),
        "max_input_chars_per_word": 100, "vocab": .object(all.enumerated().map { ($1, .integer($0)) }),
      ],
    ]
    tokenizer = try Tokenizer(json, at: "word pieces")
    self.pieces = pieces
  }

  /// Ids, the special tokens included.
  public var count: Int { WordPieces.special.count + pieces.count }

  /// The pieces of each word, without marks; nil for a word that the vocabulary cannot write.
  public func parts(of words: [String]) -> [[String]?] {
    var encoder = tokenizer.encoder(specialTokens: .asText, malformed: .replacing)
    return words.map { word in
      let ids = encoder.encode(word).map { Int($0) - WordPieces.special.count }
      return ids.allSatisfy { $0 >= 0 } ? ids.map { WordPieces.unmarked(pieces[$0]) } : nil
    }
  }

  static func unmarked(_ piece: String) -> String {
    piece.hasPrefix(continuation) ? String(piece.dropFirst(continuation.count)) : piece
  }

  /// The ids of the words of each line, word by word.
  func encode(_ lines: [[String]]) -> [[[Int64]]] {
    var encoder = tokenizer.encoder(specialTokens: .asText, malformed: .replacing)
    var known: [String: [Int64]] = [:]
    return lines.map { words in
      words.map { word in
        if let ids = known[word] { return ids }
        let ids = encoder.encode(word).map { Int64($0) }
        known[word] = ids
        return ids
      }
    }
  }
}

extension WordPieces {
  /// Every character of the words, at the start of a word and within it: with them any word can be written.
  static func characters(of counts: [String: Int]) -> [String] {
    let characters = Set(counts.keys.flatMap { $0 }).sorted().map(String.init)
    return characters + characters.map { continuation + $0 }
  }

  /// Learns the pieces that byte pair encoding merges, the first learned first, behind all characters.
  /// - Parameters:
  ///   - counts: how often each word stands in the text.
  ///   - count: pieces at most, the characters included.
  static func learned(from counts: [String: Int], count: Int) throws -> [String] {
    let characters = characters(of: counts)
    guard count >= characters.count else {
      throw GroveError(
        .argument, "vocabularySize", "\(count) pieces do not hold the text's \(characters.count / 2) characters twice")
    }
    // A space before each word marks its start, as it does in GPT-2's vocabulary.
    var trainer = try BytePairTrainer(
      .init(
        vocabularySize: 2 * count + 512, minimumFrequency: 2, specialTokens: [], preTokenizer: .gpt2,
        malformed: .replacing, wordMemoryBytes: 1 << 30))
    for (word, times) in counts.sorted(by: { $0.key < $1.key }) { for _ in 0..<times { trainer.count(" " + word) } }
    let learned = trainer.train()
    var (pieces, seen) = (characters, Set(characters))
    for id in 0..<UInt32(learned.vocabularySize) where pieces.count < count {
      guard let bytes = learned.bytes(of: id), let text = String(validating: bytes, as: UTF8.self) else { continue }
      let piece = text.hasPrefix(" ") ? String(text.dropFirst()) : continuation + text
      guard piece != "" && piece != continuation, !piece.contains(" ") else { continue }
      let isCharacter = unmarked(piece).count == 1
      if !isCharacter && seen.insert(piece).inserted { pieces.append(piece) }
    }
    return pieces
  }

  /// How often each word stands in lines.
  static func counts(_ lines: [[String]]) -> [String: Int] {
    lines.joined().reduce(into: [:]) { $0[$1, default: 0] += 1 }
  }
}
