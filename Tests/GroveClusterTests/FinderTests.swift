import Foundation
import GroveCluster
import GroveCore
import GroveCorpus
import GroveTesting
import Testing

@Suite("Finding domains")
struct FinderTests {
  @Test("Three topics without labels become three clusters", arguments: [ClusteringMethod.balanced, .plain])
  func topics(method: ClusteringMethod) throws {
    try Fixtures.withTemporaryFolder { folder in
      let found = try TopicCorpus(in: folder).find { $0.method = method }
      let agreement = try #require(found.summary.agreement)
      #expect(agreement.purity == 1 && abs(agreement.normalizedMutualInformation - 1) < 1e-12)
      #expect(found.summary.clusters.map(\.documents) == [40, 40, 40])
      for cluster in found.summary.clusters {
        let topic = try #require(zip(found.summary.labels, cluster.labels).first { $0.1 == 40 }?.0)
        #expect(cluster.topTerms.prefix(5).allSatisfy { $0.hasPrefix(topic) })
        #expect(cluster.languages.map { "\($0.name) \($0.count)" } == ["en 40"])
        #expect(cluster.sources.map { "\($0.name) \($0.count)" } == ["\(topic).org 40"])
        #expect(cluster.nearest.count == 5 && cluster.nearest.allSatisfy { $0.id.hasPrefix(topic) })
      }
    }
  }

  @Test("Balanced clusters have equal sizes in training where topics have not")
  func balance() throws {
    try Fixtures.withTemporaryFolder { folder in
      let found = try TopicCorpus(in: folder, counts: [70, 20, 12]).find()
      #expect(found.summary.clusters.map(\.trainingPieces) == [34, 34, 34])
      #expect(found.summary.clusters.reduce(0) { $0 + $1.documents } == 102)
    }
  }

  @Test("Pieces of long texts are balanced by length, and documents stay whole")
  func pieces() throws {
    try Fixtures.withTemporaryFolder { folder in
      let corpus = try TopicCorpus(in: folder)
      let whole = try corpus.find()
      let cut = try corpus.find { $0.pieceBytes = 100 }
      #expect(whole.training.documents == Array(0..<120))
      #expect(cut.documents == whole.documents)
      #expect(cut.training.documents.count > 240)
      let sizes = cut.summary.clusters.map(\.trainingPieces)
      #expect(sizes.reduce(0, +) == cut.training.clusters.count && sizes.max()! - sizes.min()! <= 1)
      #expect(cut.summary.clusters.map(\.documents) == [40, 40, 40])
    }
  }

  @Test("The same seed gives the same bytes, another seed another fingerprint")
  func determinism() throws {
    try Fixtures.withTemporaryFolder { folder in
      let corpus = try TopicCorpus(in: folder.appending(path: "c"))
      let hashes = try (0..<2).map { index -> [String] in
        let out = folder.appending(path: "out\(index)")
        try corpus.find().write(to: out)
        return try FileSystem.entries(of: out).map { try $0.lastPathComponent + ContentHash.ofFile($0) }
      }
      #expect(hashes[0] == hashes[1] && hashes[0].count == 4)
      #expect(try corpus.find { $0.seed = 1 }.clusterer.fingerprint != corpus.find().clusterer.fingerprint)
    }
  }

  @Test("Held-out documents are not seen: without them the result is the same")
  func heldOut() throws {
    try Fixtures.withTemporaryFolder { folder in
      let all = try TopicCorpus(in: folder.appending(path: "all"))
      let found = try all.find(share: 0.3)
      let split = try SplitRule(validationShare: 0.3, seed: 0)
      let rest = folder.appending(path: "rest")
      try FileSystem.makeFolder(rest)
      for topic in TopicCorpus.topics {
        let text = String(
          decoding: try FileSystem.read(all.folder.appending(path: "\(topic).jsonl")), as: UTF8.self)
        let kept = text.split(separator: "\n").enumerated().filter {
          split.split(of: "\(topic)/\($0.offset)") == .train
        }
        try FileSystem.write(kept.map { $0.element + "\n" }.joined(), to: rest.appending(path: "\(topic).jsonl"))
      }
      let finder = try DomainFinder(TopicCorpus.config(), split: SplitRule(validationShare: 0, seed: 0))
      let alone = try finder.find(CorpusFiles([rest]), TopicCorpus.options) { _ in }
      #expect(alone.clusterer.fingerprint == found.clusterer.fingerprint)
      #expect(alone.clusterer.origin == found.clusterer.origin)
      #expect(found.documents.allSatisfy { split.split(of: $0.id) == .train })
    }
  }

  @Test("A sample is drawn by ids: the order of the documents does not change it")
  func sample() throws {
    try Fixtures.withTemporaryFolder { folder in
      let corpus = try TopicCorpus(in: folder)
      let found = try corpus.find { $0.learnedDocuments = 60 }
      #expect(found.documents.count == 60 && found.clusterer.origin.countedDocuments == 120)
      let file = folder.appending(path: "tools.jsonl")
      let lines = String(decoding: try FileSystem.read(file), as: UTF8.self).split(separator: "\n")
      try FileSystem.write(lines.reversed().map { $0 + "\n" }.joined(), to: file)
      let again = try corpus.find { $0.learnedDocuments = 60 }
      #expect(Set(again.documents.map(\.id)) == Set(found.documents.map(\.id)))
    }
  }

