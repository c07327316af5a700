import Foundation
import GroveCore
import GroveCorpus
import GroveEval
import GroveModel
import GroveTrain

/// One of the models that are compared, as it differs from the config's.
struct ComparisonArm: Sendable {
  /// Also the name of its folder.
  let name: String
  /// Trainings; nil for as many as the config says.
  var seeds: Int?
  /// The arm whose weights of the same seed this one goes on from; nil for weights that are drawn.
  var start: String?
  /// What is other than in the config: the model, the rate, the steps.
  let change: @Sendable (inout RunConfig) -> Void

  init(
    _ name: String, seeds: Int? = nil, from start: String? = nil,
    _ change: @escaping @Sendable (inout RunConfig) -> Void = { _ in }
  ) {
    self.name = name
    self.seeds = seeds
    self.start = start
    self.change = change
  }
}

/// Models that differ in their parts, trained alike through the ordinary trainer, and judged on the same documents.
struct Comparison: Sendable {
  let config: ComparisonConfig
  /// One that another goes on from stands before it.
  let arms: [ComparisonArm]

  /// An arm and seed that has been trained.
  struct Trained {
    let arm: ComparisonArm
    let seed: Int
    let config: RunConfig
    let folder: RunFolder
    /// Ready for inference.
    let model: any LanguageModel
    /// All held-out documents, in windows as long as those of training.
    let text: HeldOutText
    let run: RecipeRun
    /// Where the shards of all streams lie.
    let shards: URL

    /// Held-out documents in windows of another length; those of some streams, where they are named.
    func text(contextLength: Int, of streams: [String]) throws -> HeldOutText {
      try HeldOutText(shards, domains: streams, contextLength: contextLength)
    }

    /// The trained weights in a model that is built otherwise, ready for inference.
    /// - Throws: `GroveError` if the other model has not the same weights.
    func model(with change: (inout ModelConfig) -> Void) throws -> any LanguageModel {
      var config = model.config
      change(&config)
      let other = try makeModel(config, weights: .blank)
      try ModelFolder.load(weights: folder.checkpoint(step: self.config.training.steps), into: other)
      try other.prepare(run.judgingPrecision, training: false, device: run.device)
      return other
    }
  }

  /// The resolved config of an arm.
  func runConfig(_ arm: ComparisonArm, seed: Int, scale: RecipeScale, device isCPU: Bool, shards: String) -> RunConfig {
    var result = RunConfig()
    result.model = config.model
    result.data.folder = shards
    result.training.seed = seed
    result.training.steps = config.steps
    result.training.batchSize = config.batchSize
    result.training.precision = scale == .full ? .bfloat16 : .float32
    result.training.optimizer.learningRate = config.learningRate
    result.training.schedule.shape = .cosine
    result.training.schedule.warmupSteps = config.warmupSteps
    result.training.schedule.finalShare = config.floorShare
    result.training.threads = isCPU ? 1 : 0
    result.validation.everySteps = 0
    result.validation.tokensPerDomain = 4096
    result.checkpoints.everySteps = 0
    arm.change(&result)
    // A run that goes to pieces is a result: its steps are left out and counted.
    result.training.nonFiniteLimit = result.training.steps + 1
    return result
  }

  /// What the arms cost.
  func plan(at scale: RecipeScale) -> [RecipePlan.Arm] {
    arms.map { arm in
      let run = runConfig(arm, seed: 0, scale: scale, device: true, shards: "")
      let tokens = run.training.steps * run.training.batchSize * run.model.contextLength
      return RecipePlan.Arm(
        name: arm.name, seeds: arm.seeds ?? config.seeds, parameters: run.model.parameterCount, tokens: tokens,
        operations: Double(tokens) * run.model.trainingOperationsPerToken)
    }
  }

