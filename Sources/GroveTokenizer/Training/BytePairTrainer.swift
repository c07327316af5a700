import GroveCore

/// Trains a byte-level BPE tokenizer: count documents, then learn the merges.
///
/// On the same documents it learns the merges of `tokenizers`' `BpeTrainer` with the byte alphabet, in the same order,
/// with the same ids: the special tokens, the 256 bytes, then a token a merge. Where we differ: counts have 64 bits, and
/// the memory for words has a limit.
public struct BytePairTrainer: Sendable {
  /// What a training aims at and how it reads documents; all of it changes the result, so nothing has a default.
  public struct Settings: Sendable, Hashable {
    /// Tokens that the vocabulary has at most, special tokens and bytes included. At least 256 and the special tokens.
    public var vocabularySize: Int
    /// A pair that occurs less often is not merged.
    public var minimumFrequency: Int
    /// Texts of control tokens: the first ids. In documents they have no meaning and are counted as text.
    public var specialTokens: [String]
    /// How a document is split.
    public var preTokenizer: TextSplit
    /// What becomes of bytes that are not UTF-8.
    public var malformed: MalformedBytes
    /// Bytes of memory for different words. Beyond it the rarest are forgotten (`forgottenWords`). At least 64 KiB.
    public var wordMemoryBytes: Int

    /// Settings of a training.
    public init(
      vocabularySize: Int, minimumFrequency: Int, specialTokens: [String], preTokenizer: TextSplit,
      malformed: MalformedBytes, wordMemoryBytes: Int
    ) {
      self.vocabularySize = vocabularySize
      self.minimumFrequency = minimumFrequency
      self.specialTokens = specialTokens
      self.preTokenizer = preTokenizer
      self.malformed = malformed
      self.wordMemoryBytes = wordMemoryBytes
    }
  }

  /// What the trainer was made with.
  public let settings: Settings
  private var words: WordCounts

  /// - Throws: `GroveError` with code `.argument` for a vocabulary too small or special tokens that are empty or repeat.
  public init(_ settings: Settings) throws {
    let smallest = 256 + settings.specialTokens.count
    guard settings.vocabularySize >= smallest, settings.vocabularySize < Int(Int32.max) else {
      throw GroveError(
        .argument, "vocabularySize",
        "\(settings.vocabularySize) is outside \(smallest) (256 bytes and the special tokens) to \(Int32.max - 1)")
    }
    for (index, token) in settings.specialTokens.enumerated() {
      let place = "specialTokens[\(index)]"
      guard (1...AddedToken.longestContent).contains(token.utf8.count) else {
        throw GroveError(
          .argument, place, "\(token.utf8.count) bytes; a token has 1 to \(AddedToken.longestContent)")
      }
      if settings.specialTokens[..<index].contains(token) { throw GroveError(.argument, place, "repeats \"\(token)\"") }
    }
    self.settings = settings
    words = WordCounts(byteLimit: settings.wordMemoryBytes)
  }

  /// Number of different words counted.
  public var wordCount: Int { words.count }
  /// Number of rare words that were forgotten to keep within the memory.
  public var forgottenWords: Int { words.forgotten.words }

  /// Counts the words of a document.
  /// - Complexity: O(bytes).
  public mutating func count(_ document: UnsafeBufferPointer<UInt8>) {
    if settings.malformed == .replacing, UTF8Check.firstProblem(in: document) != nil {
      UTF8Check.repaired(document).withUnsafeBufferPointer { countPieces($0) }
    } else {
      countPieces(document)
    }
  }

  /// Counts the words of a document.
  public mutating func count(_ document: [UInt8]) { document.withUnsafeBufferPointer { count($0) } }

  /// Counts the words of a text.
  public mutating func count(_ text: String) {
    var text = text
    text.withUTF8 { countPieces($0) }
  }

