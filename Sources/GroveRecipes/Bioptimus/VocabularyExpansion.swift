import GroveCore
import GroveModel
import GroveTensor

/// An encoder with more tokens than it was trained with: whole words of a new domain, and what their embeddings begin as.
struct VocabularyExpansion: Sendable {
  /// What the embeddings of new tokens begin as.
  enum Rows: String, CaseIterable, Sendable {
    /// Draws of a new model.
    case random
    /// The mean of the embeddings of the pieces that a word had before.
    case mean
    /// The mean of the last states of these pieces over places where the word stands in a text (Pavlova and Makhlouf 2023,
    /// arXiv:2308.08625, §3.2).
    case contextual
    /// The same, each as long as the embeddings are on average.
    case contextualScaled = "contextual-scaled"
  }

  let general: WordPieces
  let expanded: WordPieces
  /// The new tokens, in the order of their ids.
  let words: [String]

  /// The most frequent words of a text that the general vocabulary cuts, and can write, become tokens.
  init(_ general: WordPieces, counts: [String: Int], newTokens: Int) throws {
    self.general = general
    let ranked = counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map(\.key)
    let cut = zip(ranked, general.parts(of: ranked)).filter { ($1?.count ?? 0) > 1 }
    words = Array(cut.prefix(newTokens).map(\.0))
    guard words.count == newTokens else {
      throw GroveError(
        .argument, "newTokens", "\(newTokens) are asked for, and the text has \(words.count) words that are cut",
        remedy: "Ask for fewer, or give a larger corpus.")
    }
    expanded = try WordPieces(general.pieces + words)
  }

  /// The general model with the new tokens.
  /// - Parameters:
  ///   - lines: where the new words are looked for.
  ///   - occurrences: places of a word that count, at most.
  func model(
    _ rows: Rows, from model: MaskedLanguageModel, lines: [WordPassage], occurrences: Int, random: RandomKey,
    device: Device
  ) throws -> MaskedLanguageModel {
    var shape = model.config
    shape.vocabularySize = expanded.count
    let larger = try MaskedLanguageModel(shape, weights: .random(random))
    try larger.prepare(.float32, training: true, device: device)
    let new = try self.rows(rows, of: model, lines: lines, occurrences: occurrences, device: device)
    try withGradients(.off) {
      for (target, source) in zip(try larger.parameters(), try model.parameters()) {
        let (value, old) = (target.parameter.value, source.parameter.value)
        try value.narrowed(0, from: 0, count: old.size(0)).copy(from: old)
        if value.size(0) > old.size(0), value.shape.count == 2, let new {
          try value.narrowed(0, from: old.size(0), count: words.count).copy(from: new)
        }
        try target.parameter.refresh()
      }
    }
    return larger
  }

  /// The new embeddings `[N, C]`; nil for draws.
  private func rows(
    _ rows: Rows, of model: MaskedLanguageModel, lines: [WordPassage], occurrences: Int, device: Device
  ) throws -> Tensor? {
    switch rows {
    case .random: return nil
    case .mean:
      let (old, width) = (try Self.embeddings(model), model.config.width)
      let pieces = general.encode([words])[0]
      return try Tensor(
        pieces.flatMap { ids in
          (0..<width).map { column in
            ids.reduce(0) { $0 + old[Int($1) * width + column] } / Float(ids.count)
          }
        }, [words.count, width])
    case .contextual: return try contextual(model.encoder, lines, occurrences, device)
    case .contextualScaled:
      let (old, width) = (try Self.embeddings(model), model.config.width)
      let lengths = try Tensor(old, [old.count / width, width]).lengths()
      let rows = try contextual(model.encoder, lines, occurrences, device)
      return try rows / rows.lengths() * lengths.mean().item()
    }
  }

  /// The embeddings of all tokens, row by row: the first parameter of the encoder.
  private static func embeddings(_ model: MaskedLanguageModel) throws -> [Float] {
    try model.parameters()[0].parameter.value.moved(to: .cpu).values()
  }

  /// The mean of the last states of each new word's pieces in passages of the general vocabulary, `[N, C]`. A word whose
  /// every place was cut off at the end of a passage has zeros.
  private func contextual(
    _ encoder: BERT, _ passages: [WordPassage], _ occurrences: Int, _ device: Device
  ) throws -> Tensor {
    let (width, index) = (encoder.config.width, Dictionary(uniqueKeysWithValues: words.enumerated().map { ($1, $0) }))
    var sums = [Float](repeating: 0, count: words.count * width)
    var (found, pieces) = ([Int](repeating: 0, count: words.count), [Int](repeating: 0, count: words.count))
    let useful = passages.filter { passage in
      let own = passage.spellings.compactMap { index[$0] }.filter { found[$0] < occurrences }
      for word in own { found[word] += 1 }
      return !own.isEmpty
    }
    try withGradients(.off) {
      for start in stride(from: 0, to: useful.count, by: 64) {
        let part = Array(useful[start..<min(start + 64, useful.count)])
        let padded = try PaddedRows(part.map(\.tokens), on: device)
        let length = padded.length
        let states: [Float] = try encoder.hiddenStates(
          padded.tokens, attended: padded.attended, .inference
        ).values()
        for (row, passage) in part.enumerated() {
          for (spelling, places) in zip(passage.spellings, passage.words) {
            guard let word = index[spelling] else { continue }
            for place in places {
              let from = (row * length + place) * width
              for column in 0..<width { sums[word * width + column] += states[from + column] }
            }
            pieces[word] += places.count
          }
        }
      }
    }
    for word in words.indices where pieces[word] > 0 {
      for column in 0..<width { sums[word * width + column] /= Float(pieces[word]) }
    }
    return try Tensor(sums, [words.count, width])
  }
}

extension Tensor {
  /// The length of each row of `[N, C]`, `[N, 1]`.
  func lengths() throws -> Tensor { try (self * self).sum(-1, axis: .kept).squareRoot() }
}