  /// Trains and judges what has no record yet.
  /// - Parameter probe: adds to the figures of an arm what else the recipe wants to know of its model.
  /// - Throws: `GroveError` that names an arm whose config is wrong, before anything is trained.
  func records(
    _ run: RecipeRun, probe: @escaping @Sendable (Trained, inout ArmFigures) throws -> Void = { _, _ in }
  ) throws -> ComparisonRecords {
    let texts = ContinuedTexts(folder: run.folder.appending(path: "data"), config)
    let shards = texts.made.shards
    for arm in arms {
      let config = runConfig(arm, seed: 0, scale: run.scale, device: run.device == .cpu, shards: shards.path)
      if let issue = config.issues().first { throw GroveError(.config, "arm \(arm.name)", issue.description) }
    }
    try texts.prepare(corpus: run.corpus)
    var records: [ArmRecord] = []
    for wave in waves() {
      records += try run.records(
        wave.flatMap { arm in
          run.seeds(arm.seeds ?? config.seeds).map { seed in
            RecipeRun.Job(arm.name, seed: seed) { place in
              try self.train(arm, seed: seed, run, shards: shards, in: place, probe: probe)
            }
          }
        })
    }
    return ComparisonRecords(records: records)
  }

  /// The arms in groups that can be trained side by side, one group after the other.
  private func waves() -> [[ComparisonArm]] {
    var waves: [[ComparisonArm]] = []
    for arm in arms {
      let before = waves.firstIndex { $0.contains { $0.name == arm.start } }
      precondition(arm.start == nil || before != nil, "\(arm.name) stands before what it goes on from")
      let index = before.map { $0 + 1 } ?? 0
      if index == waves.count { waves.append([]) }
      waves[index].append(arm)
    }
    return waves
  }

  /// The last checkpoint of an arm and seed.
  private func end(of name: String, seed: Int, _ run: RecipeRun) -> URL {
    guard let arm = arms.first(where: { $0.name == name }) else { preconditionFailure("there is no arm \(name)") }
    let settings = runConfig(arm, seed: seed, scale: run.scale, device: true, shards: "")
    return RunFolder(run.place(of: name, seed: seed).appending(path: "run")).checkpoint(step: settings.training.steps)
  }

  private func train(
    _ arm: ComparisonArm, seed: Int, _ run: RecipeRun, shards: URL, in place: URL,
    probe: (Trained, inout ArmFigures) throws -> Void
  ) throws -> ArmFigures {
    var settings = runConfig(arm, seed: seed, scale: run.scale, device: run.device == .cpu, shards: shards.path)
    if let start = arm.start { settings.start.model = end(of: start, seed: seed, run).path }
    let folder = try run.train(settings, in: place.appending(path: "run"), as: arm.name, seed: seed)
    let model = try ModelFolder.load(folder.checkpoint(step: settings.training.steps))
    try model.prepare(run.judgingPrecision, training: false, device: run.device)
    let names = config.streams.map(\.name)
    let text = try HeldOutText(shards, domains: names, contextLength: settings.model.contextLength)
    let metrics = try RunMetrics(folder)
    var figures = ArmFigures()
    figures.figures["parameters"] = Double(try model.parameterCount())
    figures.figures["steps applied"] = Double(metrics.steps.count)
    figures.series["training loss"] = metrics.steps.map(\.lossNats)
    let losses = try text.losses(under: model, device: run.device)
    figures.series["nats"] = losses.map(\.nats)
    figures.series["bytes"] = losses.map { Double($0.bytes) }
    figures.series["tokens"] = losses.map { Double($0.tokens) }
    for name in names {
      let own = losses.filter { $0.domain == name }
      figures.series["\(name) nats"] = own.map(\.nats)
      figures.series["\(name) bytes"] = own.map { Double($0.bytes) }
      figures.figures["bits per byte, \(name)"] = DocumentLoss.bitsPerByte(
        nats: own.reduce(0) { $0 + $1.nats }, bytes: own.reduce(0) { $0 + $1.bytes })
    }
    let trained = Trained(
      arm: arm, seed: seed, config: settings, folder: folder, model: model, text: text, run: run, shards: shards)
    try probe(trained, &figures)
    return figures
  }
}
