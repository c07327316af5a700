public import Foundation
public import GroveCore
public import GroveCorpus

/// Documents of any number whose words come as often as in a real corpus: for measurements of scale.
public struct SyntheticCorpus: Sendable {
  /// Of each domain: its words, and how many draws of the whole fall on it or a word before it.
  private let domains: [(words: [[UInt8]], upTo: [Int])]

  /// Counts the words of a corpus by domain.
  public init(like files: CorpusFiles, _ options: ReadingOptions) throws {
    var counts: [String: [[UInt8]: Int]] = [:]
    let reader = DocumentReader(files, options) { _ in }
    while let document = try reader.next() {
      for word in document.text.split(whereSeparator: { $0 <= 0x20 }) {
        counts[document.domain, default: [:]][Array(word), default: 0] += 1
      }
    }
    domains = counts.sorted { $0.key < $1.key }.map { _, words in
      let sorted = words.sorted { $0.key.lexicographicallyPrecedes($1.key) }
      var total = 0
      let upTo = sorted.map { entry in
        total += entry.value
        return total
      }
      return (sorted.map(\.key), upTo)
    }
    guard !domains.isEmpty else { throw GroveError(.format, "corpus", "has no words to draw from") }
  }

  /// Writes documents of 50 to 350 words, each of one domain, as `.jsonl`; the same arguments give the same bytes.
  public func write(documents: Int, key: RandomKey, to url: URL) throws {
    let writer = try FileWriter(url)
    for number in 0..<documents {
      let key = key.split(number)
      let domain = domains[Int(key.bits(0) % UInt64(domains.count))]
      var text: [UInt8] = []
      for place in 0..<50 + Int(key.bits(1) % 300) {
        let draw = Int(key.bits(place + 2) % UInt64(domain.upTo[domain.upTo.count - 1]))
        var (low, high) = (0, domain.upTo.count - 1)
        while low < high {
          let middle = (low + high) / 2
          if domain.upTo[middle] <= draw { low = middle + 1 } else { high = middle }
        }
        text += domain.words[low] + [0x20]
      }
      let line: JSONValue = ["id": .integer(number), "text": .string(String(decoding: text, as: UTF8.self))]
      try writer.write(line.text + "\n")
    }
    try writer.commit()
  }
}
