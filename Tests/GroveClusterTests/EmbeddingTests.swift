import Foundation
import GroveCluster
import GroveCore
import GroveCorpus
import GroveModel
import GroveTensor
import GroveTesting
import Testing

@Suite("Embeddings")
struct EmbeddingTests {
  private func table(
    _ folder: URL, _ values: [Float], _ width: Int, _ ids: [String], name: String = "embeddings"
  ) throws -> EmbeddingTable {
    let (vectors, list) = (folder.appending(path: "v.safetensors"), folder.appending(path: "ids.txt"))
    try SafetensorsWriter.write([.init(name, Tensor(values, [values.count / width, width]))], to: vectors)
    try FileSystem.write(ids.map { $0 + "\n" }.joined(), to: list)
    return try EmbeddingTable(vectors: vectors, ids: list)
  }

  @Test("Clusters are those of the vectors, whatever the words, and the clusterer still takes any text")
  func vectorsDecide() throws {
    try Fixtures.withTemporaryFolder { folder in
      let corpus = try TopicCorpus(in: folder.appending(path: "c"))
      let ids = TopicCorpus.topics.flatMap { topic in (0..<40).map { "\(topic)/\($0)" } }
      // Three directions, by number and not by topic.
      let values = ids.indices.flatMap { index in (0..<3).map { Float($0 == index % 3 ? 1 : 0.01 * Float(index % 7)) } }
      let table = try table(folder, values, 3, ids)
      let finder = try DomainFinder(TopicCorpus.config(), split: SplitRule(validationShare: 0, seed: 0))
      let found = try finder.find(corpus.files, TopicCorpus.options, embedding: table) { _ in }
      #expect(found.summary.clusters.map(\.documents) == [40, 40, 40])
      let number = Dictionary(uniqueKeysWithValues: zip(ids, 0...))
      for group in 0..<3 {
        let clusters = zip(found.documents, found.clusters).filter { number[$0.0.id]! % 3 == group }.map(\.1)
        #expect(Set(clusters).count == 1)
      }
      try found.write(to: folder.appending(path: "out"))
      let centres = try EmbeddingCentres(contentsOf: folder.appending(path: "out"))
      #expect(centres == found.embedding)
      let assigned = try centres.clusters(of: ids, in: table)
      for (document, cluster) in zip(found.documents, found.clusters) { #expect(assigned[document.id] == cluster) }
      let text = Array("toolsword1 citiesword2".utf8)
      #expect(0..<3 ~= (try Clusterer(contentsOf: folder.appending(path: "out")).nearest(text)))
    }
  }

  @Test("Tables that do not fit are refused in words")
  func refusals() throws {
    try Fixtures.withTemporaryFolder { folder in
      func refusal(_ values: [Float], _ width: Int, _ ids: [String], name: String = "embeddings") -> String? {
        message { try table(folder, values, width, ids, name: name) }?.replacingOccurrences(
          of: folder.path, with: "DIR")
      }
      #expect(refusal([1, 2], 2, ["a"], name: "anything") == nil)
      #expect(refusal([1, 2, 3, 4], 2, ["a"]) == "DIR/ids.txt: has 1 ids for the 2 rows of v.safetensors")
      #expect(refusal([1, 2, 3, 4], 2, ["a", "a"]) == "DIR/ids.txt: the id 'a' stands there twice")
      #expect(refusal([1, 2, 3, .nan], 2, ["a", "b"]) == "DIR/v.safetensors: the vector of 'b' is not finite")
      let corpus = try TopicCorpus(in: folder.appending(path: "c"))
      let few = try table(folder, [1, 2], 2, ["animals/0"])
      let finder = try DomainFinder(TopicCorpus.config(), split: SplitRule(validationShare: 0, seed: 0))
      #expect(
        message { try finder.find(corpus.files, TopicCorpus.options, embedding: few) { _ in } }
          == "embedding: has no vector of the document 'animals/1'. "
          + "Embed the whole corpus, or give the documents that were embedded.")
    }
  }
}
