/// WordPiece: the longest token that a word starts with, then the longest that the rest starts with, and so on; a word
/// that cannot be covered so is one unknown token.
///
/// - Source: Devlin et al. 2019 (`WordpieceTokenizer`); Wu et al. 2016 (arXiv:1609.08144) §4.1.
public struct WordPieceModel: Sendable {
  /// The token for words that cannot be written with the vocabulary.
  public internal(set) var unknownID: UInt32
  /// A word of more characters is unknown without a look.
  public internal(set) var longestWord: Int
  /// Marks tokens that continue a word.
  public internal(set) var continuation: String
  private let firsts: LiteralTrie
  private let continuations: LiteralTrie

  init(_ vocabulary: Vocabulary, findable: (UInt32) -> Bool, unknownID: UInt32, longestWord: Int, continuation: String)
  {
    self.unknownID = unknownID
    self.longestWord = longestWord
    self.continuation = continuation
    let prefix = Array(continuation.utf8)
    var (firsts, continuations) = (LiteralTrie(), LiteralTrie())
    for id in 0..<UInt32(vocabulary.count) where findable(id) {
      guard let bytes = vocabulary.bytes(of: id) else { continue }
      if !bytes.isEmpty { firsts.insert(bytes, id) }
      if bytes.starts(with: prefix), bytes.count > prefix.count {
        continuations.insert(bytes.dropFirst(prefix.count), id)
      }
    }
    (self.firsts, self.continuations) = (firsts, continuations)
  }

  /// Appends the ids of a word.
  /// - Complexity: O(bytes · longest token), and no word is longer than `longestWord` characters.
  func encode(_ word: UnsafeBufferPointer<UInt8>, steps: inout Int, appendingTo ids: inout [UInt32]) {
    if word.count > longestWord {
      var characters = 0
      word.forEachScalar { _, _ in characters += 1 }
      steps += word.count
      if characters > longestWord { return ids.append(unknownID) }
    }
    let first = ids.count
    var at = 0
    while at < word.count {
      guard let (id, length) = longest(at == 0 ? firsts : continuations, word, at, &steps) else {
        ids.removeLast(ids.count - first)
        return ids.append(unknownID)
      }
      ids.append(id)
      at += length
    }
  }

  @inline(__always)
  private func longest(
    _ trie: LiteralTrie, _ word: UnsafeBufferPointer<UInt8>, _ start: Int, _ steps: inout Int
  ) -> (id: UInt32, length: Int)? {
    var best: (id: UInt32, length: Int)?
    var node: UInt32 = 0
    var at = start
    while at < word.count, let child = trie.child(of: node, word[at]) {
      node = child
      at += 1
      let id = trie.value(at: node)
      if id != LiteralTrie.none { best = (id, at - start) }
    }
    steps += at - start + 1
    return best
  }
}
