import Foundation
import GroveCore
import GroveForest
import GroveTrain

/// The experts of a forest: one for each of some domains, all from the same seed and on equally many tokens.
struct ExpertArm: Sendable {
  let name: String
  let domains: [String]
  /// Share of the tokens that the seed has seen; without one every expert draws its own weights.
  let seedShare: Double

  /// Trains the experts one after the other in the arm's folder, from the dense run of the seed, and opens them.
  /// - Returns: the tokens of seed phase and experts as the figure "tokens", and what judges the experts.
  func grow(
    _ settings: ExpertTrainingConfig, _ run: RecipeRun, seed: Int, shards: URL, text: ExpertText, in place: URL,
    distances: (ExpertPool) throws -> ExpertDistances? = { _ in nil }
  ) throws -> (ArmFigures, ExpertJudge) {
    let start = DenseArm.seed(seedShare, settings, of: run, seed: seed)
    let plan = try plan(settings, run, seed: seed, shards: shards)
    let experts = try plan.experts.map { expert in
      let folder = try run.train(
        plan.run(of: expert, from: start), in: ExpertArm.folder(expert.name, place), as: name, seed: seed)
      return Expert(expert.name, folder: folder.checkpoint(step: expert.steps))
    }
    return (
      ArmFigures(figures: ["tokens": Double(plan.trainingTokens)]),
      try ExpertJudge(experts, text, settings, device: run.device, distances: distances)
    )
  }

  /// The experts that a seed of the arm has trained.
  func experts(_ settings: ExpertTrainingConfig, _ run: RecipeRun, seed: Int, shards: URL) throws -> [Expert] {
    let place = run.place(of: name, seed: seed)
    return try plan(settings, run, seed: seed, shards: shards).experts.map { expert in
      Expert(
        expert.name, folder: RunFolder(ExpertArm.folder(expert.name, place)).checkpoint(step: expert.steps))
    }
  }

  /// An expert of another domain with as many tokens as one of these: one that is added.
  func train(
    added domain: String, _ settings: ExpertTrainingConfig, _ run: RecipeRun, seed: Int, shards: URL, start: URL,
    as arm: String, in place: URL
  ) throws -> Expert {
    let own = try plan(settings, run, seed: seed, shards: shards)
    guard let like = own.experts.first else { preconditionFailure("a forest without experts") }
    var config = own.run(of: like, from: start)
    config.data.domains = [domain]
    let folder = try run.train(config, in: ExpertArm.folder(domain, place), as: arm, seed: seed)
    return Expert(domain, folder: folder.checkpoint(step: like.steps))
  }

  private func plan(
    _ settings: ExpertTrainingConfig, _ run: RecipeRun, seed: Int, shards: URL
  ) throws -> ForestPlan {
    try ForestPlan(settings.forest(domains, seedShare: seedShare, seed: seed, shards: shards, device: run.device))
  }

  private static func folder(_ expert: String, _ place: URL) -> URL { place.appending(path: "experts/\(expert)") }
}
