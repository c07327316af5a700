/// The result of a search: the clusterer, and what its clusters hold.
public struct FoundDomains: Sendable {
  /// Finds the cluster of any text.
  public let clusterer: Clusterer
  /// What the clusters hold, for reports.
  public let summary: DomainSummary
  /// The documents that were learned from.
  public let documents: [LearnedDocument]
  /// What was divided in training.
  public let training: Training
  /// The nearest centre of each; with `random` the cluster that its id drew.
  public let clusters: [Int]
  /// The centres in the space of an embedding; nil where words were divided.
  public let embedding: EmbeddingCentres?
  /// A sample of the documents in the plane in which the centres lie widest apart.
  public let picture: [PicturePoint]

  /// The pieces that were divided in training: whole documents unless the config cuts them.
  public struct Training: Equatable, Sendable {
    /// The cluster of each piece. With `balanced`, sizes differ by one at most.
    public var clusters: [Int]
    /// The number of each piece's document.
    public var documents: [Int]
  }

  /// A document as a dot.
  public struct PicturePoint: Equatable, Sendable {
    /// To the right.
    public var x: Double
    /// Up.
    public var y: Double
    /// Its cluster at use.
    public var cluster: Int
  }

  init(
    clusterer: Clusterer, config: ClusteringConfig, learning: LearningRecord, documents: [LearnedDocument],
    vectors: DocumentVectors, centres: [Float], embedding: EmbeddingCentres?, training: Training
  ) throws {
    self.clusterer = clusterer
    self.documents = documents
    self.training = training
    self.embedding = embedding
    let distances = try CentreDistances.costs(vectors, 0..<vectors.count, centres)
    let costs: [Float] = try distances.values()
    let count = clusterer.clusterCount
    clusters =
      config.method == .random
      ? documents.map { Clusterer.draw($0.id, clusters: count, seed: UInt64(config.seed)) }
      : costs.withUnsafeBufferPointer { CentreDistances.nearest($0, clusters: count) }
    summary = DomainSummary(
      clusterer: clusterer, learning: learning, documents: documents, training: training.clusters, clusters: clusters,
      costs: costs)
    picture = try PicturePlane(centres, dimensions: vectors.dimensions).points(of: vectors, clusters, atMost: 1500)
  }
}
