/// How a text is cut into pieces before any merge: no token ever crosses the border of a piece.
///
/// Each split is written by hand on UTF-8 bytes and cuts where the regular expression of the same name cuts in
/// `tokenizers`, with the same Unicode classes.
public enum PreTokenizer: String, Sendable, Hashable, CaseIterable {
  /// GPT-2's split (Radford et al. 2019, `encoder.py`), which `ByteLevel` stands for in a `tokenizer.json`.
  case gpt2
  /// The split of GPT-4's cl100k and of LLaMA 3: contractions in any case, numbers in groups of at most three.
  case cl100k
  /// Qwen 2's split: cl100k with every number character on its own.
  case qwen2
  /// No split: the whole text is one piece.
  case whole

  /// The regular expression that a `tokenizer.json` holds for this split; nil where it holds none.
  public var pattern: String? {
    switch self {
    case .gpt2: #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#
    case .cl100k: PreTokenizer.cl100kPattern(numbers: #"\p{N}{1,3}"#)
    case .qwen2: PreTokenizer.cl100kPattern(numbers: #"\p{N}"#)
    case .whole: nil
    }
  }

  private static func cl100kPattern(numbers: String) -> String {
    #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|"# + numbers
      + #"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#
  }

  /// The pieces of a text, in order: byte ranges that touch and cover it.
  /// - Complexity: O(bytes).
  public func pieces(of text: UnsafeBufferPointer<UInt8>) -> [Range<Int>] {
    guard let bytes = text.baseAddress else { return [] }
    let cursor = TextCursor(bytes)
    var pieces: [Range<Int>] = []
    var start = 0
    while start < text.count {
      let end = pieceEnd(cursor, start, text.count)
      pieces.append(start..<end)
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
    case .whole: end
    }
  }
}
