/// What the clusters of a search hold: for reports, and to judge them.
public struct DomainSummary: Codable, Equatable, Sendable {
  /// In the order of their numbers.
  public var clusters: [Cluster]
  /// The labels of the documents, sorted; the columns of `Cluster.labels`.
  public var labels: [String]
  /// How well the clusters agree with the labels; nil where there is one label only.
  public var agreement: LabelAgreement?
  /// How the search went.
  public var learning: LearningRecord

  /// One cluster over the documents that were learned from.
  public struct Cluster: Codable, Equatable, Sendable {
    /// Pieces in training: documents, unless the config cuts them.
    public var trainingPieces: Int
    /// Documents whose nearest centre is this one.
    public var documents: Int
    /// Bytes of those.
    public var bytes: Int
    /// The terms that weigh most in its centre.
    public var topTerms: [String]
    /// Languages with their documents, the most frequent first.
    public var languages: [Tally]
    /// Sources with their documents, the most frequent first.
    public var sources: [Tally]
    /// Documents of each label.
    public var labels: [Int]
    /// The documents nearest to its centre.
    public var nearest: [Near]
  }

  /// A name and how often it occurs.
  public struct Tally: Codable, Equatable, Sendable {
    public var name: String
    public var count: Int
  }

  /// A document near a centre.
  public struct Near: Codable, Equatable, Sendable {
    public var id: String
    public var squaredDistance: Double
    /// How its text begins.
    public var excerpt: String
  }

  static let shownTerms = 12
  static let shownNames = 5
  static let shownDocuments = 5

  /// - Parameter costs: squared distances less |x|² = 1, row-major `[documents, clusters]`.
  init(
    clusterer: Clusterer, learning: LearningRecord, documents: [LearnedDocument], training: [Int], clusters: [Int],
    costs: [Float]
  ) {
    let count = clusterer.clusterCount
    let labels = Set(documents.map(\.label)).sorted()
    let terms = clusterer.topTerms(DomainSummary.shownTerms)
    var members = [[Int]](repeating: [], count: count)
    for (document, cluster) in clusters.enumerated() { members[cluster].append(document) }
    var trainingSizes = [Int](repeating: 0, count: count)
    for cluster in training { trainingSizes[cluster] += 1 }
    self.clusters = (0..<count).map { cluster in
      let inside = members[cluster]
      let near = inside.sorted {
        let (a, b) = (costs[$0 * count + cluster], costs[$1 * count + cluster])
        return a != b ? a < b : $0 < $1
      }
      let labelCounts = DomainSummary.counts(inside.map { documents[$0].label })
      return Cluster(
        trainingPieces: trainingSizes[cluster], documents: inside.count,
        bytes: inside.reduce(0) { $0 + documents[$1].bytes }, topTerms: terms[cluster],
        languages: DomainSummary.tallies(inside.map { documents[$0].language }),
        sources: DomainSummary.tallies(inside.map { documents[$0].source }),
        labels: labels.map { labelCounts[$0] ?? 0 },
        nearest: near.prefix(DomainSummary.shownDocuments).map {
          Near(
            id: documents[$0].id, squaredDistance: max(0, 1 + Double(costs[$0 * count + cluster])),
            excerpt: String(decoding: documents[$0].excerpt, as: UTF8.self))
        })
    }
    self.labels = labels
    self.learning = learning
    agreement = labels.count > 1 ? LabelAgreement(counts: self.clusters.map(\.labels)) : nil
  }

  private static func counts(_ names: [String]) -> [String: Int] {
    names.reduce(into: [:]) { $0[$1, default: 0] += 1 }
  }

  /// The most frequent names that are not empty.
  private static func tallies(_ names: [String]) -> [Tally] {
    let sorted = counts(names.filter { !$0.isEmpty }).sorted {
      $0.value != $1.value ? $0.value > $1.value : $0.key < $1.key
    }
    return sorted.prefix(shownNames).map { Tally(name: $0.key, count: $0.value) }
  }
}
