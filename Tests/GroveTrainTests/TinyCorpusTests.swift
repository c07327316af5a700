import Foundation
import GroveCore
import GroveCorpus
import GroveTesting
import Testing

@Suite("The tiny corpus")
struct TinyCorpusTests {
  private func fingerprint(seed: UInt64) throws -> String {
    try Fixtures.withTemporaryFolder { try ShardManifest(folder: TinyCorpus(in: $0, seed: seed).shards).fingerprint }
  }

  @Test("The same seed gives the same shards, another seed gives others")
  func deterministic() throws {
    #expect(try fingerprint(seed: 1) == fingerprint(seed: 1))
    #expect(try fingerprint(seed: 1) != fingerprint(seed: 2))
  }

  @Test("Every domain has both sides, about 20 kB of text, and the rare letter as one token of one training document")
  func contents() throws {
    try Fixtures.withTemporaryFolder { folder in
      let corpus = try TinyCorpus(in: folder, domains: ["ants", "bees", "crows"])
      let shards = try ShardManifest(folder: corpus.shards).shards
      let names = shards.map { "\($0.split.rawValue)/\($0.domain)" }.sorted()
      let expected = Split.allCases.flatMap { side in corpus.domains.map { "\(side.rawValue)/\($0)" } }
      #expect(names == expected)
      #expect((60_000..<63_000).contains(shards.reduce(0) { $0 + $1.content.bytes }))
      var encoder = corpus.tokenizer.encoder(specialTokens: .asText, malformed: .replacing)
      let rare = encoder.encode(TinyCorpus.rareLetter)
      #expect(rare.count == 1)
      let data = try TokenDataset(folder: corpus.shards, split: .train, domains: .all, contextLength: 8)
      for domain in data.domains.indices {
        var holders: [String] = []
        try data.forEachDocument(domain: domain) { if $0.tokens.contains(Int64(rare[0])) { holders.append($0.id) } }
        #expect(holders == ["\(data.domains[domain].name)/3"])
      }
    }
  }
}