  @Test("Random clusters are drawn by the id, whatever the text")
  func random() throws {
    try Fixtures.withTemporaryFolder { folder in
      let found = try TopicCorpus(in: folder).find { $0.method = .random }
      let clusterer = found.clusterer
      #expect(found.clusters == found.training.clusters)
      for (document, cluster) in zip(found.documents, found.clusters) {
        #expect(clusterer.cluster(id: document.id, text: Array("anything".utf8)) == cluster)
      }
      #expect(try #require(found.summary.agreement).normalizedMutualInformation < 0.1)
    }
  }

  @Test("Too few documents, known words or sensible values are refused in words")
  func refusals() throws {
    try Fixtures.withTemporaryFolder { folder in
      let corpus = try TopicCorpus(in: folder.appending(path: "c"), counts: [1, 1, 0])
      #expect(
        message { try corpus.find() }
          == "corpus: 2 training documents are fewer than 3 clusters. Ask for fewer clusters, or give more documents.")
      let empty = folder.appending(path: "e/x.jsonl")
      try FileSystem.makeFolder(empty.deletingLastPathComponent())
      try FileSystem.write(
        (0..<5).map { "{\"id\": \"\($0)\", \"text\": \"the 1 of\"}\n" }.joined(), to: empty)
      let finder = try DomainFinder(TopicCorpus.config(), split: SplitRule(validationShare: 0, seed: 0))
      #expect(
        message { try finder.find(CorpusFiles([empty]), TopicCorpus.options) { _ in } }
          == "corpus: 0 training documents with a known word are fewer than 3 clusters. "
          + "Ask for fewer clusters, or give more documents.")
      let bad = TopicCorpus.config {
        $0.clusters = 0
        $0.passes = 0
      }
      #expect(
        message { try DomainFinder(bad, split: SplitRule(validationShare: 0, seed: 0)) }
          == """
          ClusteringConfig: 2 problems
            ClusteringConfig: clusters: 0 is outside 1...4096
            ClusteringConfig: passes: 0 is outside 1...100
          """)
      let out = folder.appending(path: "c")
      #expect(
        message { try FoundDomains.requireFree(out) }
          == "\(out.path): is there already. Remove it, or name another folder.")
    }
  }

  @Test("Purity and mutual information are those of scikit-learn, and of a textbook example")
  func agreement() throws {
    let fixture = try ClusterFixture.part("kmeans")
    var counts = [[Int]](repeating: [Int](repeating: 0, count: 4), count: 3)
    for (label, cluster) in zip(try fixture.integers("labels"), try fixture.integers("assignment")) {
      counts[cluster][label] += 1
    }
    let expected = try #require(fixture["nmi"]?.numberValue)
    #expect(abs(LabelAgreement(counts: counts).normalizedMutualInformation - expected) < 1e-12)
    // Manning, Raghavan and Schütze, figure 16.4: 17 documents, purity 12/17, NMI 0.36.
    let textbook = LabelAgreement(counts: [[5, 1, 0], [1, 4, 1], [2, 0, 3]])
    #expect(abs(textbook.purity - 12.0 / 17) < 1e-12)
    #expect(abs(textbook.normalizedMutualInformation - 0.36) < 0.005)
    #expect(LabelAgreement(counts: [[3]]).normalizedMutualInformation == 1)
  }
}

@Suite("Assigning documents")
struct AssignerTests {
  @Test("Every document goes whole, with its id, into the file of its cluster and into the list")
  func folder() throws {
    try Fixtures.withTemporaryFolder { folder in
      let corpus = try TopicCorpus(in: folder.appending(path: "c"))
      let clusterer = try corpus.find(share: 0.2).clusterer
      let out = folder.appending(path: "out")
      let result = try ClusterAssigner(clusterer).assign(
        corpus.files, TopicCorpus.options, to: .folder(out), onProblem: { _ in }, onProgress: { _, _ in })
      #expect(result.documents == [40, 40, 40] && result.problems == 0)
      var options = TopicCorpus.options
      options.domain = .fileName
      let reader = DocumentReader(try CorpusFiles([out.appending(path: "documents")]), options) { _ in }
      var found: [String: Document] = [:]
      while let document = try reader.next() { found[document.id] = document }
      let original = DocumentReader(try corpus.files, TopicCorpus.options) { _ in }
      while let document = try original.next() {
        let removed = found.removeValue(forKey: document.id)
        let copy = try #require(removed)
        #expect(copy.text == document.text && copy.source == document.source && copy.language == document.language)
        #expect(copy.domain == ClusterAssigner(clusterer).name(of: clusterer.nearest(document.text)))
      }
      #expect(found.isEmpty)
      let list = folder.appending(path: "list.jsonl.zst")
      _ = try ClusterAssigner(clusterer).assign(
        corpus.files, TopicCorpus.options, to: .file(list), onProblem: { _ in }, onProgress: { _, _ in })
      #expect(
        try ContentHash.ofFile(list) == ContentHash.ofFile(out.appending(path: "assignment.jsonl.zst")))
      #expect(
        message {
          try ClusterAssigner(clusterer).assign(
            corpus.files, TopicCorpus.options, to: .folder(out), onProblem: { _ in }, onProgress: { _, _ in })
        } == "\(out.path): is there already. Remove it, or name another folder.")
    }
  }
}