  /// Counts the words of a document that an analyser has cut into morphemes: no merge is learned across a separator, and
  /// the separators are no part of the words (Ko et al. 2023, arXiv:2306.02254 §2.2, as Polyglot-Ko was trained).
  ///
  /// A piece of the split ends at every separator. What is learned so needs no analyser to encode with.
  public mutating func count(_ document: [UInt8], morphemesSeparatedBy separator: [UInt8]) {
    precondition(!separator.isEmpty, "an empty separator stands everywhere")
    let whole = document.replacing(bytes: separator, with: []) ?? document
    let isRepaired =
      settings.malformed == .replacing
      && whole.withUnsafeBufferPointer {
        UTF8Check.firstProblem(in: $0) != nil
      }
    if isRepaired {
      let repaired = document.withUnsafeBufferPointer { UTF8Check.repaired($0) }
      return count(repaired, morphemesSeparatedBy: separator)
    }
    var borders: [Int] = []
    var at = 0
    var removed = 0
    while at + separator.count <= document.count {
      if document[at..<at + separator.count].elementsEqual(separator) {
        borders.append(at - removed)
        removed += separator.count
        at += separator.count
      } else {
        at += 1
      }
    }
    whole.withUnsafeBufferPointer { countPieces($0, cutAt: borders) }
  }

  private mutating func countPieces(_ document: UnsafeBufferPointer<UInt8>, cutAt borders: [Int]) {
    guard let bytes = document.baseAddress else { return }
    let cursor = TextCursor(bytes)
    var border = 0
    var start = 0
    while start < document.count {
      let end = settings.preTokenizer.pieceEnd(cursor, start, document.count)
      while start < end {
        while border < borders.count, borders[border] <= start { border += 1 }
        let cut = border < borders.count ? min(borders[border], end) : end
        words.add(UnsafeBufferPointer(start: bytes + start, count: cut - start))
        start = cut
      }
    }
  }

  private mutating func countPieces(_ document: UnsafeBufferPointer<UInt8>) {
    guard let bytes = document.baseAddress else { return }
    let cursor = TextCursor(bytes)
    var start = 0
    while start < document.count {
      let end = settings.preTokenizer.pieceEnd(cursor, start, document.count)
      words.add(UnsafeBufferPointer(start: bytes + start, count: end - start))
      start = end
    }
  }

  /// Learns the merges.
  /// - Parameter progress: called after each merge with the tokens that there are and those aimed at.
  /// - Returns: a tokenizer with `vocabularySize` tokens, or fewer if the documents have no more pairs.
  /// - Complexity: O(words' bytes + changes · log pairs).
  public func train(progress: (_ tokens: Int, _ of: Int) -> Void = { _, _ in }) -> Tokenizer {
    var vocabulary = Vocabulary()
    for token in settings.specialTokens {
      let bytes = Array(token.utf8)
      vocabulary.append(bytes, findable: ByteAlphabet.bytes(of: token) == bytes)
    }
    for byte in ByteAlphabet.bytesInCharacterOrder where vocabulary.id(of: [byte]) == nil {
      vocabulary.append([byte], findable: true)
    }
    var learner = MergeLearner(words, vocabulary)
    learner.learn(until: settings.vocabularySize, minimumFrequency: Int64(settings.minimumFrequency)) {
      progress($0, settings.vocabularySize)
    }
    let added = settings.specialTokens.enumerated().map { AddedToken.special($1, id: UInt32($0)) }
    let byteLevel: JSONValue = ["type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true, "use_regex": true]
    return Tokenizer(
      .init(
        vocabulary: learner.vocabulary,
        model: .bytePair(.init(units: .bytes, wholeWords: .merged, merges: learner.merges)), normalizer: nil,
        preTokenizers: [.split(settings.preTokenizer)], postProcessor: nil, decoder: .byteLevel, addedTokens: added,
        fields: .init(preTokenizer: PreTokenizerField.json(settings.preTokenizer), decoder: byteLevel)))
  }
}
