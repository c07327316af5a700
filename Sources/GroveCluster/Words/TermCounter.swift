import GroveTokenizer

/// In how many documents each term stands and how often, in memory with a limit.
///
/// Counts are exact until the limit is reached. Then the terms with the fewest possible occurrences are forgotten, half
/// of them at least, and `floor` says how many occurrences a term may have had that is not counted now. So a term that
/// occurs more than `floor` times is never missing, and no count is short by more than `floor`.
///
/// - Source: Manku and Motwani 2002, "Approximate frequency counts over data streams", lossy counting. We differ:
///   buckets end when memory does.
package struct TermCounter: Sendable {
  /// The most occurrences that a forgotten term may have had; 0 while all counts are exact.
  package private(set) var floor = 0
  /// Documents that were counted.
  package private(set) var documents = 0

  private var terms = WordIndex()
  private var entries: [Entry] = []
  private let limit: Int

  private struct Entry {
    var documents = 0
    var occurrences = 0
    /// What may have been forgotten of the term before it was met.
    var missed: Int
  }

  /// - Parameter limit: of terms that are counted at once.
  package init(limit: Int) { self.limit = max(2, limit) }

  /// Number of terms that are counted.
  package var count: Int { entries.count }

  /// Adds what was counted in a part of the corpus. The order of the parts between two calls of `shrink` does not
  /// matter.
  package mutating func add(_ part: PartialTermCounts) {
    documents += part.documents
    part.forEach { word, documents, occurrences in
      let (index, isNew) = terms.insert(word)
      if isNew { entries.append(Entry(missed: floor)) }
      entries[index].documents += documents
      entries[index].occurrences += occurrences
    }
  }

  /// Forgets the rarest terms if there are more than the limit.
  package mutating func shrink() {
    guard entries.count > limit else { return }
    let bounds = entries.map { $0.occurrences + $0.missed }
    floor = bounds.sorted()[(bounds.count - 1) / 2]
    let floor = floor
    terms.keep { bounds[$0] > floor }
    var index = -1
    entries.removeAll { _ in
      index += 1
      return bounds[index] <= floor
    }
  }

  /// The most frequent terms by occurrences, ties by their bytes, without stop words; sorted by their bytes.
  package func mostFrequent(_ limit: Int, without stopWords: Set<[UInt8]>) -> [(term: [UInt8], documents: Int)] {
    let names = (0..<entries.count).map { terms.withWord($0) { Array($0) } }
    var chosen = entries.indices.filter { !stopWords.contains(names[$0]) }
    if chosen.count > limit {
      chosen.sort { a, b in
        let (first, second) = (entries[a].occurrences, entries[b].occurrences)
        return first != second ? first > second : names[a].lexicographicallyPrecedes(names[b])
      }
      chosen.removeLast(chosen.count - limit)
    }
    chosen.sort { names[$0].lexicographicallyPrecedes(names[$1]) }
    return chosen.map { (names[$0], entries[$0].documents) }
  }
}

/// The counts of some documents, made by one thread.
package struct PartialTermCounts: Sendable {
  private(set) var documents = 0
  private var terms = WordIndex()
  private var entries: [(documents: Int, occurrences: Int, last: Int)] = []
  private var reader = WordReader()

  package init() {}

  /// Counts the words of a document.
  package mutating func count(_ text: UnsafeBufferPointer<UInt8>) {
    documents += 1
    let number = documents
    func take(_ word: UnsafeBufferPointer<UInt8>) {
      let (index, isNew) = terms.insert(word)
      if isNew { entries.append((0, 0, 0)) }
      entries[index].occurrences += 1
      if entries[index].last != number {
        entries[index].last = number
        entries[index].documents += 1
      }
    }
    var reader = reader
    reader.read(text, take)
    reader.finish(take)
    self.reader = reader
  }

  func forEach(_ body: (UnsafeBufferPointer<UInt8>, _ documents: Int, _ occurrences: Int) -> Void) {
    for (index, entry) in entries.enumerated() {
      terms.withWord(index) { body($0, entry.documents, entry.occurrences) }
    }
  }

  /// Begins again with the memory that it has.
  mutating func removeAll() {
    documents = 0
    terms.removeAll()
    entries.removeAll(keepingCapacity: true)
  }
}
