/// A unigram language model over pieces: of all ways to write a word as pieces the most probable one.
///
/// - Source: Kudo 2018 (arXiv:1804.10959) §3.1; the search is that of `tokenizers` and of sentencepiece, whose ties and
///   whose treatment of unknown characters it shares.
public struct UnigramModel: Sendable {
  /// What the score of a path is kept in: `tokenizers` has doubles, sentencepiece floats.
  public enum Precision: Sendable, Hashable {
    case double
    case float
  }

  /// The natural log of each piece's probability, by id, as the file has it.
  public let scores: [Double]
  /// Stands for characters that no piece covers; neighbours become one token.
  public internal(set) var unknownID: UInt32
  /// How scores are added.
  public internal(set) var precision: Precision
  /// The tokens of single bytes, where unknown characters fall back to them; -1 where one is missing.
  var byteTokens: [Int64]?
  private let trie: LiteralTrie
  /// The scores that the search adds.
  private let added: [Double]
  private let unknownScore: Double
  private let unknownText: [UInt8]
  /// What an unknown character costs beyond the least probable piece.
  private static let unknownPenalty = 10.0
  /// The longest piece, in bytes: it bounds the work per character, whatever a file says.
  static let longestPiece = 1024

  /// - Parameters:
  ///   - findable: which ids have pieces that are looked for in texts.
  ///   - lowest: the score that unknown characters are measured by.
  init(
    _ vocabulary: Vocabulary, scores: [Double], unknownID: UInt32, lowest: Double, precision: Precision,
    findable: (UInt32) -> Bool
  ) {
    self.scores = scores
    self.unknownID = unknownID
    self.precision = precision
    let read = precision == .double ? UnigramModel.asTokenizersReads : { $0 }
    added = scores.map(read)
    unknownScore = UnigramModel.rounded(read(lowest) - UnigramModel.unknownPenalty, precision)
    unknownText = vocabulary.bytes(of: unknownID).map { Array($0) } ?? []
    var trie = LiteralTrie()
    for id in 0..<UInt32(scores.count) where findable(id) {
      if let bytes = vocabulary.bytes(of: id), !bytes.isEmpty { trie.insert(bytes, id) }
    }
    self.trie = trie
  }

  /// A score as `tokenizers` has it after reading its decimal digits: it takes them as one integer, which a double cannot
  /// hold beyond 2⁵³, and divides by a power of ten. One score in five is off by its last bit, and where two paths
  /// have the same pieces in another order the last bit decides.
  static func asTokenizersReads(_ score: Double) -> Double {
    let parts = "\(score.magnitude)".split(separator: "e")
    let decimal = parts[0].split(separator: ".")
    let fraction = decimal.count > 1 ? decimal[1] : ""
    guard let digits = UInt64(decimal[0] + fraction) else { return score }
    let exponent = (parts.count > 1 ? Int(parts[1]) ?? 0 : 0) - fraction.count
    guard let power = Double("1e\(exponent.magnitude)"), power.isFinite else { return score }
    let magnitude = exponent < 0 ? Double(digits) / power : Double(digits) * power
    return score < 0 ? -magnitude : magnitude
  }

  @inline(__always)
  private static func rounded(_ score: Double, _ precision: Precision) -> Double {
    precision == .double ? score : Double(Float(score))
  }

  /// The best path to a place in a word.
  struct Node {
    var score = 0.0
    var start: Int32 = -1
    var id: UInt32 = 0
  }

  /// Appends the ids of a word.
  /// - Parameters:
  ///   - nodes: room to work, kept by the caller.
  ///   - steps: raised by the number of bytes looked at.
  /// - Complexity: O(bytes · longest piece).
  func encode(
    _ word: UnsafeBufferPointer<UInt8>, _ nodes: inout [Node], steps: inout Int, appendingTo ids: inout [UInt32]
  ) {
    nodes.removeAll(keepingCapacity: true)
    nodes.append(contentsOf: repeatElement(Node(), count: word.count + 1))
    var at = 0
    while at < word.count {
      let width = word.scalar(at: at).width
      if !extend(word, at, width, &nodes, &steps) {
        relax(&nodes, at + width, UnigramModel.rounded(unknownScore + nodes[at].score, precision), at, unknownID)
      }
      at += width
    }
    backtrack(word, nodes, appendingTo: &ids)
  }

  /// Follows every piece that stands at `at`; whether one of them is the single character.
  @inline(__always)
  private func extend(
    _ word: UnsafeBufferPointer<UInt8>, _ at: Int, _ width: Int, _ nodes: inout [Node], _ steps: inout Int
  ) -> Bool {
    let here = nodes[at].score
    var hasCharacter = false
    var node: UInt32 = 0
    var end = at
    while end < word.count, let child = trie.child(of: node, word[end]) {
      node = child
      end += 1
      let id = trie.value(at: node)
      guard id != LiteralTrie.none else { continue }
      relax(&nodes, end, added[Int(id)] + here, at, id)
      if end - at == width { hasCharacter = true }
    }
    steps += end - at + 1
    return hasCharacter
  }

  @inline(__always)
  private func relax(_ nodes: inout [Node], _ end: Int, _ score: Double, _ start: Int, _ id: UInt32) {
    if nodes[end].start < 0 || score > nodes[end].score {
      nodes[end] = Node(score: UnigramModel.rounded(score, precision), start: Int32(truncatingIfNeeded: start), id: id)
    }
  }

  private func backtrack(_ word: UnsafeBufferPointer<UInt8>, _ nodes: [Node], appendingTo ids: inout [UInt32]) {
    let first = ids.count
    var end = word.count
    var unknownEnd = end
    while end > 0 {
      let node = nodes[end]
      let start = Int(node.start)
      if node.id != unknownID {
        ids.append(node.id)
        unknownEnd = start
      } else if start == 0 || nodes[start].id != unknownID {
        appendUnknown(word[start..<unknownEnd], &ids)
        unknownEnd = start
      }
      end = start
    }
    ids[first...].reverse()
  }

  /// The tokens of a stretch that no piece covers, last first.
  private func appendUnknown(_ bytes: Slice<UnsafeBufferPointer<UInt8>>, _ ids: inout [UInt32]) {
    guard let byteTokens, !bytes.elementsEqual(unknownText), bytes.allSatisfy({ byteTokens[Int($0)] >= 0 }) else {
      return ids.append(unknownID)
    }
    for byte in bytes.reversed() { ids.append(UInt32(byteTokens[Int(byte)])) }
  }
}
