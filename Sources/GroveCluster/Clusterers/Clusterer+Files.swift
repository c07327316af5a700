public import Foundation
import GroveCore
import GroveModel
import GroveTensor

/// The files of a clusterer: `clusterer.json` and `clusterer.safetensors` with `idf` `[T]` (float64), `projection` `[T,
/// D]` and `centres` `[K, D]` (float32). Other tools read both.
extension Clusterer {
  /// The name of the file with the terms and the origin.
  public static let fileName = "clusterer.json"
  private static let tensorFileName = "clusterer.safetensors"
  private static let format = "grove clusterer 1"

  /// Reads a clusterer.
  /// - Throws: `GroveError` if a file is missing or damaged, or the two do not belong together.
  public init(contentsOf folder: URL) throws {
    let file = folder.appending(path: Clusterer.fileName)
    guard FileSystem.exists(file) else {
      throw GroveError(.file, file.path, "is missing", remedy: "Make a clusterer with 'grove domains find'.")
    }
    let json = try JSONValue(contentsOf: file)
    func wrong(_ problem: String) -> GroveError {
      GroveError(.format, file.path, problem, remedy: "Make it again with 'grove domains find'.")
    }
    guard json["format"]?.stringValue == Clusterer.format else { throw wrong("is not a clusterer of this version") }
    guard let origin = ClustererOrigin(json) else { throw wrong("does not say how it was made") }
    guard let terms = json["terms"]?.arrayValue?.map({ $0.stringValue }), !terms.contains(nil) else {
      throw wrong("has no list of terms")
    }
    let names = terms.compactMap { $0.map { Array($0.utf8) } }
    guard Set(names).count == names.count, !names.contains([]) else {
      throw wrong("a term is empty or stands there twice")
    }
    let stored = try SafetensorsFile(folder.appending(path: Clusterer.tensorFileName))
    guard let shape = stored["projection"]?.shape, shape.count == 2, shape[0] == names.count, shape[1] > 0,
      stored["idf"]?.shape == [shape[0]], let centreShape = stored["centres"]?.shape, centreShape.count == 2,
      centreShape[0] > 0, centreShape[1] == shape[1]
    else {
      throw GroveError(
        .format, stored.url.path, "idf, projection and centres do not fit \(names.count) terms",
        remedy: "Make it again with 'grove domains find'.")
    }
    self.init(
      vocabulary: TermVocabulary(terms: names, inverseFrequencies: try stored.tensor("idf").values()),
      projection: try stored.tensor("projection").values(), centres: try stored.tensor("centres").values(),
      dimensions: shape[1], origin: origin)
    guard json["fingerprint"]?.stringValue == fingerprint else {
      throw GroveError(
        .mismatch, folder.path, "the files are not what their fingerprint says",
        remedy: "Make it again with 'grove domains find'.")
    }
  }

  /// Writes both files into a folder, each in one step; `clusterer.json` comes last.
  public func write(to folder: URL) throws {
    try FileSystem.makeFolder(folder)
    let terms = vocabulary.count
    try SafetensorsWriter.write(
      [
        .init("idf", .float64, [terms]) { try Tensor(vocabulary.inverseFrequencies, [terms]) },
        .init("projection", .float32, [terms, dimensions]) { try Tensor(projection, [terms, dimensions]) },
        .init("centres", .float32, [clusterCount, dimensions]) { try Tensor(centres, [clusterCount, dimensions]) },
      ], to: folder.appending(path: Clusterer.tensorFileName))
    let names = vocabulary.terms.map { JSONValue.string(String(decoding: $0, as: UTF8.self)) }
    let members: [(key: String, value: JSONValue)] =
      [("format", .string(Clusterer.format)), ("fingerprint", .string(fingerprint))] + origin.members
      + [("clusters", .integer(clusterCount)), ("dimensions", .integer(dimensions)), ("terms", .array(names))]
    try FileSystem.write(JSONValue.object(members).prettyText + "\n", to: folder.appending(path: Clusterer.fileName))
  }
}

extension ClustererOrigin {
  var members: [(key: String, value: JSONValue)] {
    [
      ("method", .string(method.rawValue)), ("seed", .string(String(seed))), ("corpus", .string(corpus)),
      ("countedDocuments", .integer(countedDocuments)), ("learnedDocuments", .integer(learnedDocuments)),
      ("grove", .string(version)),
    ]
  }

  init?(_ json: JSONValue) {
    guard let method = json["method"]?.stringValue.flatMap(ClusteringMethod.init),
      let corpus = json["corpus"]?.stringValue,
      let seed = json["seed"]?.stringValue.flatMap({ UInt64($0) }), let version = json["grove"]?.stringValue,
      let counted = json["countedDocuments"]?.integerValue, let learned = json["learnedDocuments"]?.integerValue
    else { return nil }
    self.init(
      method: method, seed: seed, corpus: corpus, countedDocuments: counted, learnedDocuments: learned, version: version
    )
  }
}
