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
///
/// Several processes train a run together: each takes its share of every step's sequences, in order, and the sum of their
/// gradients moves the weights of all. The result differs from that of one process only in rounding. The first process
/// alone writes and tells; all must see the data and the run's folder.
public final class Trainer {
  /// With the vocabulary's size filled in.
  public let config: RunConfig
  public let folder: RunFolder
  public let device: Device
  /// The training side of the chosen domains.
  public let dataset: TokenDataset
  /// Which sequences each step reads: a function of the data, its mixing and the seed.
  public let order: DataOrder
  /// Those that train this run together.
  public let processes: ProcessGroup
  /// How long to wait for another process that trains this run: one that was told to stop may still save.
  public var patience: Duration = .zero

  let model: any LanguageModel
  let optimizer: Optimizer
  let validation: [[TokenizedDocument]]
  let evaluator: PerplexityEvaluator
  let store: CheckpointStore
  let identity: RunIdentity
  private let random: RandomKey
  private let step: TrainingStep
  var state = TrainingState()
  private var summary: RunSummary
  var log: MetricsLog?
  var board: TensorBoardLog?
  /// Told before the log was open.
  var unlogged: [TrainingEvent] = []
  private var listener: (TrainingEvent) -> Void = { _ in }

  /// Why `run` came back.
  public enum Outcome: Equatable, Sendable {
    case finished
    /// The caller asked; the state of this step is saved. Step 0 where the run still waited for another process.
    case interrupted(step: Int)
  }

  /// Opens the data, makes the model, and checks all that can be checked before the first step.
  /// - Parameter processes: those that make a trainer of the same config at the same time.
  /// - Throws: `GroveError` with what is wrong in the config or the data.
  public init(
    _ config: RunConfig, folder: RunFolder, device: Device, processes: ProcessGroup = ProcessGroup()
  ) throws {
    let isBegun = try !folder.checkpointSteps().isEmpty
    let plan = try RunPlan(config, isBegun: isBegun)
    try plan.config.training.requireShares(for: processes.size, on: device)
    self.processes = processes
    self.folder = folder
    self.device = device
    self.config = plan.config
    dataset = plan.dataset
    order = plan.order
    let (config, dataFolder) = (plan.config, URL(filePath: plan.config.data.folder))
    let context = config.model.contextLength
    let tokenizer = dataset.manifest.tokenizer
    try Trainer.setThreads(config.training.threads, localProcesses: processes.localSize)
    random = RandomKey(seed: UInt64(config.training.seed))
    // Weights that a checkpoint gives are put in when the run begins.
    model = try makeModel(
      config.model, weights: config.start.folder == nil ? .random(random.split("weights")) : .blank)
    try model.prepare(config.training.precision, training: true, device: device)
    optimizer = try Optimizer(config.training.optimizer, model: model, processes: processes)
    step = try TrainingStep(
      optimizer: optimizer, gradientClip: config.training.gradientClip, processes: processes)
    evaluator = try PerplexityEvaluator(
      contextLength: context, stride: context, batchTokens: 16 * context, endOfText: tokenizer.endOfText)
    validation = try Trainer.validationDocuments(dataFolder, config)
    store = CheckpointStore(
      folder: folder, tokenizerFiles: try Trainer.tokenizerFiles(dataFolder), endOfText: tokenizer.endOfText)
    let threads = try Torch.threads()
    identity = RunIdentity(
      dataFingerprint: dataset.manifest.fingerprint, tokenizerFingerprint: tokenizer.fingerprint,
      startFingerprint: config.start.folder.map(FileSystem.exists) == true ? try config.start.fingerprint() : nil,
      groveVersion: groveVersion, libtorchVersion: try Torch.version(), device: "\(device)", threads: threads,
      processes: processes.size, started: Date().timeIntervalSince1970)
    let tokensPerStep = config.training.batchSize * context
    summary = RunSummary(
      name: folder.name, parameters: try model.parameterCount(), steps: config.training.steps,
      tokensPerStep: tokensPerStep, trainingTokens: tokensPerStep * config.training.steps,
      dataFingerprint: dataset.manifest.fingerprint, device: "\(device)",
      processes: processes.size, threads: threads,
      precision: config.training.precision.rawValue, ceilingGigaflops: 0,
      operationsPerToken: config.model.trainingOperationsPerToken)
  }

