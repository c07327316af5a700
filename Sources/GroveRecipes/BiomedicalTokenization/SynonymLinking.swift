import GroveModel
import GroveTensor

/// Whether the nearest title to a term is that of its code, without any training for it.
struct SynonymLinking: Sendable {
  private let terms: [[String]]
  private let titles: [[String]]

  /// One term of each of `count` codes, evenly over all; titles are those of the same codes.
  init(_ synonyms: [MedicalTexts.Synonyms], count: Int) {
    let all = synonyms.compactMap { item in item.terms.first { $0 != item.title }.map { (term: $0, title: item.title) }
    }
    let chosen = all.spread(over: count)
    (terms, titles) = (chosen.map(\.term), chosen.map(\.title))
  }

  /// The share of terms whose own title has the largest cosine.
  func accuracy(_ encoder: BERT, _ vocabulary: WordPieces, on device: Device) throws -> Double {
    try withGradients(.off) {
      let (queries, keys) = (
        try vectors(terms, encoder, vocabulary, device), try vectors(titles, encoder, vocabulary, device)
      )
      let nearest: [Int64] = try matmul(queries, keys.transposed(0, 1)).argumentOfMaximum(-1).values()
      return Double(nearest.enumerated().count { titles[Int($1)] == titles[$0] }) / Double(max(1, terms.count))
    }
  }

  /// The mean of the last states of each line's words, of length 1: `[N, C]`.
  private func vectors(
    _ lines: [[String]], _ encoder: BERT, _ vocabulary: WordPieces, _ device: Device
  ) throws -> Tensor {
    let length = encoder.config.contextLength
    let passages = zip(lines, vocabulary.encode(lines)).map { WordPassage(line: $0, $1, length: length) }
    let parts = try stride(from: 0, to: passages.count, by: 128).map { start in
      let part = Array(passages[start..<min(start + 128, passages.count)])
      let padded = try PaddedRows(part.map(\.tokens), on: device)
      let width = padded.length
      let counted = part.flatMap { passage in
        (0..<width).map { place -> Float in place > 0 && place + 1 < passage.tokens.count ? 1 : 0 }
      }
      let states = try encoder.hiddenStates(padded.tokens, attended: padded.attended, .inference)
      // [B, C]
      let sums = try (states * Tensor(counted, [part.count, width, 1]).moved(to: device)).sum(1, axis: .removed)
      return try sums / (sums * sums).sum(-1, axis: .kept).squareRoot()
    }
    return try .concatenated(parts, axis: 0)
  }
}
