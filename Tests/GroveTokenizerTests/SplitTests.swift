import GroveTokenizer
import Testing

/// Splits worked by hand from the regular expressions.
struct SplitTests {
  private func split(_ text: String, _ split: TextSplit) -> [String] {
    let bytes = Array(text.utf8)
    return bytes.withUnsafeBufferPointer { split.pieces(of: $0) }.map { String(decoding: bytes[$0], as: UTF8.self) }
  }

  @Test("GPT-2: a space goes with the word that it precedes, and a run keeps its last one for it")
  func gpt2() {
    #expect(
      split("I'll say  hi,\tyou're 42nd!", .gpt2) == [
        "I", "'ll", " say", " ", " hi", ",", "\t", "you", "'re", " 42", "nd", "!",
      ])
    #expect(split("a \n\n b \n", .gpt2) == ["a", " \n\n", " b", " \n"])
    #expect(split("I'LL", .gpt2) == ["I", "'", "LL"])
    #expect(split("\u{3000}\u{3000}漢字½e\u{301}", .gpt2) == ["\u{3000}", "\u{3000}", "漢字", "½", "e", "\u{301}"])
  }

  @Test("cl100k: contractions in any case, numbers by threes, newlines with what precedes them")
  func cl100k() {
    #expect(split("I'LL say\n\n12345!!\n x", .cl100k) == ["I", "'LL", " say", "\n\n", "123", "45", "!!\n", " x"])
    #expect(split("  \n  \n  x(y)  ", .cl100k) == ["  \n  \n", " ", " x", "(y", ")", "  "])
    #expect(split("\tx 'ſ", .cl100k) == ["\tx", " '", "ſ"])
    #expect(split("'ſ", .cl100k) == ["'ſ"])
  }

  @Test("Qwen 2: cl100k with single digits")
  func qwen2() { #expect(split("a 123", .qwen2) == ["a", " ", "1", "2", "3"]) }

  @Test("A byte that is not UTF-8 is punctuation")
  func malformed() {
    let bytes: [UInt8] = [0x61, 0xFF, 0xFE, 0x62, 0x20, 0xC3, 0x28]
    #expect(bytes.withUnsafeBufferPointer { TextSplit.gpt2.pieces(of: $0) } == [0..<1, 1..<3, 3..<4, 4..<7])
  }

  @Test("An empty text has no pieces", arguments: TextSplit.allCases)
  func empty(split: TextSplit) { #expect(self.split("", split).isEmpty) }
}
