import Foundation
import GroveCore
import GroveTensor

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

extension Trainer {
  /// Shares the threads among the processes of this host. What `OMP_NUM_THREADS` says is for each process.
  static func setThreads(_ wanted: Int, localProcesses: Int) throws {
    if wanted == 0, localProcesses == 1 || getenv("OMP_NUM_THREADS") != nil { return }
    try Torch.setThreads(max(1, (wanted > 0 ? wanted : try Torch.threads()) / localProcesses))
  }

  /// Takes up a run that is there, or begins one: the first process decides, the others follow.
  func begin() throws {
    try requireAgreement()
    if processes.isFirst { try takeUp() }
    let step = Int(try processes.fromFirst("\(state.step)")) ?? 0
    if step > state.step { state = try store.restore(step: step, model, optimizer) }
    if step == 0, try folder.checkpointSteps().isEmpty { try takeStart() }
  }

  /// Puts the weights of the checkpoint that the run starts from into the model, and its moments into the optimizer.
  private func takeStart() throws {
    guard let start = config.start.folder else { return }
    try store.take(weightsOf: start, model)
    guard config.start.moments == .kept else { return }
    try optimizer.restore(from: start.appending(path: CheckpointStore.momentsName))
    optimizer.appliedSteps = try TrainingState.read(start).appliedSteps
    state.appliedSteps = optimizer.appliedSteps
  }

  /// All processes must compute the same, or they would wait for each other for ever.
  private func requireAgreement() throws {
    var config = config
    config.data.folder = dataset.manifest.fingerprint  // hosts may keep it in different places
    config.start.model = identity.startFingerprint ?? ""
    let own: JSONValue = ["config": try config.json(), "libtorch": .string(identity.libtorchVersion)]
    let first = try JSONValue(parsing: processes.fromFirst(own.text).utf8, at: "process 0")
    let differences = own.differences(from: first)
    guard !differences.isEmpty else { return }
    throw GroveError(
      .mismatch, "process \(processes.rank)", "differs from process 0: \(differences.joined(separator: "; "))",
      remedy: "Start all processes with the same config, data and version.")
  }

  private func takeUp() throws {
    try store.sweep()
    if folder.exists {
      try requireSameConfig()
      let then = try RunIdentity.read(folder)
      try then.requireSameData(as: identity, folder)
      if let step = try store.newestWhole(report) {
        state = try store.restore(step: step, model, optimizer)
        try openLogs()
        try report(.resumed(step: step, checkpoint: folder.checkpoint(step: step)))
      } else {
        let known = try RunMetrics(folder)
        try requireNothingSaved(known)
        try openLogs()
        if let last = known.steps.last {
          try report(.warning("no step was saved before it stopped at step \(last.step); it begins again"))
        }
      }
      for (what, before, now) in [
        ("processes", "\(then.processes ?? 1)", "\(processes.size)"),
        ("threads", "\(then.threads)", "\(identity.threads)"), ("device", then.device, identity.device),
        ("libtorch", then.libtorchVersion, identity.libtorchVersion),
        ("grove", then.groveVersion, identity.groveVersion),
      ] where before != now {
        try report(.warning("\(what): the run was begun with \(before), now \(now); the last bits may differ"))
      }
    } else {
      guard try folder.checkpointSteps().isEmpty else {
        throw GroveError(
          .mismatch, folder.url.path,
          "holds checkpoints, but not the \(folder.identity.lastPathComponent) of their run",
          remedy: "Bring the file back, or begin a run of another name.")
      }
      var config = config
      // The run can be reported on from any folder.
      config.data.folder = URL(filePath: config.data.folder).standardizedFileURL.path
      if let start = config.start.folder { config.start.model = start.standardizedFileURL.path }
      try FileSystem.write(config.yaml(), to: folder.config)
      try identity.write(folder)
      try openLogs()
    }
  }

  /// A run whose checkpoints have gone would lose them in silence if it began again.
  private func requireNothingSaved(_ metrics: RunMetrics) throws {
    guard let saved = metrics.savedSteps.max() else { return }
    throw GroveError(
      .mismatch, folder.checkpoints.path, "holds no checkpoint, but the run has saved up to step \(saved)",
      remedy: "Bring them back, or remove the folder \(folder.name) to begin again.")
  }

  private func requireSameConfig() throws {
    var saved = try RunConfig.load(folder.config)
    saved.data.folder = config.data.folder  // its content counts, which the fingerprint tells
    if !saved.start.model.isEmpty, !config.start.model.isEmpty { saved.start.model = config.start.model }
    guard saved != config else { return }
    let changes = try saved.differences(from: config)
    throw GroveError(
      .mismatch, folder.url.path, "the run was begun with another config: \(changes.joined(separator: "; "))",
      remedy: "Go on with \(folder.config.path), or begin a run of another name.")
  }

  func openLogs() throws {
    log = try MetricsLog(folder.metrics, keepingThrough: state.step)
    board = try TensorBoardLog(folder, resumingAt: state.step > 0 ? state.step : nil)
    for event in unlogged { try write(event) }
    unlogged = []
  }
}
