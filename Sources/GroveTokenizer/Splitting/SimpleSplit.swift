/// Splits that look at one kind of character: a match is a piece, and so is what lies between two.
enum SimpleSplit {
  /// `\p{N}{1,limit}`.
  static func numbersEnd(_ text: TextCursor, _ start: Int, _ end: Int, limit: Int) -> Int {
    if text.character(at: start, end).kind == CharacterClasses.number {
      return CL100KSplit.numberEnd(text, start, end, limit: limit)
    }
    return runEnd(text, start, end) { $0.character(at: $1, end).kind != CharacterClasses.number }
  }

  static func ideographsEnd(_ text: TextCursor, _ start: Int, _ end: Int) -> Int {
    let isInside = isIdeograph(text, start, end)
    return runEnd(text, start, end) { isIdeograph($0, $1, end) == isInside }
  }

  private static func isIdeograph(_ text: TextCursor, _ at: Int, _ end: Int) -> Bool {
    guard text.bytes[at] >= 0xE3, text.bytes[at] <= 0xE9 else { return false }
    let value = UnsafeBufferPointer(start: text.bytes, count: end).scalar(at: at).value
    return (0x4E00...0x9FA5).contains(value) || (0x3040...0x30FF).contains(value)
  }

  /// Characters with a trait, one by one or in runs.
  static func runEnd(_ text: TextCursor, _ start: Int, _ end: Int, of trait: UInt8, single: Bool) -> Int {
    let isInside = has(trait, text, start, end)
    if isInside, single { return start + text.character(at: start, end).width }
    return runEnd(text, start, end) { has(trait, $0, $1, end) == isInside }
  }

  /// `\w+|[^\w\s]+`, and white space between.
  static func wordEnd(_ text: TextCursor, _ start: Int, _ end: Int) -> Int {
    func part(_ at: Int) -> UInt8 {
      let entry = text.entry(at: at, end).entry
      if entry & CharacterClasses.word != 0 { return 1 }
      return entry & CharacterClasses.mask == CharacterClasses.space ? 2 : 0
    }
    let first = part(start)
    return runEnd(text, start, end) { part($1) == first }
  }

  /// White space, single punctuation characters where a trait says what they are, and runs of the rest.
  static func unspacedEnd(_ text: TextCursor, _ start: Int, _ end: Int, punctuation: UInt8) -> Int {
    func part(_ at: Int) -> UInt8 {
      if text.character(at: at, end).kind == CharacterClasses.space { return 2 }
      return punctuation != 0 && has(punctuation, text, at, end) ? 1 : 0
    }
    let first = part(start)
    if first == 1 { return start + text.character(at: start, end).width }
    return runEnd(text, start, end) { part($1) == first }
  }

  /// Up to a U+2581 that follows another character.
  static func wordMarkEnd(_ text: TextCursor, _ start: Int, _ end: Int) -> Int {
    func isMark(_ at: Int) -> Bool {
      text.bytes[at] == 0xE2 && at + 2 < end && text.bytes[at + 1] == 0x96 && text.bytes[at + 2] == 0x81
    }
    var at = start
    while at < end, isMark(at) { at += 3 }
    while at < end, !isMark(at) { at += 1 }
    return at
  }

  /// From `start`, whose character belongs, to the first that does not.
  @inline(__always)
  private static func runEnd(
    _ text: TextCursor, _ start: Int, _ end: Int, _ belongs: (TextCursor, Int) -> Bool
  ) -> Int {
    var at = start + text.character(at: start, end).width
    while at < end, belongs(text, at) { at += text.character(at: at, end).width }
    return at
  }

  @inline(__always)
  private static func has(_ trait: UInt8, _ text: TextCursor, _ at: Int, _ end: Int) -> Bool {
    CharacterTraits.shared.has(trait, UnsafeBufferPointer(start: text.bytes, count: end).scalar(at: at).value)
  }
}
