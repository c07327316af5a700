import Foundation
public import GroveCore
import GroveModel
import GroveTokenizer

/// What a run begins with: weights drawn by its seed, or those of a checkpoint.
public struct StartConfig: Config {
  /// Where the optimizer's moments come from.
  public enum Moments: String, Codable, Sendable, CaseIterable {
    /// Zero, as in any new run.
    case fresh
    /// Those of the checkpoint, which a run of Grove has saved with the same optimizer.
    case kept
  }

  /// A checkpoint's folder, as Hugging Face lays it out; empty draws the weights by `training.seed`.
  ///
  /// The checkpoint decides the shape: a field of `model` that is left at its default takes the checkpoint's value, and one
  /// that says something else is refused. What is only for training (dropout, the places that are held at 0) stays free, and
  /// so does the context's length where positions are rotary.
  public var model = ""
  public var moments = Moments.fresh

  public init() {}

  public func issues() -> [ConfigIssue] {
    model.isEmpty && moments == .kept
      ? [ConfigIssue("moments", "there are none to keep: start.model names no checkpoint")] : []
  }

  /// The checkpoint's folder; nil if the weights are drawn.
  var folder: URL? { model.isEmpty ? nil : URL(filePath: model) }

  /// The shape of the checkpoint, with what is free taken from `wanted`.
  /// - Throws: `GroveError` if there is no model in the folder, or `wanted` has another shape.
  func shape(_ wanted: ModelConfig) throws -> ModelConfig {
    guard let folder else { return wanted }
    let (unset, stored) = (ModelConfig(), try ModelFolder.loadConfig(folder))
    var shape = stored
    shape.dropout = wanted.dropout
    (shape.linear.sparsity, shape.linear.supportSeed) = (wanted.linear.sparsity, wanted.linear.supportSeed)
    shape.initialDeviation = wanted.initialDeviation
    shape.residualInitialization = wanted.residualInitialization
    if shape.positionLimit == nil, wanted.contextLength != unset.contextLength {
      shape.contextLength = wanted.contextLength
    }
    let said = Set(try wanted.json().changes(from: unset.json()).map(\.path))
    let wrong = try shape.resolved.json().changes(from: wanted.resolved.json()).filter { said.contains($0.path) }
    guard wrong.isEmpty else {
      let words = wrong.map { "model.\($0.path) is \($0.now), the config says \($0.before)" }
      throw GroveError(
        .mismatch, folder.path, "has another shape than the config: \(words.joined(separator: "; "))",
        remedy: "Leave out what the checkpoint decides.")
    }
    return shape
  }

  /// A hash of the weights, and of the moments if they are kept; nil without a checkpoint.
  /// - Complexity: reads every byte of them.
  func fingerprint() throws -> String? {
    guard let folder else { return nil }
    var hash = ContentHash()
    var files = try ModelFolder.weightURLs(folder)
    if moments == .kept { files.append(folder.appending(path: CheckpointStore.momentsName)) }
    for file in files { hash.update(try ContentHash.ofFile(file) + "\n") }
    return hash.hexadecimal()
  }

  /// - Throws: `GroveError` if the checkpoint has a tokenizer, and it is not the data's.
  func requireTokenizer(_ fingerprint: String) throws {
    guard let file = folder?.appending(path: Tokenizer.fileName), FileSystem.exists(file) else { return }
    let found = try Tokenizer(contentsOf: file).fingerprint
    guard found == fingerprint else {
      throw GroveError(
        .mismatch, file.path,
        "is not the tokenizer of the data: \(found.prefix(12))… instead of \(fingerprint.prefix(12))…",
        remedy: "Build the shards with the checkpoint's tokenizer.")
    }
  }
}
