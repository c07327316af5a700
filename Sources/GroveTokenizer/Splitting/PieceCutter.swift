/// Cuts a text by any pre-tokenizers, one after another; the general way, which may rewrite the text.
struct PieceCutter {
  private let steps: [PreTokenizer]
  /// The bytes that the pieces lie in.
  private(set) var bytes: [UInt8] = []
  /// The pieces, in order; none is empty.
  private(set) var pieces: [Range<Int>] = []
  private var next: [Range<Int>] = []
  private var rewritten: [UInt8] = []

  init(_ steps: [PreTokenizer]) { self.steps = steps }

  /// Cuts a text.
  /// - Parameter isStart: whether the text stands at the start of the document.
  mutating func cut(_ text: UnsafeBufferPointer<UInt8>, isStart: Bool) {
    bytes.removeAll(keepingCapacity: true)
    bytes.append(contentsOf: text)
    pieces.removeAll(keepingCapacity: true)
    if !text.isEmpty { pieces.append(0..<text.count) }
    for step in steps {
      next.removeAll(keepingCapacity: true)
      switch step {
      case .split(let split): cut(by: split)
      case .matches(let match, let behavior): cut(at: match, behavior)
      case .metaspace(let metaspace): apply(metaspace, isStart: isStart)
      case .spacePrefix: prefixSpaces()
      }
      swap(&pieces, &next)
    }
  }

  private mutating func cut(by split: TextSplit) {
    for piece in pieces {
      bytes.withUnsafeBufferPointer { buffer in
        let cursor = TextCursor(buffer.baseAddress!)
        var start = piece.lowerBound
        while start < piece.upperBound {
          let end = split.pieceEnd(cursor, start, piece.upperBound)
          if !split.dropsSpace || cursor.character(at: start, end).kind != CharacterClasses.space {
            next.append(start..<end)
          }
          start = end
        }
      }
    }
  }

  private mutating func cut(at match: SplitMatch, _ behavior: SplitBehavior) {
    for piece in pieces {
      var parts: [(range: Range<Int>, isMatch: Bool)] = []
      var done = piece.lowerBound
      bytes.withUnsafeBufferPointer { buffer in
        forEachMatch(match, UnsafeBufferPointer(rebasing: buffer[piece])) { found in
          let range = piece.lowerBound + found.lowerBound..<piece.lowerBound + found.upperBound
          if done < range.lowerBound { parts.append((done..<range.lowerBound, false)) }
          parts.append((range, true))
          done = range.upperBound
        }
      }
      if done < piece.upperBound { parts.append((done..<piece.upperBound, false)) }
      if case .allBut = match { parts = parts.map { ($0.range, !$0.isMatch) } }
      next.append(contentsOf: behavior.pieces(parts))
    }
  }

  private func forEachMatch(
    _ match: SplitMatch, _ text: UnsafeBufferPointer<UInt8>, _ body: (Range<Int>) -> Void
  ) {
    switch match {
    case .punctuation:
      let traits = CharacterTraits.shared
      text.forEachScalar { value, range in if traits.has(CharacterTraits.punctuation, value) { body(range) } }
    case .literal(let literal), .allBut(let literal):
      let needle = Array(literal.utf8)
      var at = 0
      while !needle.isEmpty, at + needle.count <= text.count {
        if text[at] == needle[0], text[at..<at + needle.count].elementsEqual(needle) {
          body(at..<at + needle.count)
          at += needle.count
        } else {
          at += 1
        }
      }
    }
  }

  private mutating func apply(_ metaspace: Metaspace, isStart: Bool) {
    let mark = metaspace.markBytes
    rewritten.removeAll(keepingCapacity: true)
    for (index, piece) in pieces.enumerated() {
      let start = rewritten.count
      for byte in bytes[piece] {
        if byte == UInt8(ascii: " ") { rewritten += mark } else { rewritten.append(byte) }
      }
      let isFirst = isStart && index == 0 && piece.lowerBound == 0
      let isPrefixed = metaspace.prepending == .always || (metaspace.prepending == .first && isFirst)
      if isPrefixed, !rewritten[start...].starts(with: mark) { rewritten.insert(contentsOf: mark, at: start) }
      if metaspace.splits {
        appendCuts(start..<rewritten.count, mark)
      } else {
        next.append(start..<rewritten.count)
      }
    }
    swap(&bytes, &rewritten)
  }

  private mutating func appendCuts(_ range: Range<Int>, _ mark: [UInt8]) {
    var start = range.lowerBound
    var at = start + 1
    while at < range.upperBound {
      if rewritten[at] == mark[0], rewritten[at..<range.upperBound].starts(with: mark) {
        next.append(start..<at)
        start = at
        at += mark.count
      } else {
        at += 1
      }
    }
    if start < range.upperBound { next.append(start..<range.upperBound) }
  }

  private mutating func prefixSpaces() {
    rewritten.removeAll(keepingCapacity: true)
    for piece in pieces {
      let start = rewritten.count
      if bytes[piece.lowerBound] != UInt8(ascii: " ") { rewritten.append(UInt8(ascii: " ")) }
      rewritten += bytes[piece]
      next.append(start..<rewritten.count)
    }
    swap(&bytes, &rewritten)
  }
}
