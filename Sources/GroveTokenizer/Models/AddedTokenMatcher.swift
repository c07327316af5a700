#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Finds added tokens in a text: leftmost, then longest, as the Aho–Corasick search of `tokenizers` does.
///
/// - Complexity: O(bytes) where no token starts; at a byte that starts one, O(longest token).
struct AddedTokenMatcher: Sendable {
  /// A stretch of a text without added tokens, or one of them.
  enum Section {
    case text(UnsafeBufferPointer<UInt8>)
    case token(UInt32)
  }

  private struct Match {
    let token: Int
    let range: Range<Int>
  }

  private let tokens: [AddedToken]
  /// The texts, with the places of their tokens.
  private var trie = LiteralTrie()
  private var startsToken = [Bool](repeating: false, count: 256)
  /// The byte that starts every token, where there is just one: then the C library finds it.
  private var onlyStart: UInt8?

  /// - Parameter texts: what is looked for, where it is not the tokens' content.
  init(_ tokens: [AddedToken], texts contents: [[UInt8]]? = nil) {
    self.tokens = tokens
    // Normalization can make two tokens one text: that of the first.
    for (index, token) in tokens.enumerated().reversed() {
      let text = contents?[index] ?? Array(token.content.utf8)
      guard let first = text.first else { continue }
      trie.insert(text, UInt32(index))
      startsToken[Int(first)] = true
    }
    let starts = (0..<256).filter { startsToken[$0] }
    onlyStart = starts.count == 1 ? UInt8(starts[0]) : nil
  }

  var isEmpty: Bool { trie.isEmpty }

  /// Calls `body` for each stretch of the text without a token (never empty) and for each token, in order.
  func forEachSection(
    of text: UnsafeBufferPointer<UInt8>, _ rule: SpecialTokenRule, _ body: (Section) -> Void
  ) {
    guard let bytes = text.baseAddress else { return }
    var done = 0
    var at = 0
    while !isEmpty, let match = nextMatch(bytes, from: at, text.count) {
      at = match.range.upperBound
      let token = tokens[match.token]
      if rule == .asText, token.isSpecial { continue }
      if token.standsAlone, !standsAlone(match.range, bytes, text.count) { continue }
      var start = match.range.lowerBound
      var end = match.range.upperBound
      if token.stripsLeft { start = spaceStart(before: start, bytes, notBefore: done) }
      if token.stripsRight { end = TextCursor(bytes).runEnd(of: CharacterClasses.space, from: end, text.count) }
      if done < start { body(.text(UnsafeBufferPointer(rebasing: text[done..<start]))) }
      body(.token(token.id))
      done = end
    }
    if done < text.count { body(.text(UnsafeBufferPointer(rebasing: text[done...]))) }
  }

  private func nextMatch(_ bytes: UnsafePointer<UInt8>, from start: Int, _ end: Int) -> Match? {
    var at = start
    while at < end {
      if let onlyStart {
        guard let hit = memchr(bytes + at, Int32(onlyStart), end - at) else { return nil }
        at = UnsafeRawPointer(hit) - UnsafeRawPointer(bytes)
      } else if !startsToken[Int(bytes[at])] {
        at += 1
        continue
      }
      if let match = longestMatch(bytes, at: at, end) { return match }
      at += 1
    }
    return nil
  }

  private func longestMatch(_ bytes: UnsafePointer<UInt8>, at start: Int, _ end: Int) -> Match? {
    var best: Match?
    var node: UInt32 = 0
    var at = start
    while at < end, let child = trie.child(of: node, bytes[at]) {
      node = child
      at += 1
      let token = trie.value(at: node)
      if token != LiteralTrie.none { best = Match(token: Int(token), range: start..<at) }
    }
    return best
  }

  private func standsAlone(_ range: Range<Int>, _ bytes: UnsafePointer<UInt8>, _ end: Int) -> Bool {
    let cursor = TextCursor(bytes)
    if range.lowerBound > 0 {
      let before = cursor.startOfCharacter(before: range.lowerBound)
      if cursor.entry(at: before, range.lowerBound).entry & CharacterClasses.word != 0 { return false }
    }
    return range.upperBound == end || cursor.entry(at: range.upperBound, end).entry & CharacterClasses.word == 0
  }

  private func spaceStart(before end: Int, _ bytes: UnsafePointer<UInt8>, notBefore limit: Int) -> Int {
    let cursor = TextCursor(bytes)
    var start = end
    while start > limit {
      let before = cursor.startOfCharacter(before: start)
      if cursor.character(at: before, start).kind != CharacterClasses.space { break }
      start = before
    }
    return start
  }
}
