import GroveCorpus

/// The second pass over a corpus: the rows of the documents in the sample.
struct SampleVectors {
  private let vocabulary: TermVocabulary
  private let split: SplitRule
  private let sample: DocumentSample
  private let pieceBytes: Int

  struct Result {
    var rows = TermRows()
    /// One for each row.
    var documents: [LearnedDocument] = []
    /// The rows of the pieces that are learned from; those of the documents where these are not cut.
    var pieces = TermRows()
    /// The document of each piece.
    var pieceDocuments: [Int] = []
    /// Documents without a known word; they have no direction, and nothing is learned from them.
    var withoutTerms = 0
  }

  init(_ vocabulary: TermVocabulary, _ split: SplitRule, _ sample: DocumentSample, pieceBytes: Int) {
    self.vocabulary = vocabulary
    self.split = split
    self.sample = sample
    self.pieceBytes = pieceBytes
  }

  func run(_ reader: DocumentReader, onProgress: (_ documents: Int) -> Void) throws -> Result {
    let workers = CorpusScan.cores
    var result = Result()
    var vectorizers = [TermVectorizer](repeating: TermVectorizer(vocabulary), count: workers)
    // A batch has at most 8192 documents.
    var slots = [TermRows](repeating: TermRows(), count: 8192)
    try vectorizers.withUnsafeMutableBufferPointer { vectorizers in
      try slots.withUnsafeMutableBufferPointer { slots in
        // Safety: a thread uses the vectorizer of its number only.
        nonisolated(unsafe) let vectorizers = vectorizers
        // Safety: a document has its own slot, and a thread has it alone.
        nonisolated(unsafe) let slots = slots
        try CorpusScan(workers: workers).run(
          reader, where: { split.split(of: $0.id) == .train && sample.contains($0.id) }
        ) { worker, index, document in
          slots[index].removeAll()
          document.text.withUnsafeBufferPointer { text in
            vectorizers[worker].vectorize(text, into: &slots[index])
            let ranges = SampleVectors.pieces(of: text, bytes: pieceBytes)
            if ranges.count < 2 { return }
            for range in ranges {
              vectorizers[worker].vectorize(UnsafeBufferPointer(rebasing: text[range]), into: &slots[index])
            }
          }
        } finish: { batch in
          for (index, document) in batch.enumerated() {
            result.add(slots[index], LearnedDocument(document), isCut: pieceBytes > 0)
          }
          onProgress(result.rows.count)
        }
      }
    }
    if pieceBytes == 0 { (result.pieces, result.pieceDocuments) = (result.rows, Array(result.documents.indices)) }
    return result
  }

  /// Equal parts of at most about `bytes`, cut after a character that is no letter where one is near.
  private static func pieces(of text: UnsafeBufferPointer<UInt8>, bytes: Int) -> [Range<Int>] {
    guard bytes > 0, text.count > bytes else { return [0..<text.count] }
    let count = (text.count + bytes - 1) / bytes
    var cuts = [0]
    for piece in 1..<count {
      let from = max(cuts[piece - 1], piece * text.count / count)
      let space = text[from..<min(text.count, from + 256)].firstIndex { $0 <= 0x20 }
      cuts.append(space ?? text[from...].firstIndex { $0 & 0xC0 != 0x80 } ?? text.count)
    }
    return zip(cuts, cuts.dropFirst() + [text.count]).map { $0..<$1 }
  }
}

extension SampleVectors.Result {
  /// Adds the row of a document and those of its pieces, which follow it in `slot` if there are several.
  fileprivate mutating func add(_ slot: TermRows, _ document: LearnedDocument, isCut: Bool) {
    guard slot.starts[1] > 0 else {
      withoutTerms += 1
      return
    }
    rows.append(slot, row: 0)
    documents.append(document)
    guard isCut else { return }
    for row in slot.count > 1 ? 1..<slot.count : 0..<1 where slot.starts[row + 1] > slot.starts[row] {
      pieces.append(slot, row: row)
      pieceDocuments.append(documents.count - 1)
    }
  }
}

extension LearnedDocument {
  init(_ document: Document) {
    self.init(
      id: document.id, language: document.language, source: document.source, label: document.domain,
      bytes: document.text.count, excerpt: Array(document.text.prefix(LearnedDocument.excerptBytes)))
  }
}
