import Foundation
import GroveCore
import GroveTrain

/// Dense models on as many tokens as a forest: one whose run begins with the seeds of forests, and one with the experts'
/// batch. A forest is compared with the better of the two.
struct DenseArm: Sendable {
  let batchSize: Int
  let domains: [String]
  /// Of the forests that branch from it.
  let seedShares: [Double]

  /// "dense-8" for steps of eight sequences.
  static func name(_ batchSize: Int) -> String { "dense-\(batchSize)" }

  var name: String { DenseArm.name(batchSize) }

  /// The two batch sizes, or the one if they are the same.
  static func batchSizes(_ settings: ExpertTrainingConfig) -> [Int] {
    settings.batchSize == settings.expertBatchSize
      ? [settings.batchSize] : [settings.batchSize, settings.expertBatchSize]
  }

  /// The dense arms on some domains.
  static func all(_ settings: ExpertTrainingConfig, domains: [String], seedShares: [Double]) -> [DenseArm] {
    batchSizes(settings).map {
      DenseArm(batchSize: $0, domains: domains, seedShares: $0 == settings.batchSize ? seedShares : [])
    }
  }

  /// Trains one seed of the arm and judges its end.
  func job(
    _ settings: ExpertTrainingConfig, _ run: RecipeRun, seed: Int, shards: URL, text: ExpertText
  ) -> RecipeRun.Job {
    RecipeRun.Job(name, seed: seed) { place in
      let config = settings.dense(
        domains, batchSize: batchSize, seedShares: seedShares, seed: seed, shards: shards, device: run.device)
      let folder = try run.train(config, in: DenseArm.folder(place), as: name, seed: seed)
      var figures = ArmFigures(figures: ["tokens": Double(config.training.steps * batchSize * settings.contextLength)])
      let end = folder.checkpoint(step: config.training.steps)
      figures.series[ExpertRecords.model] = try text.judged.losses(
        under: end, precision: settings.precision, device: run.device
      ).map(\.nats)
      return figures
    }
  }

  /// The checkpoint that the experts of a forest branch from; nil without a seed phase.
  static func seed(_ share: Double, _ settings: ExpertTrainingConfig, of run: RecipeRun, seed: Int) -> URL? {
    let step = settings.seedStep(share)
    return step == 0 ? nil : checkpoint(step: step, settings, of: run, seed: seed)
  }

  /// The last checkpoint of the run that the seeds are taken from.
  static func end(_ settings: ExpertTrainingConfig, of run: RecipeRun, seed: Int) -> URL {
    checkpoint(step: settings.steps, settings, of: run, seed: seed)
  }

  private static func checkpoint(step: Int, _ settings: ExpertTrainingConfig, of run: RecipeRun, seed: Int) -> URL {
    RunFolder(folder(run.place(of: name(settings.batchSize), seed: seed))).checkpoint(step: step)
  }

  private static func folder(_ place: URL) -> URL { place.appending(path: "run") }
}
