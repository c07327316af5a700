/// GPT-2's split: the alternatives of its regular expression, tried in their order.
enum GPT2Split {
  @inline(__always)
  static func pieceEnd(_ text: TextCursor, _ start: Int, _ end: Int) -> Int {
    let first = text.bytes[start]
    if first == UInt8(ascii: "'"), let contraction = contractionEnd(text, start, end) { return contraction }
    let (kind, width) = text.character(at: start, end)
    if kind != CharacterClasses.space { return text.runEnd(of: kind, from: start + width, end) }
    if first == UInt8(ascii: " "), start + 1 < end {
      let (next, nextWidth) = text.character(at: start + 1, end)
      if next != CharacterClasses.space { return text.runEnd(of: next, from: start + 1 + nextWidth, end) }
    }
    return SpaceRun.pieceEnd(text, start, start + width, end)
  }

  /// `'s 't 'm 'd 're 've 'll`, in lower case only.
  @inline(__always)
  private static func contractionEnd(_ text: TextCursor, _ start: Int, _ end: Int) -> Int? {
    guard start + 1 < end else { return nil }
    switch text.bytes[start + 1] {
    case UInt8(ascii: "s"), UInt8(ascii: "t"), UInt8(ascii: "m"), UInt8(ascii: "d"): return start + 2
    case UInt8(ascii: "r"), UInt8(ascii: "v"):
      return start + 2 < end && text.bytes[start + 2] == UInt8(ascii: "e") ? start + 3 : nil
    case UInt8(ascii: "l"): return start + 2 < end && text.bytes[start + 2] == UInt8(ascii: "l") ? start + 3 : nil
    default: return nil
    }
  }
}

/// White space that no other alternative took: `\s+(?!\S)|\s+`.
enum SpaceRun {
  /// The run goes whole where the text ends with it; else its last character stays behind for the piece that follows,
  /// unless it is the only one. `second` is where the second character of the run would stand.
  @inline(__always)
  static func pieceEnd(_ text: TextCursor, _ start: Int, _ second: Int, _ end: Int) -> Int {
    var last = start
    var at = second
    while at < end {
      let (kind, width) = text.character(at: at, end)
      if kind != CharacterClasses.space { return last == start ? at : last }
      last = at
      at += width
    }
    return end
  }
}
