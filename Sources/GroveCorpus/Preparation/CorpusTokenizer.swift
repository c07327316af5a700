import GroveCore
public import GroveTokenizer

/// Trains a tokenizer on a corpus.
public enum CorpusTokenizer {
  /// The token that ends every document.
  public static let endOfText = "<|endoftext|>"

  /// What kind of tokenizer is learned.
  public enum Kind: Sendable, Hashable {
    /// Byte-level BPE with GPT-2's split.
    case bytePair
    /// Byte-level BPE on documents that an analyser has cut into morphemes with this text between them.
    case morphemes(separator: String)
    /// The same on plain documents, which a program cuts: see `TextSegmenter`.
    case segmented(by: String, separator: String)
    /// A unigram model on words in NFKC.
    case unigram
  }

  /// Learns a tokenizer from the training side of a corpus; held-out documents are not counted.
  /// - Parameters:
  ///   - split: the rule that the shards will use.
  ///   - onProgress: documents and bytes counted, then tokens learned.
  public static func train(
    _ files: CorpusFiles, _ options: ReadingOptions, split: SplitRule, kind: Kind, vocabularySize: Int,
    onProblem: @escaping (ReadingProblem) -> Void, onProgress: (Progress) -> Void
  ) throws -> Tokenizer {
    switch kind {
    case .unigram:
      var trainer = try UnigramTrainer(
        .init(
          vocabularySize: vocabularySize, specialTokens: ["<unk>", endOfText], form: .nfkc, longestPiece: 16,
          seedSize: 1_000_000, kept: 0.75, wordMemoryBytes: 1 << 30))
      try read(files, options, split, onProblem, onProgress) { trainer.count($0) }
      return try ending(trainer.train { onProgress(.merging(tokens: $0, of: $1)) })
    case .bytePair, .morphemes, .segmented:
      var segmenter: TextSegmenter?
      if case .segmented(let command, let separator) = kind {
        segmenter = try TextSegmenter(command, separator: separator)
      }
      var trainer = try BytePairTrainer(
        .init(
          vocabularySize: vocabularySize, minimumFrequency: 2, specialTokens: [endOfText], preTokenizer: .gpt2,
          malformed: .replacing, wordMemoryBytes: 2 << 30))
      try read(files, options, split, onProblem, onProgress) { text in
        switch kind {
        case .morphemes(let separator): trainer.count(text, morphemesSeparatedBy: Array(separator.utf8))
        case .segmented(_, let separator):
          let text = try segmenter?.segmented(text) ?? text
          trainer.count(text, morphemesSeparatedBy: Array(separator.utf8))
        case .bytePair, .unigram: trainer.count(text)
        }
      }
      return try ending(trainer.train { onProgress(.merging(tokens: $0, of: $1)) })
    }
  }

  private static func read(
    _ files: CorpusFiles, _ options: ReadingOptions, _ split: SplitRule,
    _ onProblem: @escaping (ReadingProblem) -> Void, _ onProgress: (Progress) -> Void, _ count: ([UInt8]) throws -> Void
  ) throws {
    let reader = DocumentReader(files, options, onProblem: onProblem)
    var documents = 0
    var bytes = 0
    while let document = try reader.next() {
      guard split.split(of: document.id) == .train else { continue }
      try count(document.text)
      documents += 1
      bytes += document.text.count
      if documents.isMultiple(of: 1000) { onProgress(.reading(documents: documents, bytes: bytes)) }
    }
    guard documents > 0 else {
      throw GroveError(.format, "corpus", "no document to train on in \(files.files.count) files")
    }
    onProgress(.reading(documents: documents, bytes: bytes))
  }

  private static func ending(_ tokenizer: Tokenizer) throws -> Tokenizer {
    guard let id = tokenizer.id(ofAddedToken: endOfText) else {
      preconditionFailure("the trainer lost the token \(endOfText)")
    }
    return try tokenizer.assigning([.ending: id, .beginning: id])
  }

  /// How far a training has come.
  public enum Progress: Sendable {
    case reading(documents: Int, bytes: Int)
    case merging(tokens: Int, of: Int)
  }
}
