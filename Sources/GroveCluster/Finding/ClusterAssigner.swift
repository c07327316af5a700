public import Foundation
import GroveCore
public import GroveCorpus

/// Gives every document of a corpus its cluster, the held-out ones too.
public struct ClusterAssigner: Sendable {
  /// What decides.
  public let clusterer: Clusterer

  /// Clusters that go before the clusterer's, by id: those of an embedding.
  public let known: [String: Int]

  /// What was assigned.
  public struct Result: Equatable, Sendable {
    /// Documents of each cluster.
    public var documents: [Int]
    /// Bytes of each cluster.
    public var bytes: [Int]
    /// Lines that were no documents.
    public var problems: Int
  }

  /// Where the result goes.
  public enum Output: Sendable {
    /// A `.jsonl.zst` with a line `{"id": …, "cluster": …}` for each document, in the order of the corpus.
    case file(URL)
    /// A folder that is not there yet: that file as `assignment.jsonl.zst`, and `documents/cluster-07.jsonl.zst` for
    /// each cluster, whose documents keep their ids, so that a split by id holds out the same ones.
    case folder(URL)
  }

  /// - Parameter known: clusters of documents, by id, that go before the clusterer's.
  public init(_ clusterer: Clusterer, known: [String: Int] = [:]) {
    self.clusterer = clusterer
    self.known = known
  }

  /// Reads the corpus once.
  /// - Throws: `GroveError` if a file cannot be read or written; then nothing stands under the name of the output.
  public func assign(
    _ files: CorpusFiles, _ options: ReadingOptions, to output: Output, onProblem: @escaping (ReadingProblem) -> Void,
    onProgress: (_ documents: Int, _ bytes: Int) -> Void
  ) throws -> Result {
    let reader = DocumentReader(files, options, onProblem: onProblem)
    switch output {
    case .file(let url):
      let writer = try ZstandardWriter(url)
      let result = try assign(reader, assignment: writer, documents: [], onProgress)
      try writer.commit()
      return result
    case .folder(let folder):
      var result = Result(documents: [], bytes: [], problems: 0)
      try WholeFolder.write(folder) { staging in
        let texts = staging.appending(path: "documents")
        try FileSystem.makeFolder(texts)
        let assignment = try ZstandardWriter(staging.appending(path: "assignment.jsonl.zst"))
        let writers = try (0..<clusterer.clusterCount).map {
          try ZstandardWriter(texts.appending(path: "\(name(of: $0)).jsonl.zst"))
        }
        result = try assign(reader, assignment: assignment, documents: writers, onProgress)
        for (cluster, writer) in writers.enumerated() where result.documents[cluster] > 0 { try writer.commit() }
        try assignment.commit()
      }
      return result
    }
  }

  /// "cluster-07", with as many digits as the largest number has.
  public func name(of cluster: Int) -> String {
    let digits = "\(cluster)"
    let width = max(2, "\(clusterer.clusterCount - 1)".count)
    return "cluster-" + String(repeating: "0", count: max(0, width - digits.count)) + digits
  }

  private func assign(
    _ reader: DocumentReader, assignment: ZstandardWriter, documents writers: [ZstandardWriter],
    _ onProgress: (_ documents: Int, _ bytes: Int) -> Void
  ) throws -> Result {
    let empty = [Int](repeating: 0, count: clusterer.clusterCount)
    var result = Result(documents: empty, bytes: empty, problems: 0)
    // A batch has at most 8192 documents.
    var clusters = [Int](repeating: 0, count: 8192)
    try clusters.withUnsafeMutableBufferPointer { buffer in
      // Safety: every document has its own place, and a thread has it alone.
      nonisolated(unsafe) let places = buffer
      try CorpusScan(workers: CorpusScan.cores).run(reader, where: { _ in true }) { _, index, document in
        places[index] = known[document.id] ?? clusterer.cluster(id: document.id, text: document.text)
      } finish: { batch in
        for (index, document) in batch.enumerated() {
          let cluster = places[index]
          result.documents[cluster] += 1
          result.bytes[cluster] += document.text.count
          let line: JSONValue = ["id": .string(document.id), "cluster": .integer(cluster)]
          try assignment.write(line.text + "\n")
          if !writers.isEmpty { try writers[cluster].write(ClusterAssigner.line(document)) }
        }
        onProgress(result.documents.reduce(0, +), result.bytes.reduce(0, +))
      }
    }
    result.problems = reader.summary.problems
    guard result.documents.contains(where: { $0 > 0 }) else {
      throw GroveError(.format, "corpus", "no document in \(reader.files.files.count) files")
    }
    return result
  }

  /// A document as a line of JSON; its domain becomes its label, for the cluster is its domain now.
  private static func line(_ document: Document) -> String {
    var members: [(key: String, value: JSONValue)] = [("id", .string(document.id))]
    if !document.language.isEmpty { members.append(("language", .string(document.language))) }
    if !document.source.isEmpty { members.append(("source", .string(document.source))) }
    members.append(("label", .string(document.domain)))
    members.append(("text", .string(String(decoding: document.text, as: UTF8.self))))
    return JSONValue.object(members).text + "\n"
  }
}
