import Foundation
import GroveCore
public import GroveCorpus
import GroveEval
import GroveModel
public import GroveTensor

/// Trains one run, from wherever its folder stands to its last step.
///
/// The result is a function of the config and the data: a run that was killed and started again ends with the same bytes
/// in `model.safetensors` as one that was not.
public final class Trainer {
  /// With the vocabulary's size filled in.
  public let config: RunConfig
  public let folder: RunFolder
  public let device: Device
  /// The training side of the chosen domains.
  public let dataset: TokenDataset
  /// Which sequences each step reads: a function of the data, its mixing and the seed.
  public let order: DataOrder

  let model: any LanguageModel
  let optimizer: Optimizer
  let validation: [[TokenizedDocument]]
  let evaluator: PerplexityEvaluator
  let store: CheckpointStore
  let identity: RunIdentity
  private let random: RandomKey
  private let step: TrainingStep
  private var state = TrainingState()
  private var summary: RunSummary
  private var log: MetricsLog?
  private var board: TensorBoardLog?
  /// Told before the log was open.
  private var unlogged: [TrainingEvent] = []
  private var listener: (TrainingEvent) -> Void = { _ in }

  /// Why `run` came back.
  public enum Outcome: Equatable, Sendable {
    case finished
    /// The caller asked; the state of this step is saved.
    case interrupted(step: Int)
  }

  /// Opens the data, makes the model, and checks all that can be checked before the first step.
  /// - Throws: `GroveError` with what is wrong in the config or the data.
  public init(_ config: RunConfig, folder: RunFolder, device: Device) throws {
    let plan = try RunPlan(config)
    self.folder = folder
    self.device = device
    self.config = plan.config
    dataset = plan.dataset
    order = plan.order
    let (config, dataFolder) = (plan.config, URL(filePath: plan.config.data.folder))
    let context = config.model.contextLength
    let tokenizer = dataset.manifest.tokenizer
    if config.training.threads > 0 { try Torch.setThreads(config.training.threads) }
    random = RandomKey(seed: UInt64(config.training.seed))
    model = try makeModel(config.model, weights: .random(random.split("weights")))
    try model.prepare(config.training.precision, training: true, device: device)
    optimizer = try Optimizer(config.training.optimizer, model: model)
    step = TrainingStep(optimizer: optimizer, gradientClip: config.training.gradientClip)
    evaluator = try PerplexityEvaluator(
      contextLength: context, stride: context, batchTokens: 16 * context, endOfText: tokenizer.endOfText)
    validation = try Trainer.validationDocuments(dataFolder, config)
    store = CheckpointStore(
      folder: folder, tokenizerFiles: try Trainer.tokenizerFiles(dataFolder), endOfText: tokenizer.endOfText)
    let threads = try Torch.threads()
    identity = RunIdentity(
      dataFingerprint: dataset.manifest.fingerprint, tokenizerFingerprint: tokenizer.fingerprint,
      groveVersion: groveVersion, libtorchVersion: try Torch.version(), device: "\(device)", threads: threads,
      started: Date().timeIntervalSince1970)
    let tokensPerStep = config.training.batchSize * context
    summary = RunSummary(
      name: folder.name, parameters: try model.parameterCount(), steps: config.training.steps,
      tokensPerStep: tokensPerStep, trainingTokens: tokensPerStep * config.training.steps,
      dataFingerprint: dataset.manifest.fingerprint, device: "\(device)", threads: threads,
      precision: config.training.precision.rawValue, ceilingGigaflops: 0,
      operationsPerToken: config.model.trainingOperationsPerToken)
  }

  /// Trains to the end, or until `shouldStop` says so; then the state is saved first.
  /// - Parameters:
  ///   - shouldStop: asked after every step.
  ///   - onEvent: told what happens.
  public func run(shouldStop: () -> Bool, onEvent: @escaping (TrainingEvent) -> Void) throws -> Outcome {
    try FileSystem.makeFolder(folder.checkpoints)
    let lock = try RunLock(folder)
    defer { withExtendedLifetime(lock) {} }
    listener = onEvent
    try begin()
    summary.ceilingGigaflops = try MatrixCeiling.measure(config.training.precision, device: device)
    try report(.started(summary))
    if state.step == 0, config.checkpoints.isDue(after: 0) { try save() }
    while state.step < config.training.steps {
      guard try advance() else { continue }
      let isLast = state.step == config.training.steps
      if isLast || isDue(config.validation.everySteps) { try validate() }
      if isLast || config.checkpoints.isDue(after: state.step) { try save() }
      if !isLast, shouldStop() {
        try save()
        try report(.interrupted(step: state.step))
        return .interrupted(step: state.step)
      }
    }
    try report(.finished(step: state.step))
    return .finished
  }

  private func isDue(_ every: Int) -> Bool { every > 0 && state.step.isMultiple(of: every) }

  /// Takes up a run that is there, or begins one.
  private func begin() throws {
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
    guard saved != config else { return }
    let changes = try saved.differences(from: config)
    throw GroveError(
      .mismatch, folder.url.path, "the run was begun with another config: \(changes.joined(separator: "; "))",
      remedy: "Go on with \(folder.config.path), or begin a run of another name.")
  }

