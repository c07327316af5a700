import Foundation
import GroveCore
import GroveCorpus
import Testing

@Suite("Windows of a dataset, and the documents behind them")
struct TokenDatasetTests {
  private func window(_ dataset: TokenDataset, _ sequence: SequenceReference) throws -> [Int64] {
    var tokens = [Int64](repeating: -1, count: dataset.contextLength + 1)
    try tokens.withUnsafeMutableBufferPointer { try dataset.fill(sequence, into: $0) }
    return tokens
  }

  @Test("Every token of every window stands where its document's span says", arguments: [1, 7, 32, 500])
  func spans(contextLength: Int) throws {
    let corpus = try TinyCorpus(domains: ["code", "web"], count: 150)
    let (folder, _) = try corpus.build("shards")
    let dataset = try TokenDataset(folder: folder, split: .train, domains: .all, contextLength: contextLength)
    for (index, domain) in dataset.domains.enumerated() {
      for sequence in 0..<domain.sequences {
        let reference = SequenceReference(domain: index, index: sequence, epoch: 0)
        let tokens = try window(dataset, reference)
        var next = 0
        for span in try dataset.documents(of: reference) {
          #expect(span.window.lowerBound == next && span.domain == domain.name)
          next = span.window.upperBound
          let document = Array(try #require(corpus.texts[span.id]).utf8).map(Int64.init) + [256]
          #expect(Array(tokens[span.window]) == Array(document[span.tokenOffset...].prefix(span.window.count)))
        }
        #expect(next == contextLength + 1)
      }
    }
  }

  @Test("Windows overlap by one token, and what is left at the end is counted", arguments: [1, 4, 13, 100_000])
  func windows(contextLength: Int) throws {
    let corpus = try TinyCorpus(domains: ["web"], count: 60)
    let (folder, _) = try corpus.build("shards", validationShare: 0)
    let dataset = try TokenDataset(folder: folder, split: .train, domains: .all, contextLength: contextLength)
    var stream: [Int64] = []
    try dataset.forEachDocument(domain: 0) { stream += $0.tokens }
    let domain = dataset.domains[0]
    #expect(domain.tokens == stream.count && domain.documents == 60)
    var covered: [Int64] = []
    for index in 0..<domain.sequences {
      let tokens = try window(dataset, SequenceReference(domain: 0, index: index, epoch: 0))
      if index > 0 { #expect(covered.last == tokens.first) }
      covered += index == 0 ? tokens : Array(tokens.dropFirst())
    }
    #expect(covered == Array(stream.prefix(covered.count)))
    #expect(domain.droppedTokens == stream.count - covered.count)
    #expect(domain.sequences == 0 || domain.droppedTokens < contextLength)
  }

  @Test("A dataset of some domains has these, and names that are not there are refused")
  func choice() throws {
    let corpus = try TinyCorpus(domains: ["a", "b", "c"], count: 40)
    let (folder, manifest) = try corpus.build("shards")
    let dataset = try TokenDataset(folder: folder, split: .validation, domains: .only(["c", "a"]), contextLength: 4)
    #expect(dataset.domains.map(\.name) == ["a", "c"])
    let order = try dataset.order(seed: 3, mixing: .proportional)
    #expect(order.domains.map(\.count) == dataset.domains.map(\.sequences))
    let expected = try DataOrder(
      fingerprint: manifest.fingerprint, seed: 3,
      domains: dataset.domains.map { DomainSequences(name: $0.name, count: $0.sequences) }, mixing: .proportional)
    #expect(order.sequences(step: 2, batchSize: 4) == expected.sequences(step: 2, batchSize: 4))
    #expect(
      message(corpus.folder) {
        try TokenDataset(folder: folder, split: .train, domains: .only(["d"]), contextLength: 4)
      } == "DIR/shards: there is no train shard of the domain 'd'. There are: a, b, c.")
    #expect(
      message(corpus.folder) { try TokenDataset(folder: folder, split: .train, domains: .all, contextLength: 0) }
        == "contextLength: 0 is not a positive number")
  }

  @Test("An id outside the vocabulary is found before a model sees it; a shard that was swapped is refused")
  func altered() throws {
    let corpus = try TinyCorpus(domains: ["a", "b"], count: 40)
    let (folder, _) = try corpus.build("shards", validationShare: 0)
    let bin = folder.appending(path: "train/a.bin")
    var bytes = Array(try FileSystem.read(bin))
    bytes[9] = 0x20
    try FileSystem.write(bytes, to: bin)
    #expect(
      message(corpus.folder) { try TokenDataset(folder: folder, split: .train, domains: .all, contextLength: 6) }
        .hasPrefix("DIR/shards/train/a.bin: the content is not what the manifest says: SHA-256 "))
    // A manifest that is newer is believed: the id is found when it is read.
    let manifest = folder.appending(path: ShardManifest.fileName)
    try FileManager.default.setAttributes(
      [.modificationDate: Date(timeIntervalSinceNow: 3600)], ofItemAtPath: manifest.path)
    let dataset = try TokenDataset(folder: folder, split: .train, domains: .all, contextLength: 6)
    let id = Int(bytes[8]) + 0x2000
    #expect(
      message { try window(dataset, SequenceReference(domain: 0, index: 0, epoch: 0)) }
        == "a: the shard holds the id \(id) among tokens 0 to 6; the vocabulary has 257. "
        + "Verify the shards, and build them again.")
    for ending in ["bin", "idx", "ledger"] {
      try FileSystem.write(
        FileSystem.read(folder.appending(path: "train/b.\(ending)")), to: folder.appending(path: "train/a.\(ending)"))
    }
    #expect(
      message(corpus.folder) { try TokenDataset(folder: folder, split: .train, domains: .all, contextLength: 6) }
        == "DIR/shards/train/a: the shard is not the one that the manifest counts. Build the shards again.")
  }
}
