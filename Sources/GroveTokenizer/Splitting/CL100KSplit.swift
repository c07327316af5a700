/// The split of cl100k and its relatives: the alternatives of its regular expression, tried in their order.
enum CL100KSplit {
  @inline(__always)
  static func pieceEnd(_ text: TextCursor, _ start: Int, _ end: Int, numberLength: Int) -> Int {
    let first = text.bytes[start]
    if first == UInt8(ascii: "'"), let contraction = contractionEnd(text, start, end) { return contraction }
    let (kind, width) = text.character(at: start, end)
    if kind == CharacterClasses.letter { return text.runEnd(of: kind, from: start + width, end) }
    if kind == CharacterClasses.number { return numberEnd(text, start, end, limit: numberLength) }
    if start + width < end, !isNewline(first) {
      let (next, nextWidth) = text.character(at: start + width, end)
      if next == CharacterClasses.letter { return text.runEnd(of: next, from: start + width + nextWidth, end) }
      if first == UInt8(ascii: " "), next == CharacterClasses.other {
        return newlinesEnd(text, text.runEnd(of: next, from: start + 1 + nextWidth, end), end)
      }
    }
    if kind == CharacterClasses.other { return newlinesEnd(text, text.runEnd(of: kind, from: start + width, end), end) }
    return spacesEnd(text, start, width, end)
  }

  /// `\s*[\r\n]+|\s+(?!\S)|\s+`: up to and with the last newline of the run, where it has one. `width` is that of the
  /// first character of the run.
  @inline(__always)
  static func spacesEnd(_ text: TextCursor, _ start: Int, _ width: Int, _ end: Int) -> Int {
    var newline = text.runEnd(of: CharacterClasses.space, from: start + width, end)
    while newline > start, !isNewline(text.bytes[newline - 1]) { newline -= 1 }
    return newline > start ? newline : SpaceRun.pieceEnd(text, start, start + width, end)
  }

  @inline(__always)
  private static func isNewline(_ byte: UInt8) -> Bool { byte == 0x0A || byte == 0x0D }

  static func newlinesEnd(_ text: TextCursor, _ start: Int, _ end: Int) -> Int {
    var at = start
    while at < end, isNewline(text.bytes[at]) { at += 1 }
    return at
  }

  static func numberEnd(_ text: TextCursor, _ start: Int, _ end: Int, limit: Int) -> Int {
    var at = start
    for _ in 0..<limit where at < end {
      let (kind, width) = text.character(at: at, end)
      if kind != CharacterClasses.number { break }
      at += width
    }
    return at
  }

  /// `(?i:'s|'t|'re|'ve|'m|'ll|'d)`. Ignoring case, U+017F (long s) is an s, too.
  static func contractionEnd(_ text: TextCursor, _ start: Int, _ end: Int) -> Int? {
    guard start + 1 < end else { return nil }
    let first = text.bytes[start + 1]
    if first == 0xC5, start + 2 < end, text.bytes[start + 2] == 0xBF { return start + 3 }
    let second = start + 2 < end ? text.bytes[start + 2] | 0x20 : 0
    switch first | 0x20 {
    case UInt8(ascii: "s"), UInt8(ascii: "t"), UInt8(ascii: "m"), UInt8(ascii: "d"): return start + 2
    case UInt8(ascii: "r"), UInt8(ascii: "v"): return second == UInt8(ascii: "e") ? start + 3 : nil
    case UInt8(ascii: "l"): return second == UInt8(ascii: "l") ? start + 3 : nil
    default: return nil
    }
  }
}
