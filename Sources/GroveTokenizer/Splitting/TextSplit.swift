/// How a text is cut into pieces before any model sees it: no token ever crosses the border of a piece.
///
/// Each split is written by hand on UTF-8 bytes and cuts where the regular expression or component of the same name cuts
/// in `tokenizers`, with the same Unicode classes.
public enum TextSplit: String, Sendable, Hashable, CaseIterable {
  /// GPT-2's split (Radford et al. 2019, `encoder.py`), which `ByteLevel` stands for in a `tokenizer.json`.
  case gpt2
  /// The split of GPT-4's cl100k and of LLaMA 3: contractions in any case, numbers in groups of at most three.
  case cl100k
  /// Qwen 2's split: cl100k with every number character on its own.
  case qwen2
  /// Qwen 3.5's split: that of Qwen 2, with marks as parts of words.
  case qwen35
  /// The split of GPT-4o's o200k: words end where small letters are followed by capitals.
  case o200k
  /// The split of Mistral's tekken: o200k without contractions, every number character on its own.
  case tekken
  /// Numbers of at most three characters: the first split of DeepSeek 3.
  case numbersByThree
  /// Runs of ideographs and kana: the second split of DeepSeek 3.
  case ideographs
  /// Words, punctuation and spaces: the third split of DeepSeek 3.
  case deepSeekWords
  /// `Digits`: runs of numbers.
  case digits
  /// `Digits` with `individual_digits`: every number character on its own.
  case individualDigits
  /// `Whitespace`: words and runs of other characters; white space is dropped.
  case words
  /// `WhitespaceSplit`: cut at white space, which is dropped.
  case spaces
  /// `Punctuation`: every punctuation character on its own.
  case punctuation
  /// `BertPreTokenizer`: cut at white space, which is dropped, and around every punctuation character.
  case bert
  /// Before every U+2581 that follows another character: never inside a token of a vocabulary without such tokens.
  case wordMarks
  /// No split: the whole text is one piece.
  case whole

  /// The regular expression that a `tokenizer.json` holds for this split; nil where it holds none.
  public var pattern: String? {
    switch self {
    case .gpt2: #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#
    case .cl100k: TextSplit.cl100kPattern(numbers: #"\p{N}{1,3}"#)
    case .qwen2: TextSplit.cl100kPattern(numbers: #"\p{N}"#)
    case .qwen35: TextSplit.cl100kPattern(letter: #"[\p{L}\p{M}]"#, mark: #"\p{M}"#, numbers: #"\p{N}"#)
    case .o200k: TextSplit.o200kPattern(contraction: #"(?i:'s|'t|'re|'ve|'m|'ll|'d)?"#, numbers: #"\p{N}{1,3}"#)
    case .tekken: TextSplit.o200kPattern(contraction: "", numbers: #"\p{N}"#)
    case .numbersByThree: #"\p{N}{1,3}"#
    case .ideographs: "[\u{4E00}-\u{9FA5}\u{3040}-\u{309F}\u{30A0}-\u{30FF}]+"
    case .deepSeekWords: TextSplit.deepSeekPattern
    case .digits, .individualDigits, .words, .spaces, .punctuation, .bert, .wordMarks, .whole: nil
    }
  }

  private static func cl100kPattern(letter: String = #"\p{L}"#, mark: String = "", numbers: String) -> String {
    #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?"# + letter + "+|" + numbers
      + #"| ?[^\s\p{L}"# + mark + #"\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#
  }

  private static func o200kPattern(contraction: String, numbers: String) -> String {
    let upper = #"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]"#
    let lower = #"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"#
    let lead = #"[^\r\n\p{L}\p{N}]?"#
    return "\(lead)\(upper)*\(lower)+\(contraction)|\(lead)\(upper)+\(lower)*\(contraction)|" + numbers
      + #"| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"#
  }

  private static let deepSeekPattern =
    "[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+|[^\r\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+"
    + "| ?[\\p{P}\\p{S}]+[\r\n]*|\\s*[\r\n]+|\\s+(?!\\S)|\\s+"

  /// Whether pieces of white space are no part of the result.
  var dropsSpace: Bool { self == .words || self == .spaces || self == .bert }

  /// Whether every character belongs to a match of `pattern`.
  var matchesEverything: Bool {
    switch self {
    case .gpt2, .cl100k, .qwen2, .qwen35, .o200k, .tekken: true
    default: false
    }
  }

  /// The pieces of a text, in order: byte ranges that touch and cover it, but for white space that is dropped.
  /// - Complexity: O(bytes).
  public func pieces(of text: UnsafeBufferPointer<UInt8>) -> [Range<Int>] {
    guard let bytes = text.baseAddress else { return [] }
    let cursor = TextCursor(bytes)
    var pieces: [Range<Int>] = []
    var start = 0
    while start < text.count {
      let end = pieceEnd(cursor, start, text.count)
      if !dropsSpace || cursor.character(at: start, end).kind != CharacterClasses.space { pieces.append(start..<end) }
      start = end
    }
    return pieces
  }

  /// Where the piece that starts at `start` ends. `start < end`, and the result is beyond `start`.
  @inline(__always)
  func pieceEnd(_ text: TextCursor, _ start: Int, _ end: Int) -> Int {
    switch self {
    case .gpt2: GPT2Split.pieceEnd(text, start, end)
    case .cl100k: CL100KSplit.pieceEnd(text, start, end, numberLength: 3)
    case .qwen2: CL100KSplit.pieceEnd(text, start, end, numberLength: 1)
    case .o200k: O200KSplit.pieceEnd(text, start, end, .o200k)
    case .whole: end
    default: otherPieceEnd(text, start, end)
    }
  }

  @inline(never)
  private func otherPieceEnd(_ text: TextCursor, _ start: Int, _ end: Int) -> Int {
    switch self {
    case .qwen35: Qwen35Split.pieceEnd(text, start, end)
    case .tekken: O200KSplit.pieceEnd(text, start, end, .tekken)
    case .numbersByThree: SimpleSplit.numbersEnd(text, start, end, limit: 3)
    case .ideographs: SimpleSplit.ideographsEnd(text, start, end)
    case .deepSeekWords: DeepSeekSplit.pieceEnd(text, start, end)
    case .digits: SimpleSplit.runEnd(text, start, end, of: CharacterTraits.numeric, single: false)
    case .individualDigits: SimpleSplit.runEnd(text, start, end, of: CharacterTraits.numeric, single: true)
    case .words: SimpleSplit.wordEnd(text, start, end)
    case .spaces: SimpleSplit.unspacedEnd(text, start, end, punctuation: 0)
    case .punctuation: SimpleSplit.runEnd(text, start, end, of: CharacterTraits.punctuation, single: true)
    case .bert: SimpleSplit.unspacedEnd(text, start, end, punctuation: CharacterTraits.punctuation)
    case .wordMarks: SimpleSplit.wordMarkEnd(text, start, end)
    case .gpt2, .cl100k, .qwen2, .o200k, .whole: preconditionFailure("pieceEnd has its own path for \(self)")
    }
  }
}
