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
    distances = try FileSystem.exists(folder.clusterer) ? folder.distances(manifest, pool) : nil
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
  /// The distances of texts to the clusters that the experts were trained on.
  fileprivate func distances(_ manifest: ForestManifest, _ pool: ExpertPool) throws -> ExpertDistances {
    let clusterer = try Clusterer(contentsOf: clusterer)
    let assigner = ClusterAssigner(clusterer)
    let names = (0..<clusterer.clusterCount).map { assigner.name(of: $0) }
    let clusters = try manifest.experts.map { expert in
      guard let cluster = expert.domains.lazy.compactMap({ names.firstIndex(of: $0) }).first else {
        throw GroveError(
          .mismatch, self.clusterer.path, "the expert '\(expert.name)' was trained on none of its clusters",
          remedy: "Weigh by the posterior, which needs no clusters.")
      }
      return cluster
    }
    return try ExpertDistances(clusters, of: clusterer, tokenizer: pool.tokenizer)
  }
}
