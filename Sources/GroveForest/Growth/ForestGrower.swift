import Foundation
import GroveCluster
import GroveCore
public import GroveJobs
import GroveTrain

/// Grows a forest: the seed, then an expert for each domain, each an ordinary run that a job of its own trains.
///
/// Growing again does only what is missing: members in the manifest stay as they are, runs that were stopped go on. An
/// expert that failed keeps nobody from growing.
public struct ForestGrower {
  public let folder: ForestFolder
  public let plan: ForestPlan
  let executor: any Executor

  /// - Parameter executor: runs `grove` with the arguments of a job.
  public init(_ plan: ForestPlan, folder: ForestFolder, executor: any Executor) {
    self.plan = plan
    self.folder = folder
    self.executor = executor
  }

  /// Grows what is missing.
  /// - Parameters:
  ///   - only: experts to grow; nil for all of the config.
  ///   - dense: whether the dense model of the same cost is trained too, to compare with.
  ///   - shouldStop: asked often; what runs then saves and stops.
  /// - Throws: `GroveError` if the folder holds another forest, another process grows it, an expert is not in the config,
  ///   or the jobs cannot be run at all.
  public func grow(
    only: [String]? = nil, dense: Control = .leave, shouldStop: () -> Bool, onEvent: (ForestEvent) -> Void
  ) throws -> GrowthResult {
    let wanted = try chosen(only)
    try FileSystem.makeFolder(folder.url)
    let lock = try folder.lock()
    defer { withExtendedLifetime(lock) {} }
    var nursery = Nursery(manifest: try takeUp(), folder: folder, executor: executor)
    if let seed = try plan.seedRun(), nursery.manifest.seed == nil {
      let sapling = Sapling(
        role: .seed, name: ForestPlan.seedName, path: ForestFolder.seedPath, config: seed, cores: seedCores,
        parents: outside)
      onEvent(.began(phase: .seed, members: [sapling.name]))
      let result = try nursery.grow([sapling], shouldStop: shouldStop, onEvent: onEvent)
      guard result.isComplete else { return result }
    }
    // Who was removed stays so until it is named.
    let done = nursery.manifest.experts + (only == nil ? nursery.manifest.removed : [])
    let missing = wanted.filter { expert in !done.contains { $0.name == expert.name } }
    let saplings = missing.map { sapling($0, nursery.manifest) }
    if !saplings.isEmpty { onEvent(.began(phase: .experts, members: saplings.map(\.name))) }
    let result = try nursery.grow(saplings, shouldStop: shouldStop, onEvent: onEvent)
    guard dense == .train, nursery.manifest.dense == nil, result.interrupted.isEmpty else { return result }
    let control = Sapling(
      role: .dense, name: ForestPlan.denseName, path: ForestFolder.densePath, config: plan.dense.config,
      cores: seedCores, parents: outside)
    onEvent(.began(phase: .dense, members: [control.name]))
    return try nursery.grow([control], shouldStop: shouldStop, onEvent: onEvent).adding(result)
  }

  /// Whether a control is trained beside the forest.
  public enum Control: Sendable {
    case leave, train
  }

  /// The jobs of the seed and of the experts, as `grow` would run them, and that of the dense model.
  public func jobs(only: [String]? = nil) throws -> (seed: Job?, experts: [Job], dense: Job) {
    let seed = Nursery.job(ForestPlan.seedName, ForestFolder.seedPath, cores: seedCores, in: folder)
    let dense = Nursery.job(ForestPlan.denseName, ForestFolder.densePath, cores: seedCores, in: folder)
    let experts = try chosen(only).map {
      Nursery.job($0.name, ForestFolder.expertPath($0.name), cores: plan.config.growth.expertCores, in: folder)
    }
    return (plan.seedSteps > 0 ? seed : nil, experts, dense)
  }

  /// The checkpoint outside the forest that it begins with, if there is one.
  private var outside: [ForestManifest.Parent] {
    plan.config.startFolder.map { [ForestManifest.Parent(name: $0.path, weight: 1)] } ?? []
  }

  private var seedCores: Int {
    plan.config.growth.seedCores > 0 ? plan.config.growth.seedCores : ProcessInfo.processInfo.activeProcessorCount
  }

  private func sapling(_ expert: ForestPlan.Expert, _ manifest: ForestManifest) -> Sapling {
    let seed = manifest.seed
    return Sapling(
      role: .expert, name: expert.name, path: ForestFolder.expertPath(expert.name),
      config: plan.run(of: expert, from: seed?.checkpoint(in: folder) ?? plan.config.startFolder),
      cores: plan.config.growth.expertCores,
      parents: seed.map { [ForestManifest.Parent(name: $0.name, weight: 1)] } ?? outside,
      place: plan.experts.firstIndex(of: expert) ?? 0)
  }

  private func chosen(_ only: [String]?) throws -> [ForestPlan.Expert] {
    guard let only else { return plan.experts }
    return try only.map { name in
      guard let expert = plan.experts.first(where: { $0.name == name }) else {
        throw GroveError(
          .argument, folder.url.path, "the config has no domain '\(name)'",
          remedy: "There are: \(plan.experts.map(\.name).joined(separator: ", ")).")
      }
      return expert
    }
  }

  /// Begins the forest, or takes up the one that is there.
  private func takeUp() throws -> ForestManifest {
    if folder.exists {
      try requireSameConfig()
      if FileSystem.exists(folder.manifest) { return try ForestManifest(folder) }
    }
    // A grower that was killed before its first manifest has left no more than these.
    for entry in try FileSystem.entries(of: folder.url)
    where ![".lock", "forest.yaml", "domains"].contains(entry.lastPathComponent) {
      throw GroveError(
        .file, folder.url.path, "holds '\(entry.lastPathComponent)', but is no forest", remedy: "Name another folder.")
    }
    let clusterer = plan.config.growth.clusterer
    if !clusterer.isEmpty { try Clusterer(contentsOf: URL(filePath: clusterer)).write(to: folder.clusterer) }
    try FileSystem.write(plan.config.yaml(), to: folder.config)
    let manifest = ForestManifest(tokenizerFingerprint: plan.dense.dataset.manifest.tokenizer.fingerprint)
    try manifest.write(to: folder)
    return manifest
  }

  private func requireSameConfig() throws {
    var saved = try ForestConfig.load(folder.config)
    // Both may move; every run checks what is in them itself.
    saved.data.folder = plan.config.data.folder
    if !saved.start.model.isEmpty, !plan.config.start.model.isEmpty { saved.start.model = plan.config.start.model }
    if !saved.growth.clusterer.isEmpty, !plan.config.growth.clusterer.isEmpty {
      saved.growth.clusterer = plan.config.growth.clusterer
    }
    let changes = try plan.config.json().differences(from: saved.json())
    guard changes.isEmpty else {
      throw GroveError(
        .mismatch, folder.url.path, "the forest was begun with another config: \(changes.joined(separator: "; "))",
        remedy: "Go on with \(folder.config.path), or begin a forest in another folder.")
    }
  }
}