  /// Trains to the end, or until `shouldStop` says so in any process; then the state is saved first.
  /// - Parameters:
  ///   - shouldStop: asked after every step.
  ///   - onEvent: told what happens, in the first process.
  /// - Throws: `GroveError`; with code `.process` if another process was lost or gave up.
  public func run(shouldStop: () -> Bool, onEvent: @escaping (TrainingEvent) -> Void) throws -> Outcome {
    try FileSystem.makeFolder(folder.checkpoints)
    let lock = processes.isFirst ? try makeLock(shouldStop) : nil
    if processes.size == 1, lock == nil { return .interrupted(step: 0) }
    defer { withExtendedLifetime(lock) {} }
    listener = onEvent
    try begin()
    let ceiling = try MatrixCeiling.measure(config.training.precision, device: device)
    summary.ceilingGigaflops = try processes.sum([ceiling])[0]
    try report(.started(summary))
    if state.step == 0, config.checkpoints.isDue(after: 0) { try save() }
    while state.step < config.training.steps {
      guard try advance() else { continue }
      let isLast = state.step == config.training.steps
      if isLast || config.validation.isDue(after: state.step) { try validate() }
      if isLast || config.checkpoints.isDue(after: state.step) { try save() }
      if !isLast, try processes.isAny(shouldStop()) {
        try save()
        try report(.interrupted(step: state.step))
        return .interrupted(step: state.step)
      }
    }
    try report(.finished(step: state.step))
    return .finished
  }

  /// - Returns: nil if a lone process was told to stop while it waited: nothing is begun, and nothing is wrong.
  private func makeLock(_ shouldStop: () -> Bool) throws -> FolderLock? {
    let deadline = ContinuousClock.now + patience
    do {
      return try FolderLock(
        folder.url, problem: "another process is training this run", remedy: "Wait for it, or stop it.",
        isPatient: { ContinuousClock.now < deadline && !shouldStop() })
    } catch {
      guard processes.size == 1, shouldStop() else { throw error }
      return nil
    }
  }

  func report(_ event: TrainingEvent) throws {
    guard processes.isFirst else { return }
    if log == nil { unlogged.append(event) } else { try write(event) }
    listener(event)
  }

  func write(_ event: TrainingEvent) throws {
    if let line = event.logLine(at: state.step) { try log?.append(line) }
    board?.receive(event)
  }

  // MARK: One step

  /// Does the next step, whatever comes of it. False after a rollback: the run then stands at an older step.
  private func advance() throws -> Bool {
    let clock = ContinuousClock()
    let (start, waitedBefore) = (clock.now, processes.waitedSeconds)
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
    let firstDraw = processes.rank * batches.count  // as if one process had all micro-batches
    let result = try step(microBatches: batches.count, learningRate: rate) {
      try model.loss(
        batches[$0].tokens, targets: batches[$0].targets, zLoss: config.training.zLoss,
        ForwardPass(
          .training(random: draws.split(firstDraw + $0)), recomputes: config.training.recompute))
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
          tokens: state.tokens, seconds: seconds,
          waitedSeconds: processes.size > 1 ? processes.waitedSeconds - waitedBefore : nil, tokensPerSecond: speed,
          ceilingShare: speed * summary.operationsPerToken / (summary.ceilingGigaflops * 1e9))))
    return true
  }

  /// This process's share of a step.
  private func batches(_ index: Int) throws -> [TrainingBatch] {
    let sequences = order.sequences(step: index, batchSize: config.training.batchSize)
    let share = sequences.count / processes.size
    let size = config.training.microBatchSize > 0 ? config.training.microBatchSize : share
    let begin = processes.rank * share
    return try stride(from: begin, to: begin + share, by: size).map {
      try TrainingBatch(Array(sequences[$0..<$0 + size]), of: dataset, device: device)
    }
  }
}
