/// Documents as sparse rows of tf-idf weights of unit length: a compressed sparse row matrix `[N, terms]`.
package struct TermRows: Sendable {
  /// Where each row begins in `terms` and `weights`, and the end of the last.
  package private(set) var starts = [0]
  package private(set) var terms: [UInt32] = []
  package private(set) var weights: [Float] = []

  package init() {}

  package var count: Int { starts.count - 1 }

  /// Adds a row. An empty one is a document without known terms.
  package mutating func append(_ row: ArraySlice<UInt32>, _ rowWeights: ArraySlice<Float>) {
    terms.append(contentsOf: row)
    weights.append(contentsOf: rowWeights)
    starts.append(terms.count)
  }

  /// Adds a row of another matrix.
  mutating func append(_ other: TermRows, row: Int) {
    let range = other.starts[row]..<other.starts[row + 1]
    append(other.terms[range], other.weights[range])
  }

  mutating func removeAll() {
    starts = [0]
    terms.removeAll(keepingCapacity: true)
    weights.removeAll(keepingCapacity: true)
  }
}

/// Makes rows of texts; each thread has its own.
package struct TermVectorizer: Sendable {
  private let vocabulary: TermVocabulary
  private var reader = WordReader()
  /// How often each term stands in the text that is read; all 0 between texts.
  private var counts: [UInt32]
  private var met: [UInt32] = []
  private var weights: [Float] = []

  package init(_ vocabulary: TermVocabulary) {
    self.vocabulary = vocabulary
    counts = [UInt32](repeating: 0, count: vocabulary.count)
  }

  /// Appends the row of a text: for each known term its count times its idf, the whole of unit length. Terms stand in
  /// the order of the vocabulary.
  package mutating func vectorize(_ text: UnsafeBufferPointer<UInt8>, into rows: inout TermRows) {
    met.removeAll(keepingCapacity: true)
    func take(_ word: UnsafeBufferPointer<UInt8>) {
      guard let term = vocabulary.number(of: word) else { return }
      if counts[term] == 0 { met.append(UInt32(term)) }
      counts[term] += 1
    }
    var reader = reader
    reader.read(text, take)
    reader.finish(take)
    self.reader = reader
    met.sort()
    weights.removeAll(keepingCapacity: true)
    var squares = 0.0
    for term in met {
      let weight = Double(counts[Int(term)]) * vocabulary.inverseFrequencies[Int(term)]
      counts[Int(term)] = 0
      squares += weight * weight
      weights.append(Float(weight))
    }
    let scale = Float(1 / max(squares, 1e-300).squareRoot())
    for index in weights.indices { weights[index] *= scale }
    rows.append(met[...], weights[...])
  }
}
