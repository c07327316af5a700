public import Foundation
import GroveCore
import GroveModel
import GroveTensor

/// Vectors of documents that somebody else made, by the documents' ids.
public struct EmbeddingTable: Sendable {
  /// Numbers in a vector.
  public let dimensions: Int
  /// The ids in the order of the rows.
  public let ids: [String]
  private let values: [Float]
  private let rows: [String: Int]

  /// Reads a matrix `[N, D]` from a safetensors file, and N ids from a text file with one in each line.
  ///
  /// The matrix is the tensor `embeddings`, or the only one of the file, in any type of floating point.
  /// - Throws: `GroveError` if a file is missing or damaged, the two do not fit, an id stands there twice, or a number
  ///   is not finite.
  public init(vectors url: URL, ids list: URL) throws {
    let file = try SafetensorsFile(url)
    let entry = file["embeddings"] ?? (file.entries.count == 1 ? file.entries[0] : nil)
    guard let entry, entry.shape.count == 2, entry.shape[1] > 0, entry.dtype.isFloatingPoint else {
      throw GroveError(
        .format, url.path, "has no matrix of floating point named 'embeddings'",
        remedy: "Store one tensor [documents, dimensions].")
    }
    guard let text = String(validating: try FileSystem.read(list), as: UTF8.self) else {
      throw GroveError(.format, list.path, "is not UTF-8")
    }
    let names = text.split(whereSeparator: \.isNewline).map(String.init)
    guard names.count == entry.shape[0] else {
      throw GroveError(
        .mismatch, list.path, "has \(names.count) ids for the \(entry.shape[0]) rows of \(url.lastPathComponent)")
    }
    let rows = Dictionary(names.enumerated().map { ($1, $0) }) { first, _ in first }
    self.rows = rows
    guard rows.count == names.count else {
      let twice = names.enumerated().first { rows[$0.element] != $0.offset }?.element ?? ""
      throw GroveError(.format, list.path, "the id '\(twice)' stands there twice")
    }
    let values: [Float] = try file.tensor(entry.name).values()
    self.values = values
    dimensions = entry.shape[1]
    ids = names
    if let place = values.firstIndex(where: { !$0.isFinite }) {
      throw GroveError(.format, url.path, "the vector of '\(names[place / entry.shape[1]])' is not finite")
    }
  }

  /// The vectors of some documents, of unit length, in their order.
  /// - Throws: `GroveError` for an id without a vector.
  func vectors(of ids: [String]) throws -> DocumentVectors {
    var chosen: [Float] = []
    chosen.reserveCapacity(ids.count * dimensions)
    for id in ids {
      guard let row = rows[id] else {
        throw GroveError(
          .mismatch, "embedding", "has no vector of the document '\(id)'",
          remedy: "Embed the whole corpus, or give the documents that were embedded.")
      }
      chosen.append(contentsOf: values[row * dimensions..<(row + 1) * dimensions])
    }
    return DocumentVectors(values: chosen, dimensions: dimensions)
  }
}

/// Centres in the space of an embedding: `embedding.safetensors` beside a clusterer, with `centres` `[K, D]` in
/// float32.
public struct EmbeddingCentres: Equatable, Sendable {
  /// Numbers in a centre.
  public let dimensions: Int
  /// Row-major `[clusters, dimensions]`.
  let values: [Float]
  /// The name of the file in the folder of a clusterer.
  public static let fileName = "embedding.safetensors"

  init(values: [Float], dimensions: Int) {
    self.values = values
    self.dimensions = dimensions
  }

  /// Reads the centres that `grove domains find --embedding` wrote.
  public init(contentsOf folder: URL) throws {
    let file = try SafetensorsFile(folder.appending(path: EmbeddingCentres.fileName))
    guard let shape = file["centres"]?.shape, shape.count == 2, shape[0] > 0, shape[1] > 0 else {
      throw GroveError(.format, file.url.path, "has no matrix named 'centres'")
    }
    self.init(values: try file.tensor("centres").values(), dimensions: shape[1])
  }

  func write(to folder: URL) throws {
    let shape = [values.count / dimensions, dimensions]
    try SafetensorsWriter.write(
      [.init("centres", .float32, shape) { try Tensor(values, shape) }],
      to: folder.appending(path: EmbeddingCentres.fileName))
  }

  /// The nearest centre of each document.
  /// - Throws: `GroveError` if a document has no vector, or vectors have another width.
  public func clusters(of ids: [String], in table: EmbeddingTable) throws -> [String: Int] {
    guard table.dimensions == dimensions else {
      throw GroveError(
        .mismatch, "embedding", "has \(table.dimensions) dimensions, the centres have \(dimensions)",
        remedy: "Give vectors of the model that the centres were found with.")
    }
    let vectors = try table.vectors(of: ids)
    let costs: [Float] = try CentreDistances.costs(vectors, 0..<vectors.count, values).values()
    let nearest = costs.withUnsafeBufferPointer {
      CentreDistances.nearest($0, clusters: values.count / dimensions)
    }
    return Dictionary(zip(ids, nearest)) { first, _ in first }
  }
}
