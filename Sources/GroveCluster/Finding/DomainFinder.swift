import GroveCore
public import GroveCorpus

/// Finds the domains of a corpus: words are counted, a sample is projected, and its vectors are divided.
///
/// The corpus is read twice. Memory is bounded by the config, whatever the size of the corpus. The result depends on
/// the documents, the config and nothing else; in particular not on the number of threads that count and project.
public struct DomainFinder: Sendable {
  /// How domains are found.
  public let config: ClusteringConfig
  /// Which documents are held out: they are neither counted nor learned from.
  public let split: SplitRule
  private let key: RandomKey

  /// - Throws: `GroveError` with code `.config` if the config has issues.
  public init(_ config: ClusteringConfig, split: SplitRule) throws {
    try config.validated()
    self.config = config
    self.split = split
    key = RandomKey(seed: UInt64(config.seed)).split("clustering")
  }

  /// Reads the corpus and finds its domains.
  ///
  /// With an embedding, its vectors are divided instead of those of words. The centres of the clusterer are then the
  /// means of each cluster's vectors of words, so that it finds the cluster of any text all the same.
  /// - Throws: `GroveError` if there are fewer training documents with a known word than clusters, a file cannot be
  ///   read, or the embedding lacks a document.
  public func find(
    _ files: CorpusFiles, _ options: ReadingOptions, embedding: EmbeddingTable? = nil,
    onEvent: @escaping (ClusteringEvent) -> Void
  ) throws -> FoundDomains {
    if embedding != nil, config.pieceBytes > 0 {
      throw GroveError(.argument, "pieceBytes", "an embedding has vectors of whole documents", remedy: "Leave it 0.")
    }
    let (vocabulary, sample, projection, record) = try projected(files, options, onEvent)
    let words = DocumentVectors(sample.pieces, projection)
    let ids = sample.pieceDocuments.map { sample.documents[$0].id }
    let space = try embedding?.vectors(of: ids) ?? words
    let division = try divide(space, ids, onEvent)
    let centres =
      embedding == nil
      ? division.centres : CentreSearch.means(words, division.assignment, count: config.clusters).centres
    let clusterer = Clusterer(
      vocabulary: vocabulary, projection: projection.values, centres: centres,
      dimensions: projection.dimensions,
      origin: ClustererOrigin(
        method: config.method, seed: UInt64(config.seed), corpus: record.corpus,
        countedDocuments: record.countedDocuments, learnedDocuments: sample.documents.count, version: groveVersion))
    return try FoundDomains(
      clusterer: clusterer, config: config,
      learning: LearningRecord(
        costs: division.costs, reseeded: division.reseeded, countingBound: record.countingBound,
        documentsWithoutTerms: sample.withoutTerms, singularValues: projection.singularValues),
      documents: sample.documents,
      vectors: embedding == nil ? DocumentVectors(sample.rows, projection) : space, centres: division.centres,
      embedding: embedding.map { EmbeddingCentres(values: division.centres, dimensions: $0.dimensions) },
      training: FoundDomains.Training(clusters: division.assignment, documents: sample.pieceDocuments))
  }

  /// The first part of a search, up to the projection: for measurements beside other implementations.
  public func project(
    _ files: CorpusFiles, _ options: ReadingOptions, onEvent: @escaping (ClusteringEvent) -> Void
  ) throws -> ProjectionSummary {
    let (vocabulary, sample, projection, _) = try projected(files, options, onEvent)
    return ProjectionSummary(
      documents: sample.pieces.count, terms: vocabulary.count, weights: sample.pieces.terms.count,
      singularValues: projection.singularValues)
  }

  private typealias Projected = (
    vocabulary: TermVocabulary, sample: SampleVectors.Result, projection: TermProjection,
    record: (corpus: String, countedDocuments: Int, countingBound: Int)
  )

  private func projected(
    _ files: CorpusFiles, _ options: ReadingOptions, _ onEvent: @escaping (ClusteringEvent) -> Void
  ) throws -> Projected {
    let counted = try TermCounting(config, split, key).run(DocumentReader(files, options) { onEvent(.problem($0)) }) {
      onEvent(.counted(documents: $0, bytes: $1))
    }
    let vocabulary = TermVocabulary(counted.terms, limit: config.vocabulary)
    try requireEnough(counted.terms.documents, "training documents")
    // Broken lines were reported by the first pass.
    let vectors = SampleVectors(vocabulary, split, counted.sample, pieceBytes: config.pieceBytes)
    let sample = try vectors.run(DocumentReader(files, options) { _ in }) { onEvent(.vectorized(documents: $0)) }
    try requireEnough(sample.rows.count, "training documents with a known word")
    let projection = try TruncatedSVD.decompose(
      sample.pieces, termCount: vocabulary.count, dimensions: config.dimensions, oversampling: 10,
      passes: config.passes, key: key.split("projection")
    ) { onEvent(.projected(pass: $0, of: config.passes)) }
    return (vocabulary, sample, projection, (counted.fingerprint, counted.terms.documents, counted.terms.floor))
  }

  private func requireEnough(_ count: Int, _ what: String) throws {
    guard count >= config.clusters else {
      throw GroveError(
        .argument, "corpus", "\(count) \(what) are fewer than \(config.clusters) clusters",
        remedy: "Ask for fewer clusters, or give more documents.")
    }
  }

  private func divide(
    _ vectors: DocumentVectors, _ ids: [String], _ onEvent: (ClusteringEvent) -> Void
  ) throws -> CentreSearch.Result {
    guard config.method == .random else {
      let search = CentreSearch(
        clusters: config.clusters, method: config.method, iterations: config.iterations, batchSize: config.batchSize,
        starts: config.starts, key: key.split("centres"))
      return try search.run(vectors) { onEvent(.moved(iteration: $0, of: config.iterations, cost: $1)) }
    }
    let assignment = ids.map {
      Clusterer.draw($0, clusters: config.clusters, seed: UInt64(config.seed))
    }
    let (centres, sizes) = CentreSearch.means(vectors, assignment, count: config.clusters)
    if let empty = sizes.firstIndex(of: 0) {
      throw GroveError(
        .argument, "corpus", "no document of \(ids.count) drew the random cluster \(empty)",
        remedy: "Ask for fewer clusters, or give another seed.")
    }
    let cost = CentreSearch.cost(vectors, assignment, centres)
    return CentreSearch.Result(centres: centres, assignment: assignment, costs: [cost], reseeded: 0)
  }
}

/// A projection in numbers.
public struct ProjectionSummary: Equatable, Sendable {
  /// Documents, or their pieces, that it was learned from.
  public var documents: Int
  /// Terms of the vocabulary.
  public var terms: Int
  /// Entries of the sparse matrix that are not 0.
  public var weights: Int
  /// From the largest to the smallest.
  public var singularValues: [Double]
}
