import GroveCore

/// Trains a unigram tokenizer: count documents, then fit piece probabilities by expectation maximisation and drop the
/// pieces that are missed least, until the vocabulary has its size.
///
/// - Source: Kudo 2018 (arXiv:1804.10959) §3.2, with the digamma step of sentencepiece's trainer. Where we differ from
///   sentencepiece and `tokenizers`: the seed pieces are counted in a table of words with a limit on its memory rather
///   than read off a suffix array over the text, and counts have 64 bits.
public struct UnigramTrainer: Sendable {
  /// What a training aims at and how it reads documents; all of it changes the result, so nothing has a default.
  public struct Settings: Sendable, Hashable {
    /// Tokens that the vocabulary has at most: pieces, special tokens, and every character met.
    public var vocabularySize: Int
    /// Texts of control tokens: the first ids. The first of them is the unknown token.
    public var specialTokens: [String]
    /// The form that documents are put in first; nil for none.
    public var form: UnicodeForm?
    /// The longest piece, in characters.
    public var longestPiece: Int
    /// Pieces that the fit starts with, at most.
    public var seedSize: Int
    /// The part of the pieces that each round keeps; 0.75 in sentencepiece.
    public var kept: Double
    /// Bytes of memory for different words, and again for their parts. Beyond it the rarest are forgotten.
    public var wordMemoryBytes: Int

    /// Settings of a training.
    public init(
      vocabularySize: Int, specialTokens: [String], form: UnicodeForm?, longestPiece: Int, seedSize: Int, kept: Double,
      wordMemoryBytes: Int
    ) {
      self.vocabularySize = vocabularySize
      self.specialTokens = specialTokens
      self.form = form
      self.longestPiece = longestPiece
      self.seedSize = seedSize
      self.kept = kept
      self.wordMemoryBytes = wordMemoryBytes
    }
  }

  /// What the trainer was made with.
  public let settings: Settings
  private var words: WordCounts
  private var cutter = PieceCutter([.split(.spaces), .metaspace(UnigramTrainer.metaspace)])
  private static let metaspace = Metaspace(mark: "\u{2581}", prepending: .always, splits: true)

  /// - Throws: `GroveError` with code `.argument` for settings out of range.
  public init(_ settings: Settings) throws {
    guard (1..<Int(Int32.max)).contains(settings.vocabularySize - settings.specialTokens.count) else {
      throw GroveError(
        .argument, "vocabularySize",
        "\(settings.vocabularySize) leaves no room beside \(settings.specialTokens.count) special tokens")
    }
    guard !settings.specialTokens.isEmpty else {
      throw GroveError(.argument, "specialTokens", "is empty; its first is the unknown token")
    }
    for (index, token) in settings.specialTokens.enumerated() {
      let place = "specialTokens[\(index)]"
      guard (1...AddedToken.longestContent).contains(token.utf8.count) else {
        throw GroveError(
          .argument, place, "\(token.utf8.count) bytes; a token has 1 to \(AddedToken.longestContent)")
      }
      if settings.specialTokens[..<index].contains(token) { throw GroveError(.argument, place, "repeats \"\(token)\"") }
    }
    guard (1...64).contains(settings.longestPiece) else {
      throw GroveError(.argument, "longestPiece", "\(settings.longestPiece) is outside 1 to 64")
    }
    guard settings.kept > 0, settings.kept < 1 else {
      throw GroveError(.argument, "kept", "\(settings.kept) is outside 0 to 1")
    }
    self.settings = settings
    words = WordCounts(byteLimit: settings.wordMemoryBytes)
  }

  /// Number of different words counted.
  public var wordCount: Int { words.count }
  /// Number of rare words that were forgotten to keep within the memory.
  public var forgottenWords: Int { words.forgotten.words }

  /// Counts the words of a document. Bytes that are not UTF-8 become U+FFFD.
  /// - Complexity: O(bytes).
  public mutating func count(_ document: UnsafeBufferPointer<UInt8>) {
    if UTF8Check.firstProblem(in: document) != nil {
      return UTF8Check.repaired(document).withUnsafeBufferPointer { count($0) }
    }
    guard let normalized = settings.form?.normalized(document) else { return countPieces(document) }
    normalized.withUnsafeBufferPointer { countPieces($0) }
  }

  /// Counts the words of a document.
  public mutating func count(_ document: [UInt8]) { document.withUnsafeBufferPointer { count($0) } }

  /// Counts the words of a text.
  public mutating func count(_ text: String) { count(Array(text.utf8)) }

  private mutating func countPieces(_ document: UnsafeBufferPointer<UInt8>) {
    cutter.cut(document, isStart: true)
    cutter.bytes.withUnsafeBufferPointer { bytes in
      for piece in cutter.pieces { words.add(UnsafeBufferPointer(rebasing: bytes[piece])) }
    }
  }

  /// Fits the pieces.
  /// - Parameter progress: called after each round with the pieces that are left and those aimed at.
  /// - Returns: a tokenizer with `vocabularySize` tokens; fewer if the documents have no more pieces, and more if they
  ///   have more characters than that.
  /// - Complexity: O(rounds · words' bytes · longest piece).
  public func train(progress: (_ pieces: Int, _ of: Int) -> Void = { _, _ in }) -> Tokenizer {
    let target = settings.vocabularySize - settings.specialTokens.count
    var fit = UnigramFit(
      words, longestPiece: settings.longestPiece, seedSize: settings.seedSize,
      memoryBytes: settings.wordMemoryBytes)
    while true {
      for _ in 0..<2 { fit.maximize() }
      progress(fit.pieces.count, target)
      guard fit.pieces.count > target * 11 / 10 else { break }
      let before = fit.pieces.count
      fit.prune(to: max(target * 11 / 10, Int(Double(before) * settings.kept)))
      if fit.pieces.count == before { break }  // characters alone are left
    }
    return tokenizer(fit.final(count: target))
  }

  private func tokenizer(_ pieces: [(text: [UInt8], score: Double)]) -> Tokenizer {
    var vocabulary = Vocabulary()
    for token in settings.specialTokens { vocabulary.append(token.utf8, findable: true) }
    for piece in pieces where vocabulary.id(of: piece.text) == nil { vocabulary.append(piece.text, findable: true) }
    let scoreOf = Dictionary(pieces.map { ($0.text, $0.score) }) { first, _ in first }
    let scores = (0..<UInt32(vocabulary.count)).map { id in
      Int(id) < settings.specialTokens.count ? 0 : scoreOf[Array(vocabulary.bytes(of: id) ?? [])] ?? 0
    }
    let model = UnigramModel(
      vocabulary, scores: scores, unknownID: 0, lowest: scores.min() ?? 0, precision: .double, findable: { _ in true })
    let mark: JSONValue = "\u{2581}"
    let step: JSONValue = ["type": "Metaspace", "replacement": mark, "prepend_scheme": "always", "split": true]
    let spaces: JSONValue = ["type": "Sequence", "pretokenizers": [["type": "WhitespaceSplit"], step]]
    return Tokenizer(
      .init(
        vocabulary: vocabulary, model: .unigram(model), normalizer: settings.form.map { .unicode($0) },
        preTokenizers: [.split(.spaces), .metaspace(UnigramTrainer.metaspace)], postProcessor: nil,
        decoder: .metaspace(UnigramTrainer.metaspace),
        addedTokens: settings.specialTokens.enumerated().map { AddedToken.special($1, id: UInt32($0)) },
        fields: .init(
          normalizer: settings.form.map { ["type": .string($0.rawValue)] } ?? .null, preTokenizer: spaces, decoder: step
        )))
  }
}
