import GroveCore

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Finds the cluster of a text: words, tf-idf, projection, unit length, nearest centre.
///
/// The cluster of a text depends on the text alone; balance plays a part in training only, as in c-BTM. A text without
/// a word of the vocabulary is the zero vector: its squared distance to a centre is that centre's squared length, so it
/// goes to the shortest one.
///
/// - Source: Gururangan et al. 2023 (arXiv:2303.14177) §2.1 and the code released with it.
public struct Clusterer: Sendable {
  /// SHA-256 of all that decides distances: terms, weights, projection, centres.
  public let fingerprint: String
  /// How it was made.
  public let origin: ClustererOrigin
  /// Numbers in a document's vector.
  public let dimensions: Int

  let vocabulary: TermVocabulary
  /// Row-major `[terms, dimensions]`.
  let projection: [Float]
  /// Row-major `[clusters, dimensions]`.
  let centres: [Float]
  /// |c|² of each centre.
  let centreSquares: [Double]

  init(vocabulary: TermVocabulary, projection: [Float], centres: [Float], dimensions: Int, origin: ClustererOrigin) {
    precondition(
      projection.count == vocabulary.count * dimensions && centres.count.isMultiple(of: dimensions),
      "\(projection.count) and \(centres.count) values for \(vocabulary.count) terms in \(dimensions) dimensions")
    self.vocabulary = vocabulary
    self.projection = projection
    self.centres = centres
    self.dimensions = dimensions
    self.origin = origin
    centreSquares = (0..<centres.count / dimensions).map { cluster in
      centres[cluster * dimensions..<(cluster + 1) * dimensions].reduce(0) { $0 + Double($1) * Double($1) }
    }
    fingerprint = Clusterer.fingerprint(vocabulary, projection, centres, dimensions)
  }

  /// Clusters that a text can belong to.
  public var clusterCount: Int { centreSquares.count }

  /// Terms of the vocabulary.
  public var termCount: Int { vocabulary.count }

  /// The cluster whose centre is nearest; of equally near ones the first.
  /// - Complexity: O(words · dimensions + clusters · dimensions).
  public func nearest(_ text: some Collection<UInt8>) -> Int {
    var context = makeContext()
    context.append(text)
    return context.nearest()
  }

  /// The distances of an empty text, which grows.
  public func makeContext() -> ClusterContext { ClusterContext(self) }

  /// The cluster of a document: the nearest, or with `random` the one that its id draws.
  public func cluster(id: String, text: some Collection<UInt8>) -> Int {
    origin.method == .random ? Clusterer.draw(id, clusters: clusterCount, seed: origin.seed) : nearest(text)
  }

  /// The cluster that an id draws: independent of everything but seed and count.
  static func draw(_ id: String, clusters: Int, seed: UInt64) -> Int {
    Int(RandomKey(seed: seed).split("random clusters").split(id).bits(0).multipliedFullWidth(by: UInt64(clusters)).high)
  }

  /// The terms whose weight in the space of terms is largest for each centre, in falling order.
  public func topTerms(_ count: Int) -> [[String]] {
    (0..<clusterCount).map { cluster in
      let centre = centres[cluster * dimensions..<(cluster + 1) * dimensions]
      let weights = (0..<termCount).map { term in
        zip(centre, projection[term * dimensions..<(term + 1) * dimensions]).reduce(Float(0)) { $0 + $1.0 * $1.1 }
      }
      let order = weights.indices.sorted { weights[$0] != weights[$1] ? weights[$0] > weights[$1] : $0 < $1 }
      return order.prefix(count).map { String(decoding: vocabulary.terms[$0], as: UTF8.self) }
    }
  }

  private static func fingerprint(
    _ vocabulary: TermVocabulary, _ projection: [Float], _ centres: [Float], _ dimensions: Int
  ) -> String {
    var hash = ContentHash()
    hash.update("grove clusterer 1\n\(vocabulary.count) \(dimensions) \(centres.count / dimensions)\n")
    for term in vocabulary.terms {
      hash.update("\(term.count) ")
      hash.update(term)
    }
    vocabulary.inverseFrequencies.withUnsafeBytes { hash.update($0) }
    projection.withUnsafeBytes { hash.update($0) }
    centres.withUnsafeBytes { hash.update($0) }
    return hash.hexadecimal()
  }
}

/// What a clusterer was made from.
public struct ClustererOrigin: Equatable, Sendable {
  /// How documents were divided while its centres were sought.
  public var method: ClusteringMethod
  /// Of every draw.
  public var seed: UInt64
  /// SHA-256 of the documents that were counted: their ids, lengths and 64-bit hashes in order.
  public var corpus: String
  /// Documents that were counted: the training side of the corpus.
  public var countedDocuments: Int
  /// Documents that the projection and the centres were learned from.
  public var learnedDocuments: Int
  /// The version of Grove.
  public var version: String

  /// An origin from its parts.
  public init(
    method: ClusteringMethod, seed: UInt64, corpus: String, countedDocuments: Int, learnedDocuments: Int,
    version: String
  ) {
    self.method = method
    self.seed = seed
    self.corpus = corpus
    self.countedDocuments = countedDocuments
    self.learnedDocuments = learnedDocuments
    self.version = version
  }
}
