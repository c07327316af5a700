import Foundation
import GroveCluster
import GroveCore
import Testing

@Suite("Words")
struct WordTests {
  @Test("Words are those of scikit-learn's vectorizer, with numbers and stop words left to the vocabulary")
  func parity() throws {
    let tfidf = try ClusterFixture.part("tfidf")
    let documents = try tfidf.strings("documents")
    let vocabulary = Set(try tfidf.strings("terms"))
    for (document, expected) in zip(documents, try tfidf.list("words")) {
      let ours = words(document.utf8).filter { vocabulary.contains($0) }
      #expect(ours == expected.arrayValue?.map(\.stringValue), "\(document)")
    }
  }

  @Test("Words do not depend on where a text is cut", arguments: [1, 2, 3, 5, 7])
  func cuts(length: Int) throws {
    let hostile = "ΟΔΟΣ ΣΑΣ ΑΣ5 İstanbul über 漢字 \u{10400}\u{10401} don't x1 12 a \u{200D}b cd"
    var bytes = Array(hostile.utf8) + [0xFF, 0x61, 0x62, 0xC3, 0x20, 0xE2, 0x82, 0x63, 0x64, 0xF0, 0x9F]
    bytes += Array(String(repeating: "long", count: 200).utf8) + [0x20, 0xC3, 0xA9, 0xC3]
    let pieces = stride(from: 0, to: bytes.count, by: length).map { Array(bytes[$0..<min(bytes.count, $0 + length)]) }
    #expect(words(pieces: pieces) == words(bytes))
  }

  @Test("Letters, digits and marks where a hand can check them")
  func byHand() {
    #expect(words("It's A1 1A _a b_ é2".utf8) == ["it", "a1", "_a", "b_", "é2"])
    #expect(words("ΣΑΣ ΣΑΣα ΑΣ5 Σ Σα".utf8) == ["σας", "σασα", "ας5", "σα"])
    #expect(words("İİ ab".utf8) == ["ab"])
    #expect(words([]) == [])
    #expect(words([0x61, 0x62, 0x80, 0x63, 0x64, 0xF8, 0x65, 0x66]) == ["ab", "cd", "ef"])
  }

  @Test("A word of 256 bytes is one, a longer one is none, and the next is read again")
  func longWords() {
    let fits = String(repeating: "x", count: 256)
    #expect(words((fits + " ab").utf8) == [fits, "ab"])
    #expect(words((fits + "x ab").utf8) == ["ab"])
    let wide = String(repeating: "é", count: 128)
    #expect(words((wide + " ab").utf8) == [wide, "ab"])
    #expect(words((wide + "é ab").utf8) == ["ab"])
  }
}

@Suite("Terms")
struct TermTests {
  private func counter(_ documents: [String], limit: Int = 1000) -> TermCounter {
    var counter = TermCounter(limit: limit)
    for document in documents {
      var part = PartialTermCounts()
      Array(document.utf8).withUnsafeBufferPointer { part.count($0) }
      counter.add(part)
      counter.shrink()
    }
    return counter
  }

  @Test("Vocabulary, idf and rows are scikit-learn's")
  func parity() throws {
    let tfidf = try ClusterFixture.part("tfidf")
    let documents = try tfidf.strings("documents")
    let vocabulary = TermVocabulary(counter(documents), limit: 1000)
    #expect(vocabulary.terms.map { String(decoding: $0, as: UTF8.self) } == (try tfidf.strings("terms")))
    for (ours, theirs) in zip(vocabulary.inverseFrequencies, try tfidf.numbers("idf")) {
      #expect(abs(ours - theirs) < 1e-12)
    }
    var vectorizer = TermVectorizer(vocabulary)
    var rows = TermRows()
    for document in documents { Array(document.utf8).withUnsafeBufferPointer { vectorizer.vectorize($0, into: &rows) } }
    for (row, expected) in try tfidf.list("rows").enumerated() {
      let range = rows.starts[row]..<rows.starts[row + 1]
      #expect(rows.terms[range].map { Int($0) } == (try expected.integers("terms")))
      for (ours, theirs) in zip(rows.weights[range], try expected.numbers("weights")) {
        #expect(abs(Double(ours) - theirs) < 1e-6)
      }
    }
  }

  @Test("A limit keeps the terms that occur most, as max_features does")
  func limit() throws {
    let documents = try ClusterFixture.part("tfidf").strings("documents")
    let kept = TermVocabulary(counter(documents), limit: 8).terms.map { String(decoding: $0, as: UTF8.self) }
    let theirs = try #require(ClusterFixture.root.get()["limitedTerms"]?.arrayValue).compactMap(\.stringValue)
    // Of terms with equal counts scikit-learn takes any.
    func occurrences(_ term: String) -> Int { documents.reduce(0) { $0 + words($1.utf8).count { $0 == term } } }
    #expect(kept.map(occurrences).sorted() == theirs.map(occurrences).sorted())
  }

  @Test("With too little memory no term above the bound is missing, and no count is short by more than the bound")
  func bound() throws {
    let key = RandomKey(seed: 5)
    // Few words often, many words once.
    let documents = (0..<400).map { document in
      (0..<20).map { place -> String in
        let draw = key.split(document).uniform(place)
        return "w\(Int(pow(2, 14 * draw)))"
      }.joined(separator: " ")
    }
    let small = counter(documents, limit: 200)
    let whole = counter(documents, limit: 1_000_000)
    #expect(whole.floor == 0 && small.floor > 0 && small.count <= 200)
    let counts = Dictionary(
      uniqueKeysWithValues: whole.mostFrequent(.max, without: []).map { ($0.term, $0.documents) })
    let found = Dictionary(uniqueKeysWithValues: small.mostFrequent(.max, without: []).map { ($0.term, $0.documents) })
    for (term, count) in counts {
      // A document may have a term twice, so documents are at most occurrences.
      if count > small.floor { #expect(found[term] != nil) }
      if let kept = found[term] { #expect(kept <= count && count - kept <= small.floor) }
    }
  }

  @Test("Counts do not depend on how documents are dealt out")
  func parts() {
    let documents = (0..<60).map { "word\($0 % 7) word\($0 % 5) other\($0)" }
    var together = PartialTermCounts()
    for document in documents { Array(document.utf8).withUnsafeBufferPointer { together.count($0) } }
    var one = TermCounter(limit: 100)
    one.add(together)
    let many = counter(documents.reversed(), limit: 100)
    #expect(one.mostFrequent(50, without: []).map(\.term) == many.mostFrequent(50, without: []).map(\.term))
    #expect(one.mostFrequent(50, without: []).map(\.documents) == many.mostFrequent(50, without: []).map(\.documents))
  }
}