  private func openLogs() throws {
    log = try MetricsLog(folder.metrics, keepingThrough: state.step)
    board = try TensorBoardLog(folder, resumingAt: state.step > 0 ? state.step : nil)
    for event in unlogged { try write(event) }
    unlogged = []
  }

  private func report(_ event: TrainingEvent) throws {
    if log == nil { unlogged.append(event) } else { try write(event) }
    listener(event)
  }

  private func write(_ event: TrainingEvent) throws {
    if let line = event.logLine(at: state.step) { try log?.append(line) }
    board?.receive(event)
  }

  // MARK: One step

  /// Does the next step, whatever comes of it. False after a rollback: the run then stands at an older step.
  private func advance() throws -> Bool {
    let clock = ContinuousClock()
    let start = clock.now
    let index = state.step
    if state.leftOut.contains(index) {
      state.step += 1
      try report(.skipped(step: index + 1, reason: "its batch was left out after a rollback"))
      return true
    }
    let rate =
      config.training.optimizer.learningRate
      * config.training.schedule.factor(step: index, of: config.training.steps)
    let batches = try batches(index)
    let draws = random.split("dropout").split(index)
    let result = try step(microBatches: batches.count, learningRate: rate) {
      try model.loss(
        batches[$0].tokens, targets: batches[$0].targets, zLoss: config.training.zLoss,
        ForwardPass(.training(random: draws.split($0))))
    }
    state.step += 1
    state.tokens += summary.tokensPerStep
    if let problem = result.problem { return try goesOn(after: problem, at: index) }
    state.nonFiniteSteps = []
    state.appliedSteps = optimizer.appliedSteps
    let seconds = (clock.now - start).seconds
    let speed = Double(summary.tokensPerStep) / seconds
    try report(
      .step(
        StepRecord(
          step: index + 1, lossNats: result.lossNats, gradientNorm: result.gradientNorm, learningRate: rate,
          tokens: state.tokens, seconds: seconds, tokensPerSecond: speed,
          ceilingShare: speed * summary.operationsPerToken / (summary.ceilingGigaflops * 1e9))))
    return true
  }

  private func batches(_ index: Int) throws -> [TrainingBatch] {
    let sequences = order.sequences(step: index, batchSize: config.training.batchSize)
    let size = config.training.microBatchSize > 0 ? config.training.microBatchSize : sequences.count
    return try stride(from: 0, to: sequences.count, by: size).map {
      try TrainingBatch(Array(sequences[$0..<$0 + size]), of: dataset, device: device)
    }
  }

  /// Counts a step that was not applied; after too many in a row the run rolls back (false) or stops (throws).
  private func goesOn(after problem: String, at index: Int) throws -> Bool {
    state.nonFiniteSteps.append(index)
    try report(.skipped(step: index + 1, reason: problem))
    let bad = state.nonFiniteSteps
    guard bad.count >= config.training.nonFiniteLimit else { return true }
    let words = "\(bad.count) steps in a row were not finite, the last one step \(index + 1): \(problem)"
    guard config.training.nonFiniteAction == .rollBack, state.rollbacks < 3 else {
      throw GroveError(
        .mismatch, folder.url.path, words,
        remedy: "Nothing of them was applied. Lower the learning rate, or clip more.")
    }
    try rollBack(from: index + 1, leavingOut: bad, words)
    return false
  }

  /// Goes back to the last checkpoint before the bad steps, and leaves their batches out from now on.
  private func rollBack(from: Int, leavingOut bad: [Int], _ words: String) throws {
    guard let target = try store.newestWhole(through: bad[0], report) else {
      throw GroveError(.mismatch, folder.url.path, words, remedy: "There is no checkpoint before them to go back to.")
    }
    let rollbacks = state.rollbacks + 1
    let leftOut = (state.leftOut + bad).sorted()
    state = try store.restore(step: target, model, optimizer)
    state.rollbacks = rollbacks
    state.leftOut = leftOut
    try store.discard(after: target)
    try openLogs()
    try report(.rolledBack(from: from, to: target, leftOut: bad))
  }

  // MARK: Validation and checkpoints

  private func validate() throws {
    let clock = ContinuousClock()
    let start = clock.now
    var domains: [String: Double] = [:]
    var nats = 0.0
    var tokens = 0
    for documents in validation {
      let losses = try evaluator.losses(of: documents, under: model, device: device)
      let domainNats = losses.reduce(0) { $0 + $1.nats }
      let bytes = losses.reduce(0) { $0 + $1.bytes }
      domains[documents[0].domain] = DocumentLoss.bitsPerByte(nats: domainNats, bytes: bytes)
      nats += domainNats
      tokens += losses.reduce(0) { $0 + $1.tokens }
    }
    guard !domains.isEmpty else { return }
    try report(
      .validated(
        ValidationRecord(
          step: state.step, bitsPerByte: domains.values.sorted().reduce(0, +) / Double(domains.count),
          natsPerToken: nats / Double(tokens), domains: domains, seconds: (clock.now - start).seconds)))
  }

  private func save() throws {
    let clock = ContinuousClock()
    let start = clock.now
    let url = try store.save(model, optimizer, state)
    try store.prune(config.checkpoints)
    try report(.saved(step: state.step, checkpoint: url, seconds: (clock.now - start).seconds))
  }
}
