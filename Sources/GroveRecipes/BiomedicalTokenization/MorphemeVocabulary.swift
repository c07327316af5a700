/// A vocabulary of the pieces into which a segmenter cuts the words of a text (Bernal Jiménez Gutiérrez et al. 2023,
/// arXiv:2306.17649, §4.1).
public enum MorphemeVocabulary {
  /// Characters, then the pieces that stand more than once, the most frequent first, then what the standard vocabulary has
  /// beyond them, up to `count`.
  /// - Parameters:
  ///   - counts: how often each word stands in the text.
  ///   - parts: the pieces of each word; a word that is not there is a piece itself.
  ///   - standard: the pieces of the vocabulary that it is compared with, characters first.
  ///   - count: of the pieces; no more than the standard vocabulary has.
  public static func pieces(
    counts: [String: Int], parts: [String: [String]], standard: [String], count: Int
  ) -> [String] {
    var pieces = WordPieces.characters(of: counts)
    var seen = Set(pieces)
    var frequencies: [String: Int] = [:]
    for (word, times) in counts {
      for (index, part) in (parts[word] ?? [word]).enumerated() {
        frequencies[index == 0 ? part : WordPieces.continuation + part, default: 0] += times
      }
    }
    let ranked = frequencies.filter { $0.value > 1 }.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map(\.key)
    for piece in ranked + standard where pieces.count < count && seen.insert(piece).inserted { pieces.append(piece) }
    return pieces
  }
}
