public import Foundation
import GroveCore
import GroveCorpus
public import GroveJobs
import GroveMerge
import GroveModel
import GroveTrain

/// Adds an expert for a new domain to a forest; the others stay as they are, to the byte.
public struct ForestAddition {
  /// What the new expert branches from.
  public enum Origin: Sendable, Equatable {
    case seed
    /// One expert: the nearest in a tree of languages, say.
    case expert(String)
    /// The average of all experts, each with the same weight.
    case uniform
    /// Their average with given weights, by name; they need not sum to 1.
    case weighted([String: Double])
    /// Their average weighted by how well each predicts documents of the new domain (Li et al. 2022, arXiv:2208.03306,
    /// §3): the posterior over experts on at most 100 training-side documents.
    case posterior
  }

  public let folder: ForestFolder
  /// What the new expert is called.
  public let name: String
  /// The folder of shards of the new domain, made with the forest's tokenizer.
  public let data: URL
  /// The domain in those shards.
  public let domain: String
  public let origin: Origin
  /// Steps of the new expert; nil takes as many as the others have, their median.
  public let steps: Int?

  public init(to folder: ForestFolder, name: String, data: URL, domain: String, origin: Origin, steps: Int?) {
    self.folder = folder
    self.name = name
    self.data = data
    self.domain = domain
    self.origin = origin
    self.steps = steps
  }

  /// Adds the expert, or goes on with adding it.
  /// - Throws: `GroveError` if the name is taken, the data does not fit, or there is nothing to branch from.
  public func callAsFunction(
    executor: any Executor, shouldStop: () -> Bool, onEvent: (ForestEvent) -> Void
  ) throws -> GrowthResult {
    _ = try ForestManifest(folder)  // no lock is left where no forest is
    let lock = try folder.lock()
    defer { withExtendedLifetime(lock) {} }
    let manifest = try ForestManifest(folder)
    try check(manifest)
    let config = try ForestConfig.load(folder.config)
    let (start, parents) = try begin(manifest)
    var run = config.expertRun(domain: domain, steps: try steps ?? medianSteps(manifest), from: start)
    run.data.folder = data.standardizedFileURL.path
    let path = ForestFolder.expertPath(name)
    let begun = folder.run(path)
    if begun.exists {
      // It was begun before: what it branches from is decided.
      run = try RunConfig.load(begun.config)
    }
    onEvent(.began(phase: .experts, members: [name]))
    var nursery = Nursery(manifest: manifest, folder: folder, executor: executor)
    return try nursery.grow(
      [Sapling(role: .expert, name: name, path: path, config: run, cores: config.growth.expertCores, parents: parents)],
      shouldStop: shouldStop, onEvent: onEvent)
  }

  private func check(_ manifest: ForestManifest) throws {
    if manifest.experts.contains(where: { $0.name == name }) || ForestPlan.reservedNames.contains(name) {
      throw GroveError(
        .argument, folder.url.path, "the forest has a member '\(name)' already", remedy: "Give another name.")
    }
    let dataset = try TokenDataset(folder: data, split: .train, domains: .only([domain]), contextLength: 1)
    let tokenizer = dataset.manifest.tokenizer.fingerprint
    guard tokenizer == manifest.tokenizerFingerprint else {
      throw GroveError(
        .mismatch, data.path,
        "was made with another tokenizer than the forest: \(tokenizer.prefix(12))… instead of "
          + "\(manifest.tokenizerFingerprint.prefix(12))…", remedy: "Build the shards with the forest's tokenizer.")
    }
  }

  private func medianSteps(_ manifest: ForestManifest) throws -> Int {
    let steps = manifest.experts.map(\.step).sorted()
    guard !steps.isEmpty else {
      throw GroveError(.argument, "steps", "the forest has no expert to take the number from", remedy: "Give --steps.")
    }
    return steps[steps.count / 2]
  }

  /// The checkpoint that the expert branches from, and what it was made of.
  private func begin(_ manifest: ForestManifest) throws -> (URL, [ForestManifest.Parent]) {
    switch origin {
    case .seed:
      guard let seed = manifest.seed else {
        throw GroveError(
          .argument, folder.url.path, "the forest has no seed phase", remedy: "Branch from experts instead.")
      }
      return (seed.checkpoint(in: folder), [ForestManifest.Parent(name: seed.name, weight: 1)])
    case .expert(let name):
      let expert = try manifest.expert(name, in: folder)
      return (expert.checkpoint(in: folder), [ForestManifest.Parent(name: name, weight: 1)])
    case .uniform, .weighted, .posterior:
      let parents = try averageParents(manifest)
      let start = folder.start(name)
      if !FileSystem.exists(start) { try folder.average(parents, of: manifest, to: start) }
      return (start, parents)
    }
  }

  private func averageParents(_ manifest: ForestManifest) throws -> [ForestManifest.Parent] {
    switch origin {
    case .weighted(let weights): return try manifest.parents(weights, in: folder)
    case .posterior:
      let dataset = try TokenDataset(folder: data, split: .train, domains: .only([domain]), contextLength: 1)
      let documents = try (0..<min(100, dataset.domains[0].documents)).map { try dataset.document($0, domain: 0) }
      return try manifest.parents(folder.posterior(on: documents, manifest), in: folder)
    case .seed, .expert, .uniform: return try manifest.parents(nil, in: folder)
    }
  }
}
