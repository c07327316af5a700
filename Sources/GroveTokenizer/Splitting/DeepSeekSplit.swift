/// The third split of DeepSeek 3: the alternatives of its regular expression, tried in their order, and what none of them
/// takes as pieces of its own.
enum DeepSeekSplit {
  static func pieceEnd(_ text: TextCursor, _ start: Int, _ end: Int) -> Int {
    let first = text.bytes[start]
    let (entry, width) = text.entry(at: start, end)
    let afterFirst = start + width
    if first < 0x80, entry & marks != 0, afterFirst < end, isLetter(text.bytes[afterFirst]) {
      var at = afterFirst
      while at < end, isLetter(text.bytes[at]) { at += 1 }
      return at
    }
    if isLead(first, entry), afterFirst < end, Qwen35Split.isWord(text.entry(at: afterFirst, end).entry) {
      return Qwen35Split.wordEnd(text, afterFirst, end)
    }
    if Qwen35Split.isWord(entry) { return Qwen35Split.wordEnd(text, start, end) }
    if entry & marks != 0 { return CL100KSplit.newlinesEnd(text, marksEnd(text, afterFirst, end), end) }
    if first == UInt8(ascii: " "), afterFirst < end, text.entry(at: afterFirst, end).entry & marks != 0 {
      return CL100KSplit.newlinesEnd(text, marksEnd(text, afterFirst, end), end)
    }
    if entry & CharacterClasses.mask == CharacterClasses.space {
      return CL100KSplit.spacesEnd(text, start, width, end)
    }
    return gapEnd(text, afterFirst, end)
  }

  private static let marks = CharacterClasses.punctuation | CharacterClasses.symbol

  private static func isLetter(_ byte: UInt8) -> Bool { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20) }

  private static func isLead(_ first: UInt8, _ entry: UInt8) -> Bool {
    entry & marks == 0 && entry & CharacterClasses.mask != CharacterClasses.letter && first != 0x0A && first != 0x0D
  }

  private static func marksEnd(_ text: TextCursor, _ start: Int, _ end: Int) -> Int {
    var at = start
    while at < end {
      let (entry, width) = text.entry(at: at, end)
      if entry & marks == 0 { break }
      at += width
    }
    return at
  }

  /// Numbers and controls that no alternative takes, up to the first character where one of them starts.
  private static func gapEnd(_ text: TextCursor, _ start: Int, _ end: Int) -> Int {
    var at = start
    while at < end {
      let (entry, width) = text.entry(at: at, end)
      if entry & marks != 0 || entry & CharacterClasses.mask == CharacterClasses.space || Qwen35Split.isWord(entry) {
        break
      }
      if at + width < end, Qwen35Split.isWord(text.entry(at: at + width, end).entry) { break }
      at += width
    }
    return at
  }
}
