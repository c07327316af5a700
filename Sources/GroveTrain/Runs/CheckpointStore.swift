import Foundation
import GroveCore
import GroveModel
import GroveTensor

/// Writes and reads the checkpoints of one run.
///
/// A checkpoint is a Hugging Face folder (config.json, model.safetensors, the tokenizer's files) with the optimizer's
/// moments, the state and a manifest beside. It is written aside, synced and renamed: a kill leaves the last one whole.
struct CheckpointStore {
  let folder: RunFolder
  /// Copied into every checkpoint, so that it can be used alone.
  let tokenizerFiles: [URL]
  let endOfText: Int

  static let momentsName = "optimizer.safetensors"
  /// What a run cannot go on without.
  private static let requiredNames = ["config.json", "model.safetensors", momentsName, TrainingState.fileName]

  /// Saves a step that is not there yet.
  func save(_ model: any LanguageModel, _ optimizer: Optimizer, _ state: TrainingState) throws -> URL {
    let target = folder.checkpoint(step: state.step)
    let aside = folder.checkpoints.appending(path: ".\(target.lastPathComponent).partial")
    try FileSystem.remove(aside)
    try FileSystem.makeFolder(aside)
    do {
      try ModelFolder.save(model, endOfText: endOfText, to: aside)
      for file in tokenizerFiles {
        try FileSystem.write(FileSystem.read(file), to: aside.appending(path: file.lastPathComponent))
      }
      try optimizer.save(to: aside.appending(path: CheckpointStore.momentsName))
      try state.write(to: aside)
      try CheckpointManifest(step: state.step, describing: aside).write(to: aside)
      try FileSystem.rename(aside, to: target)
    } catch {
      try? FileSystem.remove(aside)  // a full disk: give the space back, and keep the first error
      throw try unsaved(error, step: state.step)
    }
    return target
  }

  /// The error of a save, with what is left and what to do.
  private func unsaved(_ error: any Error, step: Int) throws -> any Error {
    guard let error = error as? GroveError, error.code == .file else { return error }
    let newest = try folder.checkpointSteps().last.map { "its newest checkpoint, step \($0), is whole" }
    return GroveError(
      .file, folder.url.path, "step \(step) could not be saved: \(error)",
      remedy: "Make room and run the same command again; \(newest ?? "the run has no checkpoint yet").", cause: error)
  }

  /// Puts a whole checkpoint into the model and the optimizer.
  func restore(step: Int, _ model: any LanguageModel, _ optimizer: Optimizer) throws -> TrainingState {
    let url = folder.checkpoint(step: step)
    let state = try TrainingState.read(url)
    try take(weightsOf: url, model)
    try optimizer.restore(from: url.appending(path: CheckpointStore.momentsName))
    optimizer.appliedSteps = state.appliedSteps
    return state
  }

  /// Copies the weights of a checkpoint into a model that is ready to train.
  func take(weightsOf url: URL, _ model: any LanguageModel) throws {
    let weights = try ModelFolder.load(url)
    guard weights.config.sameShape(as: model.config) else {
      throw GroveError(.mismatch, url.path, "holds a model of another shape than the run's config")
    }
    try withGradients(.off) {
      for (stored, source) in zip(try model.parameters(), try weights.parameters()) {
        try stored.parameter.value.copy(from: source.parameter.value)
        try stored.parameter.refresh()
      }
    }
  }

  /// The newest checkpoint that is whole.
  ///
  /// Damaged ones that are newer are set aside under another name, each reported: the steps after the whole one are
  /// computed again and give the same result, so nothing is lost but time.
  /// - Parameter limit: newer checkpoints than this are not looked at.
  /// - Throws: `GroveError` if there are checkpoints but none is whole.
  func newestWhole(through limit: Int = .max, _ report: (TrainingEvent) throws -> Void) throws -> Int? {
    var steps = try folder.checkpointSteps().filter { $0 <= limit }
    var reasons: [(url: URL, reason: any Error)] = []
    while let step = steps.popLast() {
      let url = folder.checkpoint(step: step)
      do {
        let manifest = try CheckpointManifest(folder: url)
        guard manifest.step == step else {
          throw GroveError(.mismatch, url.path, "the manifest is of step \(manifest.step)")
        }
        try manifest.verify(folder: url)
        for name in CheckpointStore.requiredNames where !manifest.files.contains(where: { $0.name == name }) {
          throw GroveError(.format, url.path, "the manifest does not list \(name)")
        }
        for (damaged, reason) in reasons { try setAside(damaged, reason, report) }
        return step
      } catch {
        reasons.append((url, error))
      }
    }
    if let (url, reason) = reasons.first {
      throw GroveError(
        .mismatch, folder.checkpoints.path,
        "no checkpoint of this run is whole; the newest, \(url.lastPathComponent): \(reason)",
        remedy: "Bring a copy back, or remove the folder \(folder.name) to begin again.")
    }
    return nil
  }

  private func setAside(_ url: URL, _ reason: any Error, _ report: (TrainingEvent) throws -> Void) throws {
    let aside = url.deletingLastPathComponent().appending(path: "damaged-\(url.lastPathComponent)")
    try FileSystem.remove(aside)
    try FileSystem.rename(url, to: aside)
    try report(.setAside(checkpoint: aside, reason: "\(reason)"))
  }

  /// Removes the regular checkpoints beyond the newest `keep`; logarithmic ones and the last stay.
  func prune(_ config: CheckpointConfig) throws {
    guard config.keep > 0 else { return }
    let regular = try folder.checkpointSteps().filter { !config.isLogarithmic($0) }
    for step in regular.dropLast(config.keep) { try discard(step: step) }
  }

  /// Removes the checkpoints after a step.
  func discard(after step: Int) throws {
    for later in try folder.checkpointSteps() where later > step { try discard(step: later) }
  }

  /// Removes a checkpoint. It loses its name first: a kill in between must not leave one that looks damaged.
  private func discard(step: Int) throws {
    let url = folder.checkpoint(step: step)
    let aside = folder.checkpoints.appending(path: ".\(url.lastPathComponent).removed.partial")
    try FileSystem.remove(aside)
    try FileSystem.rename(url, to: aside)
    try FileSystem.remove(aside)
  }

  /// Removes what a killed process left half-written.
  func sweep() throws {
    for place in [folder.url, folder.checkpoints] where FileSystem.isFolder(place) {
      for entry in try FileSystem.entries(of: place) where entry.lastPathComponent.hasSuffix(".partial") {
        try FileSystem.remove(entry)
      }
    }
  }
}

extension ModelConfig {
  /// Whether two configs have the same tensors; how they were initialised does not matter, nor how long a context is whose
  /// positions are rotary.
  fileprivate func sameShape(as other: ModelConfig) -> Bool {
    var (a, b) = (resolved, other.resolved)
    a.initialDeviation = b.initialDeviation
    if a.positionLimit == nil { a.contextLength = b.contextLength }
    return a == b
  }
}
