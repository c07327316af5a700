import GroveCore
import GroveCorpus
import GroveTokenizer

/// The first pass over a corpus: counts the words of the training documents and draws the sample.
struct TermCounting {
  private let config: ClusteringConfig
  private let split: SplitRule
  private let key: RandomKey

  struct Result {
    var terms: TermCounter
    var sample: DocumentSample
    var fingerprint: String
  }

  init(_ config: ClusteringConfig, _ split: SplitRule, _ key: RandomKey) {
    self.config = config
    self.split = split
    self.key = key
  }

  func run(_ reader: DocumentReader, onProgress: (_ documents: Int, _ bytes: Int) -> Void) throws -> Result {
    var terms = TermCounter(limit: config.countedTerms)
    var sample = DocumentSample(limit: config.learnedDocuments, key: key.split("sample"))
    var hash = ContentHash()
    let workers = CorpusScan.cores
    var parts = [PartialTermCounts](repeating: PartialTermCounts(), count: workers)
    var bytes = 0
    try parts.withUnsafeMutableBufferPointer { buffer in
      // Safety: a thread works on the part of its number only, and between batches none does.
      nonisolated(unsafe) let parts = buffer
      try CorpusScan(workers: workers).run(reader, where: { split.split(of: $0.id) == .train }) { worker, _, document in
        document.text.withUnsafeBufferPointer { parts[worker].count($0) }
      } finish: { batch in
        for worker in parts.indices {
          terms.add(parts[worker])
          parts[worker].removeAll()
        }
        terms.shrink()
        for document in batch {
          sample.add(document.id)
          hash.update("\(document.id)\n\(document.text.count) \(TermCounting.hash(document.text))\n")
          bytes += document.text.count
        }
        onProgress(terms.documents, bytes)
      }
    }
    sample.finish()
    return Result(terms: terms, sample: sample, fingerprint: hash.hexadecimal())
  }

  private static func hash(_ text: [UInt8]) -> UInt64 {
    text.withUnsafeBytes { bytes in bytes.baseAddress.map { ByteHash.hash($0, count: bytes.count) } ?? 0 }
  }
}
