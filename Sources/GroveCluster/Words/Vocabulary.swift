import GroveTokenizer

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The terms that vectors are made of, with the weight of each.
package struct TermVocabulary: Sendable {
  /// In the order of their bytes, as scikit-learn has them.
  package let terms: [[UInt8]]
  /// ln((1 + documents) / (1 + documents with the term)) + 1 for each term: scikit-learn's smooth idf.
  package let inverseFrequencies: [Double]
  private let index: WordIndex

  init(terms: [[UInt8]], inverseFrequencies: [Double]) {
    self.terms = terms
    self.inverseFrequencies = inverseFrequencies
    var index = WordIndex()
    for term in terms { term.withUnsafeBufferPointer { _ = index.insert($0) } }
    precondition(index.count == terms.count, "\(terms.count - index.count) terms stand in the vocabulary twice")
    self.index = index
  }

  package init(_ counter: TermCounter, limit: Int) {
    let chosen = counter.mostFrequent(limit, without: TermVocabulary.stopWords)
    let documents = Double(counter.documents)
    self.init(
      terms: chosen.map(\.term),
      inverseFrequencies: chosen.map { log((1 + documents) / (1 + Double($0.documents))) + 1 })
  }

  private static let stopWords = Set(
    englishStopWords.split { $0 == " " || $0 == "\n" }.map { Array($0.utf8) })

  package var count: Int { terms.count }

  /// The number of a term; nil for a word that is none.
  @inline(__always)
  func number(of word: UnsafeBufferPointer<UInt8>) -> Int? { index.number(of: word) }
}
