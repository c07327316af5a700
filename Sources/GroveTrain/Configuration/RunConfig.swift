public import GroveCore
public import GroveCorpus
public import GroveModel
import GroveTensor

/// Everything that decides what a training run computes. It is saved with the run, and a run goes on only with the same.
public struct RunConfig: Config {
  /// The shape of the decoder; a vocabulary's size of 0 is filled in from the data's tokenizer.
  public var model = ModelConfig()
  /// What is read. The folder may move between two calls of a run, but its content may not change.
  public var data = DataConfig()
  /// Where the weights of step 0 come from.
  public var start = StartConfig()
  public var training = TrainingConfig()
  public var validation = ValidationConfig()
  public var checkpoints = CheckpointConfig()

  public init() {}

  public func issues() -> [ConfigIssue] {
    var issues =
      model.issues().under("model") + data.issues().under("data") + start.issues().under("start")
      + training.issues().under("training")
      + validation.issues().under("validation") + checkpoints.issues().under("checkpoints")
    if model.linear.sparsity > 0, training.optimizer.matrices == .muon {
      // Its steps move all places of a matrix.
      issues.append(
        ConfigIssue("model.linear.sparsity", "places stay 0 with training.optimizer.matrices adamW, not with muon"))
    }
    let tokens = Double(training.steps) * Double(training.batchSize) * Double(model.contextLength)
    guard issues.isEmpty, tokens > 1e18 else { return issues }
    return [ConfigIssue("training.steps", "\(tokens) tokens are more than a run can count")]
  }
}

/// Which tokens a run reads.
public struct DataConfig: Config {
  /// A folder that `grove shard build` made.
  public var folder = ""
  /// Domains to read; empty for all.
  public var domains: [String] = []
  /// Share of the samples for each domain, any positive scale. Empty mixes in proportion to the domains' sizes.
  public var weights: [String: Double] = [:]

  public init() {}

  /// The domains as a dataset takes them.
  public var domainChoice: DomainChoice { domains.isEmpty ? .all : .only(domains) }
  /// The weights as an order takes them.
  public var mixing: Mixing { weights.isEmpty ? .proportional : .weighted(weights) }

  public func issues() -> [ConfigIssue] {
    weights.sorted { $0.key < $1.key }.compactMap { name, weight in
      weight > 0 && weight.isFinite
        ? nil : ConfigIssue("weights.\(name)", "\(weight) is not a positive number; leave out what is not wanted")
    }
  }

  /// - Throws: `GroveError` if no folder is named.
  func requireFolder() throws {
    if folder.isEmpty {
      throw GroveError(
        .config, "data.folder", "no data set is named", remedy: "Give a folder that 'grove shard build' made.")
    }
  }
}

/// The optimisation itself.
public struct TrainingConfig: Config {
  /// What to do when so many steps in a row have a loss or gradient that is not finite.
  public enum NonFiniteAction: String, Codable, Sendable, CaseIterable {
    case stop
    /// Go back to the last checkpoint before them and leave their batches out.
    case rollBack
  }

  /// Of the weights, the order of data and dropout.
  public var seed = 1
  /// Steps of the whole run; those that are skipped count too.
  public var steps = 1000
  /// Sequences of a step, those of all processes together: a multiple of their number.
  public var batchSize = 16
  /// Sequences that go through the model at once; 0 takes a process's whole share of the batch. Without dropout the result
  /// differs only in rounding; dropout draws for each of these parts, so that only a number here makes its draws the same
  /// for any number of processes.
  public var microBatchSize = 0
  /// Of the matrices; float16 is refused.
  public var precision = Precision.bfloat16
  public var optimizer = OptimizerConfig()
  /// The activations within a block are not kept but made again in the backward pass: a third more time, for the memory of
  /// one block's instead of all (Chen et al. 2016, arXiv:1604.06174).
  public var recompute = false
  /// Of the learning rate, over all `steps`.
  public var schedule = ScheduleConfig()
  /// Largest norm of the gradient of all parameters together; 0 does not clip.
  public var gradientClip = 1.0
  /// Weight of mean(log²Z) in the loss (Chowdhery et al. 2022, arXiv:2204.02311, §5).
  public var zLoss = 0.0
  /// Threads of an operator; 0 takes the machine's cores. Processes on one machine share them. Another number can change
  /// the last bits.
  public var threads = 0
  /// So many steps in a row that are not finite call for `nonFiniteAction`; fewer are only skipped.
  public var nonFiniteLimit = 10
  /// What happens then. A run rolls back three times at most, and then stops.
  public var nonFiniteAction = NonFiniteAction.stop

