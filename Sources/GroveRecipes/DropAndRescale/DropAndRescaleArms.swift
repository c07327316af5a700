import Foundation
import GroveCore
import GroveMerge
import GroveModel

/// What is trained of one size and seed, and what dropping does to it.
struct DropAndRescaleArms: Sendable {
  let config: DropAndRescaleConfig
  let run: RecipeRun
  let shards: URL
  let tuning: InstructionTuning
  let size: ModelSize
  let seed: Int

  static func base(_ size: ModelSize) -> String { "\(size.name)-base" }
  static func tuned(_ size: ModelSize, _ task: InstructionTask) -> String { "\(size.name)-\(task.rawValue)" }
  static func continued(_ size: ModelSize) -> String { "\(size.name)-continued" }
  static func merged(_ size: ModelSize) -> String { "\(size.name)-merged" }

  private var settings: ContinuedPretrainingConfig { config.pretraining.shaped(as: size) }
  private var random: RandomKey { RandomKey(seed: UInt64(seed)).split("drop and rescale").split(size.name) }

  /// The base: a whole schedule, down to its floor, on the general text and the tasks under other names.
  private var baseRun: StreamRun {
    let steps = config.pretraining.baseSteps
    return StreamRun(
      name: Self.base(size), seed: seed, start: nil, shares: config.readTasks.shares(beside: config.general),
      judges: [config.general, config.other], steps: steps, peak: 1, warmupSteps: max(1, steps / 100))
  }

  /// Pre-training that goes on in another language, with its rate warmed up again.
  private var continuedRun: StreamRun {
    let steps = config.pretraining.steps
    return StreamRun(
      name: Self.continued(size), seed: seed, start: base, shares: [config.other: 1],
      judges: [config.general, config.other], steps: steps, peak: 1, warmupSteps: max(1, steps / 100))
  }

  private var base: URL { StreamRun.end(baseRun, of: run) }
  private func tuned(_ task: InstructionTask) -> URL {
    run.place(of: Self.tuned(size, task), seed: seed).appending(path: "tuned")
  }

  // MARK: Jobs

  func baseJob() -> RecipeRun.Job {
    RecipeRun.Job(Self.base(size), seed: seed) { place in
      let folder = try baseRun.train(settings, run, shards: shards, in: place)
      return try baseRun.figures(folder, settings, run, shards: shards)
    }
  }

  /// The models tuned to each task, and the continuation; the latter takes longest.
  func trainedJobs() -> [RecipeRun.Job] {
    [RecipeRun.Job(Self.continued(size), seed: seed, work: continued)]
      + config.tasks.map { task in
        RecipeRun.Job(Self.tuned(size, task), seed: seed) { try tune(to: task, in: $0) }
      }
  }

  func mergedJob() -> RecipeRun.Job { RecipeRun.Job(Self.merged(size), seed: seed, work: merged) }

  // MARK: One model

  private func tune(to task: InstructionTask, in place: URL) throws -> ArmFigures {
    var result = ArmFigures()
    result.figures["base"] = Self.mean(try tuning.right(task, base))
    try tuning.tune(base, on: [task], seed: seed, to: tuned(task)) { step, loss in
      try run.checkStop()
      run.onEvent(
        .step(arm: Self.tuned(size, task), seed: seed, step: step, of: config.instructions.steps, lossNats: loss))
    }
    result.series["tuned"] = try tuning.right(task, tuned(task))
    for rate in config.dropRates {
      for rescaling in [Rescaling.density, .none] {
        result.series[Self.label(rescaling, rate)] = try overDraws { draw in
          try look(dropped(tuned(task), rate, rescaling), in: place, draw: draw) { model, folder in
            if draw == 0, rate == config.judgedRate, rescaling == .density {
              try describe(folder, beside: tuned(task), into: &result)
            }
            return try tuning.right(task, model)
          }
        }
      }
    }
    result.series["weights"] = try overDraws { try withoutWeights(task, in: place, draw: $0) }
    for (name, values) in result.series { result.figures[name] = Self.mean(values) }
    return result
  }

  /// The accuracy after a share of the tuned weights themselves was dropped: their difference from a model of zeros.
  private func withoutWeights(_ task: InstructionTask, in place: URL, draw: Int) throws -> [Double] {
    let nothing = place.appending(path: "zero")
    if !FileSystem.isFolder(nothing) {
      var zero = MergeConfig.average(of: [base.path], weights: [1])
      zero.models[0].parameters["weight"] = .value(.number(0))
      zero.parameters["normalize"] = .value(.flag(false))
      try ModelMerge(MergePlan(zero), random: random).write(to: nothing) { _ in }
    }
    let dropping = MergeConfig.dropAndRescale(
      of: [tuned(task).path], on: nothing.path, weights: [1], dropRate: config.weightRate)
    return try look(dropping, in: place, draw: draw) { model, _ in try tuning.right(task, model) }
  }

