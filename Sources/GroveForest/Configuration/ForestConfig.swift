import Foundation
public import GroveCore
public import GroveModel
public import GroveTrain

/// Everything that decides how a forest grows: one seed, then an expert for each domain.
///
/// The sections are those of a run and mean the dense model that the forest is compared with: `training.steps` counts the
/// steps of the seed and of all experts together, so that forest and dense model see equally many tokens.
public struct ForestConfig: Config {
  /// The shape of every expert.
  public var model = ModelConfig()
  /// Token shards; each of the domains gets an expert. The weights mix the seed's data.
  public var data = DataConfig()
  /// What the seed begins with; without a seed phase, what every expert begins with.
  public var start = StartConfig()
  /// Of the seed; what `growth` does not say otherwise holds for the experts too.
  public var training = TrainingConfig()
  public var growth = GrowthConfig()
  /// Of the seed and of every expert.
  public var validation = ValidationConfig()
  /// Of the seed and of every expert.
  public var checkpoints = CheckpointConfig()

  public init() {}

  public func issues() -> [ConfigIssue] { dense.issues() + growth.issues(of: self).under("growth") }

  /// The folder of the checkpoint that the forest begins with; nil where weights are drawn.
  var startFolder: URL? { start.model.isEmpty ? nil : URL(filePath: start.model) }

  /// The run of a model that trains on all domains for as many tokens as the forest.
  public var dense: RunConfig {
    var run = RunConfig()
    run.model = model
    run.data = data
    run.start = start
    run.training = training
    run.validation = validation
    run.checkpoints = checkpoints
    return run
  }
}

/// How the training of a forest is shared between its seed and its experts.
public struct GrowthConfig: Config {
  /// How the experts share the tokens that the seed leaves.
  public enum TokenShare: String, Codable, Sendable, CaseIterable {
    /// The same for each.
    case equal
    /// In proportion to the tokens of their domains.
    case proportional
  }
  /// How an expert's learning rate moves.
  public enum ExpertSchedule: String, Codable, Sendable, CaseIterable {
    /// On from where the seed's stands, to the end that the dense model's would have (Li et al. 2022, §3).
    case continued
    /// `ownSchedule`, from the beginning.
    case own
  }

  /// Share of all tokens that the seed trains on, in [0, 1). 0 branches from `start`, or from random weights that differ
  /// between the experts. Half is what Li et al. 2022 (arXiv:2208.03306 §4.3) recommend.
  public var seedShare = 0.5
  public var tokens = TokenShare.equal
  /// The folder of the clusterer that found the domains, made by 'grove domains find'; empty for domains that came with the
  /// documents. The forest keeps a copy, for weights by distance.
  public var clusterer = ""
  public var schedule = ExpertSchedule.continued
  /// Used where `schedule` is `own`.
  public var ownSchedule = ScheduleConfig()
  /// Whether an expert begins with the seed's moments of the optimizer.
  public var moments = StartConfig.Moments.fresh
  /// Peak of the experts' learning rates, to which their schedule is applied; 0 is the seed's.
  public var learningRate = 0.0
  /// Sequences of an expert's step; 0 is the seed's. Fewer give an expert more steps for its tokens.
  public var batchSize = 0
  /// Cores of an expert's job.
  public var expertCores = 1
  /// Cores of the seed's job; 0 takes those of the machine that grows the forest.
  public var seedCores = 0

  public init() {}

  public func issues() -> [ConfigIssue] { issues(of: ForestConfig()) }

  func issues(of forest: ForestConfig) -> [ConfigIssue] {
    var issues: [ConfigIssue] = []
    if !(seedShare >= 0 && seedShare < 1) {
      issues.append(ConfigIssue("seedShare", "\(seedShare) is outside [0, 1): the experts need a share of the tokens"))
    }
    if !(learningRate >= 0 && learningRate.isFinite) {
      issues.append(ConfigIssue("learningRate", "\(learningRate) is not a rate"))
    }
    if batchSize < 0 { issues.append(ConfigIssue("batchSize", "\(batchSize) is negative")) }
    for (field, cores, least) in [("expertCores", expertCores, 1), ("seedCores", seedCores, 0)] {
      if cores < least { issues.append(ConfigIssue(field, "\(cores) is below \(least)")) }
    }
    if seedShare == 0, moments == .kept, forest.start.model.isEmpty {
      issues.append(ConfigIssue("moments", "there are none to keep: there is no seed phase, and start.model is empty"))
    }
    return issues + ownSchedule.issues().under("ownSchedule")
  }
}
