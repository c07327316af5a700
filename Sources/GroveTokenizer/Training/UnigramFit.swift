#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The pieces of a unigram model on their way to the final ones.
struct UnigramFit {
  /// A piece: its bytes and the log of its probability.
  struct Piece {
    var text: [UInt8]
    var score: Double
    /// Single characters stay whatever they are worth: without them some words could not be written.
    var isCharacter: Bool
  }

  private(set) var pieces: [Piece]
  private var trie = LiteralTrie()
  private var words: [(text: [UInt8], count: Int64)] = []

  /// A place in a word: the log of the sum over all paths to it, and the best way to it.
  private struct Node {
    var forward = -Double.infinity
    var backward = -Double.infinity
    var best = -Double.infinity
    var bestPiece: UInt32 = .max
    var bestStart = 0
  }

  /// Starts with the pieces that save most: those whose characters times occurrences are most.
  init(_ counted: WordCounts, longestPiece: Int, seedSize: Int, memoryBytes: Int) {
    var parts = WordCounts(byteLimit: memoryBytes)
    var characters: [[UInt8]: Int64] = [:]
    var words: [(text: [UInt8], count: Int64)] = []
    counted.forEach { word, count in
      words.append((Array(word), count))
      let borders = UnigramFit.borders(word)
      for from in 0..<borders.count - 1 {
        characters[Array(word[borders[from]..<borders[from + 1]]), default: 0] += count
        for to in min(from + 2, borders.count)..<min(from + longestPiece + 1, borders.count) {
          parts.add(UnsafeBufferPointer(rebasing: word[borders[from]..<borders[to]]), occurrences: count)
        }
      }
    }
    var seeds: [(text: [UInt8], value: Double)] = []
    parts.forEach { text, count in
      guard count > 1 else { return }
      let length = UnigramFit.borders(text).count - 1
      seeds.append((Array(text), Double(count) * Double(length)))
    }
    seeds.sort { $0.value != $1.value ? $0.value > $1.value : $0.text.lexicographicallyPrecedes($1.text) }
    let all =
      characters.map { (text: $0.key, value: Double($0.value), isCharacter: true) }
      .sorted { $0.text.lexicographicallyPrecedes($1.text) }
      + seeds.prefix(max(0, seedSize - characters.count)).map { (text: $0.text, value: $0.value, isCharacter: false) }
    let total = log(all.reduce(0) { $0 + $1.value })
    pieces = all.map { Piece(text: $0.text, score: log($0.value) - total, isCharacter: $0.isCharacter) }
    self.words = words.sorted { $0.text.lexicographicallyPrecedes($1.text) }
    indexPieces()
  }

  private static func borders(_ word: UnsafeBufferPointer<UInt8>) -> [Int] {
    var borders: [Int] = []
    word.forEachScalar { _, range in borders.append(range.lowerBound) }
    return borders + [word.count]
  }

  private mutating func indexPieces() {
    trie = LiteralTrie(pieces.map(\.text))
  }

  /// One round of expectation maximisation: how often each piece is expected, and the scores that follow.
  mutating func maximize() {
    var expected = [Double](repeating: 0, count: pieces.count)
    for word in words { addExpectations(word.text, Double(word.count), &expected) }
    // A piece that is expected less than half a time goes (as in sentencepiece); characters stay.
    var kept: [Piece] = []
    var counts: [Double] = []
    for (index, piece) in pieces.enumerated() where piece.isCharacter || expected[index] >= 0.5 {
      kept.append(piece)
      counts.append(max(expected[index], 0.5))
    }
    let total = UnigramFit.digamma(counts.reduce(0, +))
    for index in kept.indices { kept[index].score = UnigramFit.digamma(counts[index]) - total }
    pieces = kept
    indexPieces()
  }

  /// Calls `body` with every piece that stands somewhere in the word.
  private func forEachPiece(in word: [UInt8], at start: Int, _ body: (UInt32, Int) -> Void) {
    var node: UInt32 = 0
    var end = start
    while end < word.count, let child = trie.child(of: node, word[end]) {
      node = child
      end += 1
      if trie.value(at: node) != LiteralTrie.none { body(trie.value(at: node), end) }
    }
  }