  private func continued(in place: URL) throws -> ArmFigures {
    let folder = try continuedRun.train(settings, run, shards: shards, in: place)
    var result = try continuedRun.figures(folder, settings, run, shards: shards)
    let text = try HeldOutText(shards, domains: [config.other], contextLength: settings.contextLength)
    let end = folder.checkpoint(step: continuedRun.steps)
    for rate in config.dropRates {
      for rescaling in [Rescaling.density, .none] {
        let bits = try overDraws { draw in
          try look(dropped(end, rate, rescaling), in: place, draw: draw) { model, folder in
            if draw == 0, rate == config.judgedRate, rescaling == .density {
              try describe(folder, beside: end, into: &result)
            }
            return [try text.bitsPerByte(under: model, device: run.device)]
          }
        }
        result.figures[Self.label(rescaling, rate)] = bits[0]
      }
    }
    return result
  }

  /// How far a model lies from the base, and what of that is left after dropping.
  private func describe(_ dropped: URL, beside tuned: URL, into result: inout ArmFigures) throws {
    let statistics = try DeltaStatistics(base: base.path, models: [tuned.path, dropped.path]) { _, _ in }.all
    let (before, after) = (statistics.models[0], statistics.models[1])
    result.figures["delta"] = before.meanMagnitude
    result.figures["relative delta"] = before.normRatio
    // Of what the tuning moved, since what it left alone cannot be dropped.
    result.figures["dropped share"] = (after.sparsity - before.sparsity) / (1 - before.sparsity)
    result.figures["magnitude left"] = after.meanMagnitude / before.meanMagnitude
  }

  // MARK: Two models in one

  private func merged(in place: URL) throws -> ArmFigures {
    var result = ArmFigures()
    for (first, second) in config.pairs {
      let models = [tuned(first).path, tuned(second).path]
      let sum = MergeConfig.taskVectors(of: models, on: base.path, weights: [1, 1])
      var ties = sum
      ties.methodName = MergeMethod.ties.rawValue
      ties.parameters["density"] = .value(.number(0.5))
      var configs: [(String, MergeConfig, isRandom: Bool)] = [
        ("sum", sum, false), ("average", .average(of: models, weights: [0.5, 0.5]), false), ("ties", ties, false),
      ]
      for rate in config.dropRates {
        for (name, consensus) in [("dare", TaskArithmeticMerge.Consensus.none), ("dare-ties", .electedSign)] {
          let config = MergeConfig.dropAndRescale(
            of: models, on: base.path, weights: [1, 1], dropRate: rate, consensus: consensus)
          configs.append((String(format: "\(name) %g", rate), config, true))
        }
      }
      for (name, config, isRandom) in configs {
        result.series[name, default: []] += try overDraws(isRandom ? self.config.draws : 1) { draw in
          try look(config, in: place, draw: draw) { model, _ in
            try tuning.right(first, model) + tuning.right(second, model)
          }
        }
      }
    }
    for (name, values) in result.series { result.figures[name] = Self.mean(values) }
    return result
  }

  // MARK: Parts

  static func label(_ rescaling: Rescaling, _ rate: Double) -> String {
    String(format: rescaling == .none ? "plain %g" : "rescaled %g", rate)
  }

  static func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(max(values.count, 1)) }

  private func dropped(_ model: URL, _ rate: Double, _ rescaling: Rescaling) -> MergeConfig {
    .dropAndRescale(of: [model.path], on: base.path, weights: [1], dropRate: rate, rescaling: rescaling)
  }

  /// The mean over the draws, item by item.
  private func overDraws(_ count: Int? = nil, _ measure: (Int) throws -> [Double]) throws -> [Double] {
    let rows = try (0..<(count ?? config.draws)).map(measure)
    return rows[0].indices.map { item in rows.reduce(0) { $0 + $1[item] } / Double(rows.count) }
  }

  private func look<Result>(
    _ config: MergeConfig, in place: URL, draw: Int, _ body: (any LanguageModel, URL) throws -> Result
  ) throws -> Result {
    let names = Dictionary(config.models.enumerated().map { ($1.model, "model \($0)") }) { first, _ in first }
    return try MergedModel.look(
      config, names: names, random: random.split(draw), in: place, device: run.device, body)
  }
}
