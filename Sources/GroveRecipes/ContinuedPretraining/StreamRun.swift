import Foundation
import GroveCore
import GroveCorpus
import GroveEval
import GroveModel
import GroveTrain

/// One training run on streams, through the ordinary trainer, and what it did to the held-out text of others.
struct StreamRun {
  let name: String
  let seed: Int
  /// A checkpoint; nil draws the weights by the seed.
  let start: URL?
  /// The share of the samples that each stream gives.
  let shares: [String: Double]
  /// The streams whose held-out documents judge the run.
  let judges: [String]
  let steps: Int
  /// In units of the base's peak.
  let peak: Double
  /// Nil keeps to the peak at every step.
  let warmupSteps: Int?
  /// Whether the rate falls after the warm-up; else it keeps to the peak.
  var decays = true
  /// Where the moments come from; kept, a run goes on as if it were the start's own.
  var moments = StartConfig.Moments.fresh
  /// Saves the regular and the first steps too, for measures that no validation makes.
  var savesDensely = false

  /// The rate of a step from 0, as the definition of the schedule has it: up linearly, down half a cosine to the floor
  /// unless the run keeps to its peak.
  func rate(_ step: Int, _ config: ContinuedPretrainingConfig) -> Double {
    let peak = peak * config.learningRate
    guard let warmupSteps else { return peak }
    if step < warmupSteps { return peak * Double(step + 1) / Double(warmupSteps) }
    if !decays { return peak }
    let floor = config.floorShare * peak
    let progress = Double(step - warmupSteps) / Double(max(steps - warmupSteps, 1))
    return floor + (peak - floor) * (1 + cos(.pi * progress)) / 2
  }

  /// The resolved config of the run.
  func config(_ settings: ContinuedPretrainingConfig, _ run: RecipeRun, shards: URL) -> RunConfig {
    var result = RunConfig()
    result.model = settings.model
    result.data.folder = shards.path
    result.data.domains = shares.keys.sorted()
    if shares.count > 1 { result.data.weights = shares }
    result.start.model = start?.path ?? ""
    result.start.moments = start == nil ? .fresh : moments
    result.training.seed = seed
    result.training.steps = steps
    result.training.batchSize = settings.batchSize
    result.training.precision = run.scale == .full ? .bfloat16 : .float32
    result.training.optimizer.learningRate = peak * settings.learningRate
    result.training.schedule.shape = warmupSteps == nil || !decays ? .constant : .cosine
    result.training.schedule.warmupSteps = warmupSteps ?? 0
    result.training.schedule.finalShare = settings.floorShare
    result.training.threads = run.device == .cpu ? 1 : 0
    result.validation.domains = judges
    result.validation.everySteps = max(1, steps / settings.validations)
    result.validation.logarithmic = true
    result.validation.tokensPerDomain = settings.validationTokens
    result.checkpoints.everySteps = savesDensely ? result.validation.everySteps : 0
    result.checkpoints.logarithmic = savesDensely
    result.checkpoints.keep = 0
    return result
  }

  /// The last checkpoint of a run that a recipe has trained.
  static func end(_ arm: StreamRun, of run: RecipeRun) -> URL {
    RunFolder(run.place(of: arm.name, seed: arm.seed).appending(path: "run")).checkpoint(step: arm.steps)
  }

  /// Trains from the first step on.
  /// - Returns: the folder, in which the last step has a checkpoint.
  func train(_ settings: ContinuedPretrainingConfig, _ run: RecipeRun, shards: URL, in place: URL) throws -> RunFolder {
    try run.train(config(settings, run, shards: shards), in: place.appending(path: "run"), as: name, seed: seed)
  }

  // MARK: What came of it

  /// The run's curves and its end, under the names that `StreamRecord` knows.
  func figures(
    _ folder: RunFolder, _ settings: ContinuedPretrainingConfig, _ run: RecipeRun, shards: URL
  ) throws -> ArmFigures {
    var result = ArmFigures()
    let metrics = try RunMetrics(folder)
    result.figures["first loss"] = metrics.steps.first?.lossNats ?? .nan
    result.figures["rate error"] =
      metrics.steps.map { record in
        abs(record.learningRate / rate(record.step - 1, settings) - 1)
      }.max() ?? .infinity
    result.series["steps"] = metrics.validations.map { Double($0.step) }
    for stream in judges {
      result.series["\(stream) curve"] = metrics.validations.map { $0.domains[stream] ?? .nan }
    }
    let losses = try heldOut(folder, settings, run, shards: shards)
    for stream in judges {
      let own = losses.filter { $0.domain == stream }
      result.series["\(stream) nats"] = own.map(\.nats)
      result.series["\(stream) bytes"] = own.map { Double($0.bytes) }
      let tokens = own.reduce(0) { $0 + $1.tokens }
      result.figures["\(stream) bytes per token"] = Double(own.reduce(0) { $0 + $1.bytes }) / Double(max(tokens, 1))
      result.figures[stream] = DocumentLoss.bitsPerByte(
        nats: own.reduce(0) { $0 + $1.nats }, bytes: own.reduce(0) { $0 + $1.bytes })
    }
    return result
  }

  /// What the last weights pay for every held-out document of the judging streams.
  private func heldOut(
    _ folder: RunFolder, _ settings: ContinuedPretrainingConfig, _ run: RecipeRun, shards: URL
  ) throws -> [DocumentLoss] {
    try HeldOutText(shards, domains: judges, contextLength: settings.contextLength)
      .losses(under: folder.checkpoint(step: steps), precision: run.judgingPrecision, device: run.device)
  }
}
