/// The split of o200k and of tekken: the alternatives of its regular expression, tried in their order.
enum O200KSplit {
  /// What one of the two has beyond the other.
  struct Variant {
    let numberLength: Int
    let takesContractions: Bool

    static let o200k = Variant(numberLength: 3, takesContractions: true)
    static let tekken = Variant(numberLength: 1, takesContractions: false)
  }

  @inline(__always)
  static func pieceEnd(_ text: TextCursor, _ start: Int, _ end: Int, _ variant: Variant) -> Int {
    let first = text.bytes[start]
    let (entry, width) = text.entry(at: start, end)
    let kind = entry & CharacterClasses.mask
    let isLead = kind != CharacterClasses.letter && kind != CharacterClasses.number && first != 0x0A && first != 0x0D
    if let word = wordEnd(text, start, isLead ? start + width : start, entry, end) {
      return variant.takesContractions ? pastContraction(text, word, end) : word
    }
    if kind == CharacterClasses.number {
      return CL100KSplit.numberEnd(text, start, end, limit: variant.numberLength)
    }
    if kind == CharacterClasses.other {
      return slashesEnd(text, text.runEnd(of: kind, from: start + width, end), end)
    }
    if first == UInt8(ascii: " "), start + 1 < end {
      let (next, nextWidth) = text.character(at: start + 1, end)
      if next == CharacterClasses.other {
        return slashesEnd(text, text.runEnd(of: next, from: start + 1 + nextWidth, end), end)
      }
    }
    return CL100KSplit.spacesEnd(text, start, width, end)
  }

  /// The two alternatives for words, each first with the lead character and then without it.
  /// - Parameters:
  ///   - afterLead: where the word starts behind a lead character, or `start` if the first character can be none.
  @inline(__always)
  private static func wordEnd(
    _ text: TextCursor, _ start: Int, _ afterLead: Int, _ entry: UInt8, _ end: Int
  ) -> Int? {
    let isInside = entry & (CharacterClasses.upper | CharacterClasses.lower) != 0
    if afterLead == start, !isInside { return nil }
    // Where the first character is both a lead and part of a word (a mark), both ways are tried.
    if afterLead > start, afterLead < end, let word = lowercaseEnd(text, afterLead, end) { return word }
    if isInside, let word = lowercaseEnd(text, start, end) { return word }
    if afterLead > start, afterLead < end, let word = uppercaseEnd(text, afterLead, end) { return word }
    return isInside ? uppercaseEnd(text, start, end) : nil
  }

  /// `[upper]*[lower]+`: as many upper as leave one lower.
  @inline(__always)
  private static func lowercaseEnd(_ text: TextCursor, _ start: Int, _ end: Int) -> Int? {
    var at = start
    var lastLower: Int?  // the end of the last character of the run that is in both sets
    while at < end {
      let (entry, width) = text.entry(at: at, end)
      if entry & CharacterClasses.upper == 0 {
        return entry & CharacterClasses.lower == 0 ? lastLower : run(text, of: CharacterClasses.lower, at, end)
      }
      at += width
      if entry & CharacterClasses.lower != 0 { lastLower = at }
    }
    return lastLower
  }

  /// `[upper]+[lower]*`, where no lower follows an upper: the other alternative has had its turn.
  @inline(__always)
  private static func uppercaseEnd(_ text: TextCursor, _ start: Int, _ end: Int) -> Int? {
    let runEnd = run(text, of: CharacterClasses.upper, start, end)
    return runEnd > start ? run(text, of: CharacterClasses.lower, runEnd, end) : nil
  }

  @inline(__always)
  private static func run(_ text: TextCursor, of set: UInt8, _ start: Int, _ end: Int) -> Int {
    var at = start
    while at < end {
      let (entry, width) = text.entry(at: at, end)
      if entry & set == 0 { break }
      at += width
    }
    return at
  }

  @inline(__always)
  private static func pastContraction(_ text: TextCursor, _ start: Int, _ end: Int) -> Int {
    guard start < end, text.bytes[start] == UInt8(ascii: "'") else { return start }
    return CL100KSplit.contractionEnd(text, start, end) ?? start
  }

  @inline(__always)
  private static func slashesEnd(_ text: TextCursor, _ start: Int, _ end: Int) -> Int {
    var at = start
    while at < end, [0x0A, 0x0D, 0x2F].contains(text.bytes[at]) { at += 1 }
    return at
  }
}
