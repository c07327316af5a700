import Foundation
import GroveCore
import GroveJobs
import GroveTrain

/// A member that is to be grown: a run and where it lies in the forest.
struct Sapling {
  /// What a member is for.
  enum Role {
    case seed, expert, dense
  }

  let role: Role
  let name: String
  /// Of its run in the forest's folder.
  let path: String
  let config: RunConfig
  let cores: Int
  let parents: [ForestManifest.Parent]
  /// Among the experts.
  var place = 0
}

/// Trains members by jobs and puts them into the manifest as they are done.
struct Nursery {
  private(set) var manifest: ForestManifest
  let folder: ForestFolder
  let executor: any Executor

  init(manifest: ForestManifest, folder: ForestFolder, executor: any Executor) {
    self.manifest = manifest
    self.folder = folder
    self.executor = executor
  }

  /// A job that trains a run, or goes on with it.
  ///
  /// It waits for one that a grower which died, or Slurm, has told to stop: that may still be saving.
  static func job(_ name: String, _ path: String, cores: Int, in folder: ForestFolder) -> Job {
    Job(
      name: name,
      arguments: [
        "train", folder.jobConfig(path).standardizedFileURL.path, "--run",
        folder.run(path).url.standardizedFileURL.path, "--patience", "300",
      ], cores: cores, log: folder.log(path))
  }

  /// Trains the members. Each stands in the manifest as soon as its job has finished.
  mutating func grow(
    _ saplings: [Sapling], shouldStop: () -> Bool, onEvent: (ForestEvent) -> Void
  ) throws -> GrowthResult {
    for sapling in saplings {
      let file = folder.jobConfig(sapling.path)
      try FileSystem.makeFolder(file.deletingLastPathComponent())
      try FileSystem.write(sapling.config.yaml(), to: file)
    }
    let jobs = saplings.map { Nursery.job($0.name, $0.path, cores: $0.cores, in: folder) }
    var failures: [String: String] = [:]
    var outcomes: [String: JobOutcome] = [:]
    if !jobs.isEmpty {
      outcomes = try executor.run(jobs, shouldStop: shouldStop) { event in
        onEvent(.job(event))
        guard case .finished(let name, _) = event, let done = saplings.first(where: { $0.name == name }) else { return }
        do { try admit(done, onEvent) } catch { failures[name] = "\(error)" }
      }
    }
    for (name, outcome) in outcomes { if case .failed(let reason) = outcome { failures[name] = reason } }
    let interrupted = saplings.map(\.name).filter { if case .interrupted = outcomes[$0] { true } else { false } }
    return GrowthResult(manifest: manifest, failures: failures, interrupted: interrupted)
  }

  /// Puts a member whose job has finished into the manifest.
  private mutating func admit(_ sapling: Sapling, _ onEvent: (ForestEvent) -> Void) throws {
    guard
      let member = try ForestManifest.Member.finished(
        sapling.name, run: sapling.path, place: sapling.place, parents: sapling.parents, in: folder)
    else {
      throw GroveError(
        .mismatch, folder.run(sapling.path).url.path, "its job has finished, but the run is not at its last step",
        remedy: "See \(folder.log(sapling.path).path).")
    }
    switch sapling.role {
    case .seed: manifest.seed = member
    case .expert: manifest.insert(member)
    case .dense: manifest.dense = member
    }
    try manifest.write(to: folder)
    onEvent(.grown(name: member.name, parents: member.parents))
  }
}
