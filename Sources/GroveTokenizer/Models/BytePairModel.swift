/// Byte-pair encoding as a `tokenizer.json` has it: what the units of a word are before the merges, and the merges.
public struct BytePairModel: Sendable {
  /// What a word is made of before the first merge.
  public enum Units: Sendable, Hashable {
    /// Bytes. One without a token becomes the unknown token, or nothing.
    case bytes
    /// Characters. One without a token becomes the tokens of its bytes, the unknown token, or nothing.
    case characters
  }

  /// What becomes of a piece that is itself in the vocabulary.
  public enum WholeWords: Sendable, Hashable {
    /// It is merged like any other.
    case merged
    /// It is taken as that token: `ignore_merges`, as LLaMA 3 has it.
    case taken
  }

  /// What a word is made of.
  public internal(set) var units: Units
  /// Whether words that are tokens go unmerged.
  public internal(set) var wholeWords: WholeWords
  /// The merges, the first learned first.
  public internal(set) var merges: [Merge]
  /// What stands for characters without a token; nil where they leave nothing.
  var unknown: UnknownRule?
  /// The tokens of single bytes, `<0x00>` to `<0xFF>`, where characters fall back to them; -1 where one is missing.
  var byteTokens: [Int64]?
  /// Stands before a unit that does not begin a word (`continuing_subword_prefix`).
  var continuation: [UInt8] = []
  /// Stands after the unit that ends a word (`end_of_word_suffix`).
  var wordEnd: [UInt8] = []

  init(units: Units, wholeWords: WholeWords, merges: [Merge]) {
    self.units = units
    self.wholeWords = wholeWords
    self.merges = merges
  }

  /// The token for unknown characters.
  struct UnknownRule: Sendable, Hashable {
    let id: UInt32
    /// Whether neighbours become one token (`fuse_unk`).
    let isFused: Bool
  }

  /// Whether every unit is one byte with one token.
  var isPlain: Bool { units == .bytes && continuation.isEmpty && wordEnd.isEmpty }

  /// Calls `emit` with the token of each unit of a word, as `tokenizers` does: a pending unknown token waits for the next
  /// known character, and falls behind the bytes of one that has none.
  func forEachUnit(
    of word: UnsafeBufferPointer<UInt8>, _ vocabulary: Vocabulary, _ emit: (UInt32) -> Void
  ) {
    var isPending = false
    var at = 0
    while at < word.count {
      let width = units == .bytes ? 1 : word.scalar(at: at).width
      let id = id(
        of: UnsafeBufferPointer(rebasing: word[at..<at + width]), at == 0, at + width == word.count, vocabulary)
      if let id {
        if isPending, let unknown { emit(unknown.id) }
        isPending = false
        emit(id)
      } else if !emitBytes(word[at..<at + width], emit), let unknown {
        if isPending, !unknown.isFused { emit(unknown.id) }
        isPending = true
      }
      at += width
    }
    if isPending, let unknown { emit(unknown.id) }
  }

  private func id(
    of unit: UnsafeBufferPointer<UInt8>, _ isFirst: Bool, _ isLast: Bool, _ vocabulary: Vocabulary
  ) -> UInt32? {
    let before = isFirst ? [] : continuation
    let after = isLast ? wordEnd : []
    return before.isEmpty && after.isEmpty ? vocabulary.id(of: unit) : vocabulary.id(of: before + unit + after)
  }

  private func emitBytes(_ bytes: Slice<UnsafeBufferPointer<UInt8>>, _ emit: (UInt32) -> Void) -> Bool {
    guard let byteTokens, bytes.allSatisfy({ byteTokens[Int($0)] >= 0 }) else { return false }
    for byte in bytes { emit(UInt32(byteTokens[Int(byte)])) }
    return true
  }

  /// Whether no merge makes a token in which another character is followed by the mark U+2581; then a text may be cut
  /// there before it is merged, and the ids stay the same.
  func respectsWordMarks(_ vocabulary: Vocabulary) -> Bool {
    guard units == .characters, wholeWords == .merged, continuation.isEmpty, wordEnd.isEmpty,
      vocabulary.id(of: Metaspace.mark) != nil
    else { return false }
    return merges.allSatisfy { merge in
      guard let token = vocabulary.bytes(of: merge.result) else { return false }
      return token.withUnsafeBufferPointer { SimpleSplit.wordMarkEnd(TextCursor($0.baseAddress!), 0, $0.count) }
        == token.count
    }
  }
}

/// The tokens `<0x00>` to `<0xFF>`.
enum ByteTokens {
  static func text(of byte: UInt8) -> String {
    let digits = String(byte, radix: 16, uppercase: true)
    return "<0x\(digits.count == 1 ? "0" : "")\(digits)>"
  }

  /// The ids by byte; -1 where a vocabulary has no such token.
  static func ids(in vocabulary: Vocabulary) -> [Int64] {
    (0..<256).map { byte in vocabulary.id(of: text(of: UInt8(byte)).utf8).map { Int64($0) } ?? -1 }
  }

  /// The byte that a token's text stands for.
  static func byte(of text: some Collection<UInt8>) -> UInt8? {
    let text = Array(text)
    guard text.count == 6, text.starts(with: "<0x".utf8), text[5] == UInt8(ascii: ">") else { return nil }
    return UInt8(String(decoding: text[3..<5], as: UTF8.self), radix: 16)
  }
}
