import Foundation
import GroveCore
import GroveEval
import GroveMerge
import GroveModel
import GroveTrain

/// What is trained of one seed: a base, its instruct model, both continued on new text, and the continued base with the
/// residual of the instruct model.
struct InstructionResidualArms: Sendable {
  let config: InstructionResidualConfig
  let run: RecipeRun
  let shards: URL
  let tuning: InstructionTuning
  let seed: Int

  static let base = "base"
  static let instruct = "instruct"
  static let continuedBase = "continued-base"
  static let continuedInstruct = "continued-instruct"
  static let residual = "residual"

  private var settings: ContinuedPretrainingConfig { config.pretraining }

  private var baseRun: StreamRun {
    let steps = settings.baseSteps
    return StreamRun(
      name: Self.base, seed: seed, start: nil, shares: config.readTasks.shares(beside: config.general),
      judges: [config.general, config.new], steps: steps, peak: 1, warmupSteps: max(1, steps / 100))
  }

  /// The rate at which the base ended, kept, so that nothing is warmed up again, and so that a checkpoint on the way is the end
  /// of a shorter continuation.
  private func continuedRun(_ name: String, from start: URL) -> StreamRun {
    StreamRun(
      name: name, seed: seed, start: start, shares: [config.new: 1], judges: [config.general, config.new],
      steps: settings.steps, peak: settings.floorShare, warmupSteps: nil, savesDensely: true)
  }

  private var base: URL { StreamRun.end(baseRun, of: run) }
  private var instruct: URL { run.place(of: Self.instruct, seed: seed).appending(path: "tuned") }
  private func continuedBase(_ step: Int) -> URL {
    RunFolder(run.place(of: Self.continuedBase, seed: seed).appending(path: "run")).checkpoint(step: step)
  }

  // MARK: Jobs

  func baseJob() -> RecipeRun.Job {
    RecipeRun.Job(Self.base, seed: seed) { place in
      let folder = try baseRun.train(settings, run, shards: shards, in: place)
      var result = try baseRun.figures(folder, settings, run, shards: shards)
      try judge(base, "", into: &result)
      return result
    }
  }

  func instructJob() -> RecipeRun.Job {
    RecipeRun.Job(Self.instruct, seed: seed) { _ in
      try tuning.tune(base, on: config.tasks, seed: seed, to: instruct) { step, loss in
        try run.checkStop()
        run.onEvent(
          .step(arm: Self.instruct, seed: seed, step: step, of: config.instructions.steps, lossNats: loss))
      }
      var result = ArmFigures()
      try judge(instruct, "", into: &result)
      return result
    }
  }

  func continuedJobs() -> [RecipeRun.Job] {
    [(Self.continuedInstruct, instruct), (Self.continuedBase, base)].map { name, start in
      RecipeRun.Job(name, seed: seed) { place in
        let stream = continuedRun(name, from: start)
        let folder = try stream.train(settings, run, shards: shards, in: place)
        var result = try stream.figures(folder, settings, run, shards: shards)
        for step in try folder.checkpointSteps() where step > 0 {
          if config.lengths.contains(step) {
            try judge(folder.checkpoint(step: step), " at \(step)", into: &result)
          } else {
            try FileSystem.remove(folder.checkpoint(step: step))
          }
        }
        return result
      }
    }
  }

  func residualJob() -> RecipeRun.Job {
    RecipeRun.Job(Self.residual, seed: seed) { place in
      var result = ArmFigures()
      for length in config.lengths {
        try look(length, scale: 1, in: place) { try judge($0, " at \(length)", into: &result) }
      }
      for scale in config.scales {
        let name = String(format: " times %g", scale)
        try look(config.longest, scale: scale, in: place) { try judge($0, name, into: &result) }
      }
      // Of a base that has not moved, the residual makes the instruct model; and no residual leaves the base alone.
      result.figures["residual error"] = try max(
        look(0, scale: 1, in: place) { try distance($0, instruct) },
        look(config.longest, scale: 0, in: place) { try distance($0, continuedBase(config.longest)) })
      return result
    }
  }

  // MARK: Parts

  /// B' + scale · (I − B), as a sum of two task vectors of B.
  private func look<Result>(_ length: Int, scale: Double, in place: URL, _ body: (URL) throws -> Result) throws
    -> Result
  {
    let config = MergeConfig.taskVectors(
      of: [continuedBase(length).path, instruct.path], on: base.path, weights: [1, scale])
    return try MergedModel.look(config, names: [:], random: RandomKey(seed: 0), in: place, device: run.device) {
      try body($1)
    }
  }

  /// The largest difference of a weight.
  private func distance(_ first: URL, _ second: URL) throws -> Double {
    try DeltaStatistics(base: second.path, models: [first.path]) { _, _ in }.all.models[0].largest
  }

  /// Adds what a checkpoint answers and what it pays for the held-out text.
  private func judge(_ checkpoint: URL, _ suffix: String, into result: inout ArmFigures) throws {
    var all: [Double] = []
    for task in config.tasks {
      let right = try tuning.right(task, checkpoint)
      result.figures["\(task.rawValue)\(suffix)"] = right.reduce(0, +) / Double(right.count)
      all += right
    }
    result.series["right\(suffix)"] = all
    result.figures["accuracy\(suffix)"] = all.reduce(0, +) / Double(all.count)
    for stream in [config.general, config.new] {
      let losses = try HeldOutText(shards, domains: [stream], contextLength: settings.contextLength)
        .losses(under: checkpoint, precision: run.judgingPrecision, device: run.device)
      let (nats, tokens) = losses.reduce((0.0, 0)) { ($0.0 + $1.nats, $0.1 + $1.tokens) }
      result.figures["\(stream) nats a token\(suffix)"] = nats / Double(max(tokens, 1))
    }
  }
}
