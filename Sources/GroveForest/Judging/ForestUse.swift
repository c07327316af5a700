import Foundation
import GroveCluster
import GroveCore
public import GroveModel
public import GroveTensor

/// A forest opened for use: its experts, and the clusterer where it has one.
public struct ForestUse {
  public let folder: ForestFolder
  public let manifest: ForestManifest
  public let pool: ExpertPool
  /// Nil for a forest whose domains came with the documents.
  public let distances: ExpertDistances?
  /// Words that stand for the cluster of an expert, the most telling first, by its name; empty without a clusterer.
  public let terms: [String: [String]]

  /// - Parameter limit: what the experts may take in memory at once.
  /// - Throws: `GroveError` if the forest has no experts, one is missing, they do not fit together, or the clusterer is not
  ///   theirs.
  public init(_ folder: ForestFolder, precision: Precision, device: Device, limit: ExpertLimit) throws {
    self.folder = folder
    manifest = try ForestManifest(folder)
    guard !manifest.experts.isEmpty else {
      throw GroveError(
        .file, folder.url.path, "the forest has no experts yet", remedy: "'grove forest grow' grows them.")
    }
    pool = try ExpertPool(manifest.pooled(in: folder), precision: precision, device: device, limit: limit)
    guard FileSystem.exists(folder.clusterer) else {
      (distances, terms) = (nil, [:])
      return
    }
    let clusterer = try Clusterer(contentsOf: folder.clusterer)
    let clusters = try folder.clusters(manifest, clusterer)
    distances = try ExpertDistances(clusters, of: clusterer, tokenizer: pool.tokenizer)
    let words = clusterer.topTerms(6)
    terms = Dictionary(uniqueKeysWithValues: zip(manifest.experts.map(\.name), clusters.map { words[$0] }))
  }

  /// An expert's name with the words of its cluster: "cluster-04 (sie die der)".
  public func title(_ expert: String) -> String {
    guard let words = terms[expert], !words.isEmpty else { return expert }
    return "\(expert) (\(words.prefix(3).joined(separator: " ")))"
  }

  /// The rule of a mode, for generation. A cached prior is for documents of a known domain; here the prior is uniform.
  /// - Throws: `GroveError` if the mode needs documents of a domain.
  public func rule(_ mode: ForestMode, temperature: Double) throws -> MixtureRule {
    if mode.weights == .cached {
      throw GroveError(
        .argument, "mode", "'cached' estimates a prior on documents of a domain; a prompt has none",
        remedy: "Use 'posterior'.")
    }
    return try mode.rule(temperature: temperature, prior: nil, oracle: manifest.oracle)
  }
}

extension ForestFolder {
  /// The clusters that the experts were trained on.
  fileprivate func clusters(_ manifest: ForestManifest, _ clusterer: Clusterer) throws -> [Int] {
    let assigner = ClusterAssigner(clusterer)
    let names = (0..<clusterer.clusterCount).map { assigner.name(of: $0) }
    return try manifest.experts.map { expert in
      guard let cluster = expert.domains.lazy.compactMap({ names.firstIndex(of: $0) }).first else {
        throw GroveError(
          .mismatch, self.clusterer.path, "the expert '\(expert.name)' was trained on none of its clusters",
          remedy: "Weigh by the posterior, which needs no clusters.")
      }
      return cluster
    }
  }
}
