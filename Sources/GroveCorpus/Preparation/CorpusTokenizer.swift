import GroveCore
public import GroveTokenizer

/// Trains a tokenizer on a corpus.
public enum CorpusTokenizer {
  /// The token that ends every document.
  public static let endOfText = "<|endoftext|>"

  /// Learns a byte-level BPE tokenizer from the training side of a corpus; held-out documents are not counted.
  /// - Parameters:
  ///   - split: the rule that the shards will use.
  ///   - onProgress: documents and bytes counted, then tokens learned.
  public static func train(
    _ files: CorpusFiles, _ options: ReadingOptions, split: SplitRule, vocabularySize: Int,
    onProblem: @escaping (ReadingProblem) -> Void, onProgress: (Progress) -> Void
  ) throws -> Tokenizer {
    var trainer = try BytePairTrainer(
      .init(
        vocabularySize: vocabularySize, minimumFrequency: 2, specialTokens: [endOfText], preTokenizer: .gpt2,
        malformed: .replacing, wordMemoryBytes: 2 << 30))
    let reader = DocumentReader(files, options, onProblem: onProblem)
    var documents = 0
    var bytes = 0
    while let document = try reader.next() {
      guard split.split(of: document.id) == .train else { continue }
      trainer.count(document.text)
      documents += 1
      bytes += document.text.count
      if documents.isMultiple(of: 1000) { onProgress(.reading(documents: documents, bytes: bytes)) }
    }
    guard documents > 0 else {
      throw GroveError(.format, "corpus", "no document to train on in \(files.files.count) files")
    }
    onProgress(.reading(documents: documents, bytes: bytes))
    let tokenizer = trainer.train { onProgress(.merging(tokens: $0, of: $1)) }
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
