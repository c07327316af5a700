public import Foundation
public import GroveCore
import GroveModel
public import GroveTensor

/// Carries a plan out: tensor by tensor into a folder that appears whole or not at all.
public struct ModelMerge {
  /// What happened so far.
  public enum Event: Sendable {
    /// A tensor was merged: its place in the order of the file, of how many, and its name.
    case merged(Int, of: Int, name: String)
  }

  private let plan: MergePlan
  private let random: RandomKey
  private let shardBytes: Int
  private let names: [String: String]

  /// - Parameters:
  ///   - random: the key of random methods. A draw depends on it, on the model's name in the config and on the tensor's
  ///     name, never on the order.
  ///   - shardBytes: no file of weights is larger, unless a single tensor is.
  ///   - names: what draws call a model instead of its name in the config, so that they need not depend on where its
  ///     folder lies.
  public init(
    _ plan: MergePlan, random: RandomKey, shardBytes: Int = 5_000_000_000, names: [String: String] = [:]
  ) {
    self.plan = plan
    self.random = random.split("merge")
    self.shardBytes = shardBytes
    self.names = names
  }

  /// Writes the merged checkpoint: weights, config.json, generation_config.json, the tokenizer, and the config of the
  /// merge as `merge.yaml`.
  ///
  /// - Throws: `GroveError` if the folder is there already and not empty, or for what cannot be merged after all. Then
  ///   nothing appears.
  /// - Complexity: memory for a few copies of the largest tensor, whatever the number of models.
  public func write(to folder: URL, onEvent: @escaping (Event) -> Void) throws {
    try OutputFolder.write(folder) { aside in
      var done = 0
      let items = items(where: { _ in true }) { name in
        done += 1
        onEvent(.merged(done, of: plan.entries.count, name: name))
      }
      try ModelFolder.write(items, to: aside, shardBytes: shardBytes)
      try FileSystem.write(plan.outputConfig.prettyText + "\n", to: aside.appending(path: "config.json"))
      try TokenizerFiles(plan).write(to: aside)
      try FileSystem.write(plan.config.yaml(), to: aside.appending(path: "merge.yaml"))
    }
  }

  /// What the writer of weights asks for.
  /// - Parameter isWanted: by the name of a tensor of the result.
  func items(where isWanted: (String) -> Bool, onMerged: @escaping (String) -> Void) -> [SafetensorsWriter.Item] {
    var last: MergePlan.Entry?
    return plan.entries.filter { isWanted($0.name) }.map { entry in
      SafetensorsWriter.Item(entry.name, entry.outDType, entry.shape) {
        // A tensor may be the mapped file itself, so pages are given back when the next one is asked for.
        last.map(release)
        last = entry
        let tensor = try merged(entry)
        onMerged(entry.name)
        return tensor
      }
    }
  }

  private func release(_ entry: MergePlan.Entry) {
    for source in entry.sources { plan.models[source.model].release(source.tensor) }
  }

  /// One tensor of the result, by its name.
  /// - Throws: `GroveError` with code `.argument` for a name that the result does not have.
  public func tensor(_ name: String) throws -> Tensor {
    guard let entry = plan.entries.first(where: { $0.name == name }) else {
      throw GroveError(.argument, name, "is no tensor of the merged model")
    }
    return try withGradients(.off) { try merged(entry).cast(to: entry.outDType) }
  }

  private func merged(_ entry: MergePlan.Entry) throws -> Tensor {
    guard entry.dtype.isFloatingPoint else { return try constant(entry) }
    let aligned = try aligned(entry)
    let inputs = MergeInputs(
      name: entry.name, models: entry.sources.map { drawName(plan.models[$0.model].name) }, base: entry.base,
      random: random
    ) { index in
      if let aligned { return try aligned.tensor(index) { try stored(entry, model: $0) } }
      return try stored(entry, model: entry.sources[index].model)
    }
    return try entry.merge(inputs).cast(to: entry.dtype)
  }

  private func drawName(_ model: String) -> String { names[model] ?? model }

  private func stored(_ entry: MergePlan.Entry, model: Int) throws -> Tensor {
    let source = entry.sources.first { $0.model == model }
    return try plan.models[model].tensor(source?.tensor ?? entry.name).cast(to: entry.dtype)
  }

  private func aligned(_ entry: MergePlan.Entry) throws -> AlignedRows? {
    guard let vocabulary = plan.vocabulary, entry.isVocabulary else { return nil }
    let group = entry.sources.map(\.model)
    let base = group.contains(plan.donor) && !plan.config.baseModel.isEmpty ? plan.donor : nil
    return try AlignedRows(vocabulary, group: group, base: base)
  }

  /// A tensor of whole numbers, which all models must agree on.
  private func constant(_ entry: MergePlan.Entry) throws -> Tensor {
    let first = try stored(entry, model: entry.sources[0].model)
    for source in entry.sources.dropFirst() {
      let other = try plan.models[source.model].tensor(source.tensor)
      guard try other.dtype == first.dtype && other.equals(first).allTrue() else {
        throw GroveError(
          .mismatch, plan.models[source.model].name,
          "\(source.tensor) holds other whole numbers than in \(plan.models[entry.sources[0].model].name)",
          remedy: "They cannot be averaged; make them equal first.")
      }
    }
    return first
  }
}