  private mutating func addExpectations(_ word: [UInt8], _ count: Double, _ expected: inout [Double]) {
    var nodes = [Node](repeating: Node(), count: word.count + 1)
    nodes[0].forward = 0
    for start in word.indices where nodes[start].forward > -.infinity {
      forEachPiece(in: word, at: start) { piece, end in
        let score = nodes[start].forward + pieces[Int(piece)].score
        nodes[end].forward = UnigramFit.logSum(nodes[end].forward, score)
      }
    }
    nodes[word.count].backward = 0
    for start in word.indices.reversed() {
      forEachPiece(in: word, at: start) { piece, end in
        let score = nodes[end].backward + pieces[Int(piece)].score
        nodes[start].backward = UnigramFit.logSum(nodes[start].backward, score)
      }
    }
    let whole = nodes[word.count].forward
    guard whole > -.infinity else { return }
    for start in word.indices where nodes[start].forward > -.infinity {
      forEachPiece(in: word, at: start) { piece, end in
        let path = nodes[start].forward + pieces[Int(piece)].score + nodes[end].backward - whole
        expected[Int(piece)] += count * exp(path)
      }
    }
  }

  /// Drops the pieces whose loss is least: what all words lose in likelihood when a piece is written with others.
  mutating func prune(to size: Int) {
    var uses = [Double](repeating: 0, count: pieces.count)
    var total = 0.0
    for word in words {
      for piece in bestPath(word.text, without: nil) {
        uses[Int(piece)] += Double(word.count)
        total += Double(word.count)
      }
    }
    let logTotal = log(total)
    var losses: [(index: Int, loss: Double)] = []
    var isKept = pieces.map(\.isCharacter)
    for index in pieces.indices where !pieces[index].isCharacter && uses[index] > 0 {
      let others = bestPath(pieces[index].text, without: UInt32(index))
      let logUses = log(uses[index])
      let newTotal = log(total + uses[index] * Double(others.count - 1))
      let without = others.reduce(0.0) { $0 + log(uses[Int($1)] + uses[index]) - newTotal }
      losses.append((index, uses[index] / total * (logUses - logTotal - without)))
    }
    losses.sort { $0.loss != $1.loss ? $0.loss > $1.loss : $0.index < $1.index }
    let characters = isKept.count { $0 }
    for (index, _) in losses.prefix(max(0, size - characters)) { isKept[index] = true }
    pieces = pieces.indices.filter { isKept[$0] }.map { pieces[$0] }
    indexPieces()
  }

  /// The most probable pieces of a word, the last first.
  private func bestPath(_ word: [UInt8], without excluded: UInt32?) -> [UInt32] {
    var nodes = [Node](repeating: Node(), count: word.count + 1)
    nodes[0].best = 0
    for start in word.indices where nodes[start].best > -.infinity {
      forEachPiece(in: word, at: start) { piece, end in
        guard piece != excluded else { return }
        let score = nodes[start].best + pieces[Int(piece)].score
        if score > nodes[end].best {
          (nodes[end].best, nodes[end].bestPiece, nodes[end].bestStart) = (score, piece, start)
        }
      }
    }
    var path: [UInt32] = []
    var end = word.count
    while end > 0, nodes[end].bestPiece != .max {
      path.append(nodes[end].bestPiece)
      end = nodes[end].bestStart
    }
    return path
  }

  /// All characters and the most probable other pieces, the most probable first.
  func final(count: Int) -> [(text: [UInt8], score: Double)] {
    let characters = pieces.filter(\.isCharacter)
    let others = pieces.filter { !$0.isCharacter }.sorted { UnigramFit.precedes($0, $1) }
    return (characters + others.prefix(max(0, count - characters.count))).sorted { UnigramFit.precedes($0, $1) }
      .map { ($0.text, $0.score) }
  }

  private static func precedes(_ a: Piece, _ b: Piece) -> Bool {
    a.score != b.score ? a.score > b.score : a.text.lexicographicallyPrecedes(b.text)
  }

  private static func logSum(_ a: Double, _ b: Double) -> Double {
    let (low, high) = a < b ? (a, b) : (b, a)
    return low == -.infinity || high - low > 50 ? high : high + log1p(exp(low - high))
  }

  /// The derivative of the log of the gamma function, by recurrence and its asymptotic series.
  static func digamma(_ x: Double) -> Double {
    var x = x
    var result = 0.0
    while x < 7 {
      result -= 1 / x
      x += 1
    }
    x -= 0.5
    let y = 1 / (x * x)
    return result + log(x) + y * (1.0 / 24 - y * (7.0 / 960 - y * (31.0 / 8064 - y * 127.0 / 30720)))
  }
}
