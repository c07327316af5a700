public import Foundation
import GroveCore
import GroveModel
import GroveTrain

/// The `forest.json` of a forest: what it consists of. It is replaced in one step, and only names what is whole.
public struct ForestManifest: Codable, Equatable, Sendable {
  /// One trained member: the seed or an expert.
  public struct Member: Codable, Equatable, Sendable {
    /// That of its domain; "seed" for the seed.
    public var name: String
    /// The path of its run in the forest's folder.
    public var run: String
    /// Its place among the experts: that of its domain in the config, or behind all that were there when it was added.
    /// So their order does not depend on which job ended first. 0 for the seed and the dense model.
    public var place: Int
    /// The step of its checkpoint.
    public var step: Int
    /// Tokens that its own run has trained on.
    public var trainingTokens: Int
    /// SHA-256 of the checkpoint's `model.safetensors`.
    public var weights: String
    /// The folder of its token shards.
    public var data: String
    /// The domains of those that it was trained on; empty for all.
    public var domains: [String]
    /// What its first weights were made of; empty if they were drawn.
    public var parents: [Parent]
  }

  /// A model that another one has branched from, alone or in a weighted average.
  public struct Parent: Codable, Equatable, Sendable {
    /// "seed", the name of an expert, or the folder of a checkpoint outside the forest.
    public var name: String
    /// Its share in the average.
    public var weight: Double

    public init(name: String, weight: Double) {
      self.name = name
      self.weight = weight
    }
  }

  /// Of this format.
  public var version = 1
  /// Of all members.
  public var tokenizerFingerprint: String
  public var seed: Member?
  /// The model of the same cost that trained on all domains, if it was wanted: a control, no part of the forest.
  public var dense: Member?
  /// By their places; of equal places, by name.
  public var experts: [Member] = []
  /// Experts that were taken out of use; their runs are still there.
  public var removed: [Member] = []

  /// A forest without members.
  public init(tokenizerFingerprint: String) { self.tokenizerFingerprint = tokenizerFingerprint }

  /// Reads the manifest of a forest.
  /// - Throws: `GroveError` if there is none, or it is not one.
  public init(_ folder: ForestFolder) throws {
    guard FileSystem.exists(folder.manifest) else {
      throw GroveError(
        .file, folder.url.path, "is not the folder of a forest",
        remedy: "'grove forest grow CONFIG --out FOLDER' makes one.")
    }
    do { self = try JSONDecoder().decode(ForestManifest.self, from: FileSystem.read(folder.manifest)) } catch let error
      as DecodingError
    {
      throw GroveError(.format, folder.manifest.path, "is not the manifest of a forest", cause: error)
    }
    guard version == 1 else {
      throw GroveError(
        .format, folder.manifest.path,
        "has the version \(version); this is Grove \(groveVersion), which reads version 1")
    }
    for path in (members + removed).map(\.run)
    where path.hasPrefix("/") || path.split(separator: "/").contains("..") {
      throw GroveError(.format, folder.manifest.path, "names the run \"\(path)\", which is not in the forest")
    }
  }

  /// Replaces the manifest in one step.
  func write(to folder: ForestFolder) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    try FileSystem.write(encoder.encode(self), to: folder.manifest)
  }

  /// An expert in use.
  /// - Throws: `GroveError` that lists those that there are.
  public func expert(_ name: String, in folder: ForestFolder) throws -> Member {
    if let expert = experts.first(where: { $0.name == name }) { return expert }
    let hint =
      removed.contains { $0.name == name }
      ? "It was removed; 'grove forest restore' takes it back."
      : experts.isEmpty ? "It has none yet." : "There are: \(experts.map(\.name).joined(separator: ", "))."
    throw GroveError(.argument, folder.url.path, "the forest has no expert '\(name)'", remedy: hint)
  }

  /// The expert of each domain: the last one where several were trained on it.
  public var oracle: [String: String] {
    Dictionary(experts.flatMap { expert in expert.domains.map { ($0, expert.name) } }) { $1 }
  }

  /// Puts an expert in, in place of an older one of the same name.
  mutating func insert(_ expert: Member) {
    removed.removeAll { $0.name == expert.name }
    experts.removeAll { $0.name == expert.name }
    experts.append(expert)
    experts.sort { ($0.place, $0.name) < ($1.place, $1.name) }
  }

  /// That of the next expert that is added.
  var nextPlace: Int { (experts + removed).reduce(0) { max($0, $1.place + 1) } }

  /// The seed, the dense model and the experts in use.
  public var members: [Member] { [seed, dense].compactMap { $0 } + experts }
  /// Tokens that the seed and all experts in use have trained on.
  public var trainingTokens: Int { experts.reduce(seed?.trainingTokens ?? 0) { $0 + $1.trainingTokens } }

  /// Recomputes the hashes of all members that are in use.
  /// - Throws: `GroveError` that names the first file that is missing or was altered.
  /// - Complexity: reads every byte of their checkpoints.
  public func verify(_ folder: ForestFolder) throws {
    for member in members { try member.verify(in: folder) }
  }
}

extension ForestManifest.Member {
  /// The folder of its checkpoint: a model as Hugging Face lays it out, with its tokenizer.
  public func checkpoint(in folder: ForestFolder) -> URL { folder.run(run).checkpoint(step: step) }

  /// Recomputes the hashes of its checkpoint.
  func verify(in folder: ForestFolder) throws {
    let checkpoint = checkpoint(in: folder)
    let manifest = try CheckpointManifest(folder: checkpoint)
    try manifest.verify(folder: checkpoint)
    guard manifest.weights == weights else {
      throw GroveError(
        .mismatch, checkpoint.path, "is whole, but not the checkpoint that the forest's manifest names",
        remedy: "Bring that one back, or grow the expert again.")
    }
  }

  /// The member that a finished run is.
  /// - Returns: nil if the run is not at its end.
  static func finished(
    _ name: String, run path: String, place: Int, parents: [ForestManifest.Parent], in folder: ForestFolder
  ) throws -> Self? {
    let run = folder.run(path)
    guard run.exists else { return nil }
    let config = try RunConfig.load(run.config)
    let checkpoint = run.checkpoint(step: config.training.steps)
    guard FileSystem.exists(checkpoint) else { return nil }
    let manifest = try CheckpointManifest(folder: checkpoint)
    try manifest.verify(folder: checkpoint)
    guard let weights = manifest.weights else {
      throw GroveError(.format, checkpoint.path, "the manifest does not list model.safetensors")
    }
    return Self(
      name: name, run: path, place: place, step: config.training.steps,
      trainingTokens: config.training.steps * config.training.batchSize * config.model.contextLength,
      weights: weights, data: config.data.folder, domains: config.data.domains, parents: parents)
  }
}

extension CheckpointManifest {
  fileprivate var weights: String? { files.first { $0.name == "model.safetensors" }?.sha256 }
}
