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
    /// An average of the experts. For a posterior (Li et al. 2022, arXiv:2208.03306, §3) at most 100 training-side
    /// documents of the new domain are read.
    case average(ForestWeights)
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
    let beginning = try takeUp(manifest)
    var run = config.expertRun(domain: domain, steps: beginning.steps, from: try start(beginning, manifest))
    run.data.folder = beginning.data
    onEvent(.began(phase: .experts, members: [name]))
    var nursery = Nursery(manifest: manifest, folder: folder, executor: executor)
    let sapling = Sapling(
      role: .expert, name: name, path: ForestFolder.expertPath(name), config: run, cores: config.growth.expertCores,
      parents: beginning.parents, place: manifest.nextPlace)
    return try nursery.grow([sapling], shouldStop: shouldStop, onEvent: onEvent)
  }

  private func check(_ manifest: ForestManifest) throws {
    if manifest.experts.contains(where: { $0.name == name }) || ForestPlan.reservedNames.contains(name) {
      throw GroveError(
        .argument, folder.url.path, "the forest has a member '\(name)' already", remedy: "Give another name.")
    }
    if manifest.removed.contains(where: { $0.name == name }) {
      throw GroveError(
        .argument, folder.url.path, "the expert '\(name)' was removed, and its run is still there",
        remedy: "Take it back with 'grove forest restore', or give another name.")
    }
    let dataset = try TokenDataset(folder: data, split: .train, domains: .only([domain]), contextLength: 1)
    try dataset.requireTokenizer(manifest.tokenizerFingerprint, of: "the forest")
  }

  /// What was decided when the expert was begun, or is now. It is kept, so that going on neither changes it nor says of the
  /// expert what is not so.
  private func takeUp(_ manifest: ForestManifest) throws -> Beginning {
    let file = folder.beginning(name)
    let (origin, data) = ("\(origin)", data.standardizedFileURL.path)
    guard FileSystem.exists(file) else {
      let beginning = Beginning(
        origin: origin, data: data, domain: domain, steps: try steps ?? medianSteps(manifest),
        parents: try parents(manifest))
      try beginning.write(to: file)
      return beginning
    }
    let begun = try Beginning(contentsOf: file)
    let changes = [
      ("origin", begun.origin, origin), ("data", begun.data, data), ("domain", begun.domain, domain),
      ("steps", "\(begun.steps)", steps.map { "\($0)" } ?? "\(begun.steps)"),
    ].filter { $1 != $2 }.map { "\($0) is \($2), was \($1)" }
    guard changes.isEmpty else {
      throw GroveError(
        .mismatch, folder.url.path, "the expert '\(name)' was begun otherwise: \(changes.joined(separator: "; "))",
        remedy: "Say the same again, or give another name.")
    }
    return begun
  }

  private func medianSteps(_ manifest: ForestManifest) throws -> Int {
    let steps = manifest.experts.map(\.step).sorted()
    guard !steps.isEmpty else {
      throw GroveError(.argument, "steps", "the forest has no expert to take the number from", remedy: "Give --steps.")
    }
    return steps[steps.count / 2]
  }

  /// The checkpoint that the expert branches from: one that is there, or the average of its parents.
  private func start(_ beginning: Beginning, _ manifest: ForestManifest) throws -> URL {
    switch origin {
    case .seed: return try seed(of: manifest).checkpoint(in: folder)
    case .expert(let name): return try manifest.expert(name, in: folder).checkpoint(in: folder)
    case .average:
      let start = folder.start(name)
      if !FileSystem.exists(start) { try folder.average(beginning.parents, of: manifest, to: start) }
      return start
    }
  }

  private func seed(of manifest: ForestManifest) throws -> ForestManifest.Member {
    if let seed = manifest.seed { return seed }
    throw GroveError(
      .argument, folder.url.path, "the forest has no seed phase", remedy: "Branch from experts instead.")
  }

  private func parents(_ manifest: ForestManifest) throws -> [ForestManifest.Parent] {
    switch origin {
    case .seed: return [ForestManifest.Parent(name: try seed(of: manifest).name, weight: 1)]
    case .expert(let name): return [ForestManifest.Parent(name: try manifest.expert(name, in: folder).name, weight: 1)]
    case .average(let weights):
      return try folder.parents(weights, of: manifest) { limit in
        let dataset = try TokenDataset(folder: data, split: .train, domains: .only([domain]), contextLength: 1)
        return try (0..<min(limit, dataset.domains[0].documents)).map { try dataset.document($0, domain: 0) }
      }
    }
  }
}

/// What an expert that is added begins with.
private struct Beginning: Codable {
  var origin: String
  var data: String
  var domain: String
  var steps: Int
  var parents: [ForestManifest.Parent]
}

extension Beginning {
  init(contentsOf file: URL) throws {
    do { self = try JSONDecoder().decode(Beginning.self, from: FileSystem.read(file)) } catch let error as DecodingError
    {
      throw GroveError(.format, file.path, "does not say how an expert was begun", cause: error)
    }
  }

  func write(to file: URL) throws {
    try FileSystem.makeFolder(file.deletingLastPathComponent())
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    try FileSystem.write(encoder.encode(self), to: file)
  }
}

extension ForestAddition.Origin: CustomStringConvertible {
  /// As the command line takes it.
  public var description: String {
    switch self {
    case .seed: "seed"
    case .expert(let name): "expert:\(name)"
    case .average(.uniform): "uniform"
    case .average(.given(let weights)):
      "weights:" + weights.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: ",")
    case .average(.posterior): "posterior"
    case .average(.argmax): "argmax"
    }
  }
}
