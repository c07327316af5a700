import Foundation
import GroveCluster
public import GroveCore
import GroveCorpus
import GroveForest

/// The training documents of some streams by clusters that were found in their words alone.
struct ClusterDivision: Sendable {
  let method: ClusteringMethod
  let clusters: Int

  /// "balanced-4".
  var name: String { "\(method.rawValue)-\(clusters)" }
  /// The domains of the shards, in the order of the clusters.
  var domains: [String] { RecipeTexts.parts(name, clusters) }

  /// Where the clusterer and the account of its clusters lie.
  private func folder(_ made: RecipeTexts) -> URL { made.folder.appending(path: "clusters/\(name)") }

  /// Finds the clusters and writes the documents of each; what an earlier call left is made again.
  /// - Throws: `GroveError` for fewer documents than clusters, or a cluster that no document is nearest to.
  func make(_ streams: [String], _ settings: ClusterSettings, in made: RecipeTexts, split: SplitRule) throws {
    let folder = folder(made)
    if FileSystem.exists(folder) { try FileSystem.remove(folder) }
    try FileSystem.makeFolder(folder.deletingLastPathComponent())
    let found = try DomainFinder(settings.config(self), split: split)
      .find(CorpusFiles(streams.map(made.file)), RecipeTexts.options, onEvent: { _ in })
    try found.write(to: folder)
    let clusterer = found.clusterer
    try made.divide(streams, as: name, into: clusters, split: split) { clusterer.cluster(id: $0.id, text: $0.text) }
  }

  /// What the clusters hold.
  func summary(_ made: RecipeTexts) throws -> DomainSummary { try DomainSummary(contentsOf: folder(made)) }

  /// The distances of texts to the clusters of a pool's experts, which are called as the domains.
  func distances(_ made: RecipeTexts) -> (ExpertPool) throws -> ExpertDistances? {
    { pool in
      let clusters = pool.names.compactMap(domains.firstIndex)
      precondition(clusters.count == pool.names.count, "\(pool.names) are not the experts of \(name)")
      return try ExpertDistances(clusters, of: Clusterer(contentsOf: folder(made)), tokenizer: pool.tokenizer)
    }
  }
}

/// How a recipe finds clusters of documents.
public struct ClusterSettings: Config {
  /// Longest piece of a text that is clustered as a whole, in bytes; 0 for whole documents.
  public var pieceBytes = 2048
  /// Numbers in a document's vector.
  public var dimensions = 100
  /// T of softmax(−d² / T).
  public var temperature = 0.1

  public init() {}

  public func issues() -> [ConfigIssue] {
    var issues: [ConfigIssue] = []
    if pieceBytes < 0 { issues.append(ConfigIssue("pieceBytes", "\(pieceBytes) is negative")) }
    if !(1...2048).contains(dimensions) {
      issues.append(ConfigIssue("dimensions", "\(dimensions) is outside 1...2048"))
    }
    if !(temperature > 0 && temperature.isFinite) {
      issues.append(ConfigIssue("temperature", "\(temperature) is not positive and finite"))
    }
    return issues
  }

  /// Of a search.
  func config(_ division: ClusterDivision) -> ClusteringConfig {
    var config = ClusteringConfig()
    config.clusters = division.clusters
    config.method = division.method
    config.pieceBytes = pieceBytes
    config.dimensions = dimensions
    return config
  }

  /// Weights by the distance to the clusters.
  /// - Parameter top: of the experts that are kept; nil for all.
  func rule(top: Int? = nil, power: Distance.Power = .squared) throws -> MixtureRule {
    try MixtureRule(
      .distance(Distance(temperature: temperature, power: power)), keeping: top.map { .top($0) } ?? .all)
  }
}