  public init() {}

  public func issues() -> [ConfigIssue] {
    var issues: [ConfigIssue] = []
    if seed < 0 { issues.append(ConfigIssue("seed", "\(seed) is negative")) }
    issues += ConfigIssue.notPositive(["steps": steps, "batchSize": batchSize])
    if microBatchSize < 0 || (microBatchSize > 0 && batchSize % microBatchSize != 0) {
      issues.append(ConfigIssue("microBatchSize", "\(microBatchSize) does not divide batchSize \(batchSize)"))
    }
    if !precision.isForTraining {
      issues.append(ConfigIssue("precision", "\(precision.rawValue) is for inference; train in bfloat16 or float32"))
    }
    if !(gradientClip >= 0) { issues.append(ConfigIssue("gradientClip", "\(gradientClip) is negative")) }
    if !(zLoss >= 0 && zLoss.isFinite) { issues.append(ConfigIssue("zLoss", "\(zLoss) is not a weight")) }
    if threads < 0 { issues.append(ConfigIssue("threads", "\(threads) is negative")) }
    if threads > Torch.mostThreads {
      issues.append(ConfigIssue("threads", "\(threads) is more than \(Torch.mostThreads)"))
    }
    issues += ConfigIssue.notPositive(["nonFiniteLimit": nonFiniteLimit])
    return issues + optimizer.issues().under("optimizer") + schedule.issues(steps: steps).under("schedule")
  }
}

/// How often, and on how much text, a run is judged.
public struct ValidationConfig: Config {
  /// Domains whose held-out documents judge the run, also such as it does not read: what it was trained on before, for
  /// one. Empty for those that it reads.
  public var domains: [String] = []
  /// Steps between validations; 0 validates at the end only.
  public var everySteps = 200
  /// Also after steps 1, 2, 4, 8, … 512: a run that starts from a checkpoint changes most in its first steps.
  public var logarithmic = false
  /// Tokens of each domain, whole documents; 0 takes all.
  public var tokensPerDomain = 8192

  public init() {}

  public func issues() -> [ConfigIssue] {
    var issues: [ConfigIssue] = []
    if everySteps < 0 { issues.append(ConfigIssue("everySteps", "\(everySteps) is negative")) }
    if tokensPerDomain < 0 { issues.append(ConfigIssue("tokensPerDomain", "\(tokensPerDomain) is negative")) }
    return issues
  }

  /// Whether the run is judged after so many steps; it always is at its end.
  public func isDue(after step: Int) -> Bool {
    (logarithmic && step.isLogarithmic) || (everySteps > 0 && step > 0 && step.isMultiple(of: everySteps))
  }
}

/// Which steps are saved, and which of those are kept.
public struct CheckpointConfig: Config {
  /// Steps between checkpoints; 0 saves at the end only.
  public var everySteps = 200
  /// Also at steps 0, 1, 2, 4, 8, … 512, as Pythia (Biderman et al. 2023, arXiv:2304.01373 §2); these are all kept.
  public var logarithmic = false
  /// How many of the regular checkpoints to keep; 0 keeps all.
  public var keep = 2

  public init() {}

  public func issues() -> [ConfigIssue] {
    var issues: [ConfigIssue] = []
    if everySteps < 0 { issues.append(ConfigIssue("everySteps", "\(everySteps) is negative")) }
    if keep < 0 { issues.append(ConfigIssue("keep", "\(keep) is negative")) }
    return issues
  }

  /// Whether a checkpoint of this step belongs to the logarithmic ones.
  public func isLogarithmic(_ step: Int) -> Bool {
    logarithmic && (step == 0 || step.isLogarithmic)
  }

  /// Whether the state after so many steps is saved.
  public func isDue(after step: Int) -> Bool {
    isLogarithmic(step) || (everySteps > 0 && step > 0 && step.isMultiple(of: everySteps))
  }
}

extension Int {
  /// Whether a step is 1, 2, 4, 8, … 512.
  fileprivate var isLogarithmic: Bool { (1...512).contains(self) && nonzeroBitCount == 1 }
}
