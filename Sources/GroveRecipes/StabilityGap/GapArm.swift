import Foundation
import GroveCore
import GroveCorpus
import GroveModel
import GroveTrain

/// A way to continue the base on the domain.
struct GapArm: Sendable {
  /// What is read.
  enum Text: String, CaseIterable, Sendable {
    case onePass = "one-pass"
    case subset
    case best
    case mixture
  }

  let text: Text
  /// Without it the rate keeps to the floor.
  let isRewarmed: Bool

  static let base = "base"
  static var all: [GapArm] {
    Text.allCases.flatMap { text in [true, false].map { GapArm(text: text, isRewarmed: $0) } }
  }

  var name: String { GapArm.name(text, isRewarmed: isRewarmed) }
  static func name(_ text: Text, isRewarmed: Bool) -> String { text.rawValue + (isRewarmed ? "" : "-constant") }

  private func shares(_ config: StabilityGapConfig) -> [String: Double] {
    switch text {
    case .onePass: [config.domain: 1]
    case .subset: [DomainSubsets.random: 1]
    case .best: [DomainSubsets.best: 1]
    case .mixture: config.mixture
    }
  }

  /// The run of a seed.
  /// - Parameter base: the last checkpoint of the seed's base.
  func run(_ config: StabilityGapConfig, seed: Int, base: URL) -> StreamRun {
    let settings = config.pretraining
    return StreamRun(
      name: name, seed: seed, start: base, shares: shares(config), judges: config.old + [config.domain],
      steps: settings.steps, peak: isRewarmed ? 1 : settings.floorShare,
      warmupSteps: isRewarmed ? Int((settings.warmupShare * Double(settings.steps)).rounded(.up)) : nil,
      savesDensely: true)
  }

  /// The base: a whole schedule, down to its floor, on the old text.
  static func base(_ config: StabilityGapConfig, seed: Int) -> StreamRun {
    let steps = config.pretraining.baseSteps
    return StreamRun(
      name: base, seed: seed, start: nil, shares: config.shares, judges: config.old + [config.domain], steps: steps,
      peak: 1, warmupSteps: max(1, steps / 100))
  }

  /// Adds the probes of every checkpoint of a run to its figures, and removes all checkpoints but the last.
  static func probe(
    _ folder: RunFolder, _ config: StabilityGapConfig, _ run: RecipeRun, shards: URL, into result: inout ArmFigures
  ) throws {
    let probe = try GapProbe(config, shards: shards)
    let steps = try folder.checkpointSteps()
    var rows: [GapProbe.Scores] = []
    for step in steps {
      let model = try ModelFolder.load(folder.checkpoint(step: step))
      try model.prepare(.float32, training: false, device: run.device)
      rows.append(try probe.scores(model, device: run.device))
      if step != steps.last { try FileSystem.remove(folder.checkpoint(step: step)) }
    }
    result.series["probed steps"] = steps.map(Double.init)
    result.series["domain score"] = rows.map { GapProbe.Scores.mean($0.domain) }
    result.series["old score"] = rows.map { GapProbe.Scores.mean($0.old) }
    result.series["copying score"] = rows.map { GapProbe.Scores.mean($0.copying) }
    result.series["mean score"] = rows.map(\.mean)
    for (step, row) in zip(steps, rows) where Double(step) <= config.dipShare * Double(config.pretraining.steps) {
      result.series["domain score at \(step)"] = row.domain
      result.series["old score at \(step)"] = row.old
    }
    result.figures["mean score"] = rows.last?.mean
  }

  /// How often a run reads each sequence of what is new in its text.
  func passes(_ config: StabilityGapConfig, shards: URL) throws -> Double {
    let shares = shares(config)
    let names = shares.keys.filter { config.shares[$0] == nil }.sorted()
    let dataset = try TokenDataset(
      folder: shards, split: .train, domains: .only(names), contextLength: config.pretraining.contextLength)
    let read = Double(config.pretraining.steps * config.pretraining.batchSize)
    let share = names.reduce(0) { $0 + (shares[$1] ?? 0) } / shares.values.sorted().reduce(0, +)
    return share * read / Double(max(dataset.domains.reduce(0) { $0 + $1.sequences }, 1))
  }
}
