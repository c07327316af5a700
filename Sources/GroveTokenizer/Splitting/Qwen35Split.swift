/// Qwen 3.5's split: that of Qwen 2 with marks as parts of words.
enum Qwen35Split {
  static func pieceEnd(_ text: TextCursor, _ start: Int, _ end: Int) -> Int {
    let first = text.bytes[start]
    if first == UInt8(ascii: "'"), let contraction = CL100KSplit.contractionEnd(text, start, end) { return contraction }
    let (entry, width) = text.entry(at: start, end)
    let kind = entry & CharacterClasses.mask
    let afterFirst = start + width
    let isLead = kind != CharacterClasses.letter && kind != CharacterClasses.number && first != 0x0A && first != 0x0D
    if isLead, afterFirst < end, isWord(text.entry(at: afterFirst, end).entry) { return wordEnd(text, afterFirst, end) }
    if isWord(entry) { return wordEnd(text, start, end) }
    if kind == CharacterClasses.number { return afterFirst }
    if kind == CharacterClasses.other {
      return CL100KSplit.newlinesEnd(text, symbolsEnd(text, afterFirst, end), end)
    }
    if first == UInt8(ascii: " "), afterFirst < end, isSymbol(text.entry(at: afterFirst, end).entry) {
      return CL100KSplit.newlinesEnd(text, symbolsEnd(text, afterFirst, end), end)
    }
    return CL100KSplit.spacesEnd(text, start, width, end)
  }

  /// A letter or a mark.
  static func isWord(_ entry: UInt8) -> Bool {
    let kind = entry & CharacterClasses.mask
    return kind == CharacterClasses.letter || (kind == CharacterClasses.other && entry & CharacterClasses.upper != 0)
  }

  static func wordEnd(_ text: TextCursor, _ start: Int, _ end: Int) -> Int {
    var at = start
    while at < end {
      let (entry, width) = text.entry(at: at, end)
      if !isWord(entry) { break }
      at += width
    }
    return at
  }

  private static func isSymbol(_ entry: UInt8) -> Bool {
    entry & CharacterClasses.mask == CharacterClasses.other && entry & CharacterClasses.upper == 0
  }

  private static func symbolsEnd(_ text: TextCursor, _ start: Int, _ end: Int) -> Int {
    var at = start
    while at < end {
      let (entry, width) = text.entry(at: at, end)
      if !isSymbol(entry) { break }
      at += width
    }
    return at
  }
}
