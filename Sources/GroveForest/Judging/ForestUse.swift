import Foundation
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
    distances = nil
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
