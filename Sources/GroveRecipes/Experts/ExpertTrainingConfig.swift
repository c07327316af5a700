import Foundation
public import GroveCore
import GroveForest
public import GroveModel
import GroveTensor
import GroveTrain

/// What recipes about forests of experts share: a model, the texts, and how the tokens are divided.
///
/// The dense model sees `steps` × `batchSize` × `contextLength` tokens. A forest sees as many: its seed is the dense run up
/// to a share of the steps, so it costs no training of its own here, and its experts divide the rest among them.
public struct ExpertTrainingConfig: Config, DecoderShape, TextStreamSettings {
  /// Trainings of each arm.
  public var seeds = 1
  /// Width of the residual stream, C. That of the feed-forward layers is 8/3 of it, rounded up to a multiple of 8.
  public var width = 96
  /// Blocks, L.
  public var layers = 2
  /// Heads of attention, H. They divide the width into parts of even width.
  public var heads = 4
  /// Ids of the models, and the most that the tokenizer learns; at least 257, for 256 bytes and the end of text.
  public var vocabularySize = 2048
  /// Positions of a training sequence, T.
  public var contextLength = 256
  /// Of training and of judging.
  public var precision = Precision.bfloat16
  /// Steps of the dense model.
  public var steps = 720
  /// Sequences of a step of the dense model whose beginning is the seed.
  public var batchSize = 8
  /// Sequences of an expert's step. Fewer give an expert more steps for its tokens. A second dense model trains with these
  /// too, on as many tokens, and the better of the two is compared.
  public var expertBatchSize = 4
  /// The peak of the schedule, which falls linearly to 0 over seed and experts.
  public var learningRate = 8e-3
  /// Steps of the warm-up.
  public var warmupSteps = 50
  /// Share of the tokens that the seed trains on.
  public var seedShare = 0.5
  /// Share of the documents that are held out.
  public var heldOutShare = 0.15
  /// Share of those that weights and priors are estimated on; the others judge.
  public var developmentShare = 0.33
  /// Tokens of each text for such an estimate, whole documents.
  public var developmentTokens = 8192
  /// Documents are taken from a file until it has given a stream so many bytes; 0 takes all.
  public var bytesPerPart = 0
  /// The texts.
  public var streams: [TextStream] = []

  public init() {}

  public func issues() -> [ConfigIssue] {
    var issues = ConfigIssue.notPositive([
      "seeds": seeds, "steps": steps, "batchSize": batchSize, "expertBatchSize": expertBatchSize,
      "developmentTokens": developmentTokens,
    ])
    issues += shapeIssues()
    if !precision.isForTraining {
      issues.append(ConfigIssue("precision", "\(precision.rawValue) is for inference; train in bfloat16 or float32"))
    }
    issues += ConfigIssue.notPositive(["learningRate": learningRate])
    if !(0...max(steps, 0)).contains(warmupSteps) {
      issues.append(ConfigIssue("warmupSteps", "\(warmupSteps) is outside 0...\(steps)"))
    }
    issues += self.issues(ofSeedShare: seedShare, "seedShare")
    if !(0 < developmentShare && developmentShare < 1) {
      issues.append(ConfigIssue("developmentShare", "\(developmentShare) is outside (0, 1)"))
    }
    if steps > 0, batchSize > 0, expertBatchSize > 0, steps * batchSize % expertBatchSize != 0 {
      issues.append(
        ConfigIssue("expertBatchSize", "\(expertBatchSize) does not divide \(steps * batchSize) sequences"))
    }
    return issues + textIssues()
  }

  /// What is wrong with a share of the seed: the dense run must have a checkpoint there.
  func issues(ofSeedShare share: Double, _ field: String) -> [ConfigIssue] {
    let step = share * Double(steps)
    if share >= 0, share < 1, abs(step - step.rounded()) < 1e-9 { return [] }
    return [ConfigIssue(field, "\(share) of \(steps) steps is not a number of steps below all")]
  }
}

extension ExpertTrainingConfig {
  /// What one text a file is called: the file.
  static func files(_ names: String...) -> [TextStream] { names.map { TextStream($0, TextPart($0)) } }

  /// Tokens of the dense model.
  var tokens: Int { steps * batchSize * contextLength }

  /// The step of the dense run that is the seed of a share.
  func seedStep(_ share: Double) -> Int { Int((share * Double(steps)).rounded()) }

  /// The forest of an arm: a dense model, a seed phase of it, and an expert for each domain.
  func forest(_ domains: [String], seedShare: Double, seed: Int, shards: URL, device: Device) -> ForestConfig {
    var config = ForestConfig()
    config.model = model
    config.data.folder = shards.path
    config.data.domains = domains
    config.training.seed = seed
    config.training.steps = steps
    config.training.batchSize = batchSize
    config.training.precision = precision
    config.training.optimizer.matrices = .muon
    config.training.optimizer.learningRate = learningRate
    config.training.schedule.shape = .linear
    config.training.schedule.warmupSteps = warmupSteps
    config.training.schedule.finalShare = 0
    config.training.threads = device == .cpu ? 1 : 0
    config.growth.seedShare = seedShare
    config.growth.batchSize = expertBatchSize
    // The recipe judges by itself; the loop does so once, on one document of each domain.
    config.validation.everySteps = 0
    config.validation.tokensPerDomain = 1
    config.checkpoints.everySteps = 0
    config.checkpoints.keep = 0
    return config
  }

  /// The dense model's run.
  /// - Parameters:
  ///   - batchSize: `batchSize`, or another one that gives as many tokens.
  ///   - seedShares: of which it keeps the checkpoints.
  func dense(
    _ domains: [String], batchSize: Int, seedShares: [Double], seed: Int, shards: URL, device: Device
  ) -> RunConfig {
    var config = forest(domains, seedShare: 0, seed: seed, shards: shards, device: device).dense
    let ratio = Double(self.batchSize) / Double(batchSize)
    config.training.batchSize = batchSize
    config.training.steps = Int((Double(steps) * ratio).rounded())
    config.training.schedule.warmupSteps = Int((Double(warmupSteps) * ratio).rounded())
    config.checkpoints.everySteps = seedShares.map { seedStep($0) }.reduce(0, greatestCommonDivisor)
    return config
  }

  private func greatestCommonDivisor(_ a: Int, _ b: Int) -> Int { b == 0 ? a : greatestCommonDivisor(b, a % b) }

  /// What the dense runs and a forest's experts cost.
  func plan(dense batchSizes: [Int]) -> [RecipePlan.Arm] {
    batchSizes.map { plan(DenseArm.name($0), seeds: seeds, tokens: tokens) }
  }

  /// What the experts of a forest cost after a seed phase of a share.
  func plan(experts name: String, seedShare: Double) -> RecipePlan.Arm {
    plan(name, seeds: seeds, tokens: Int((Double(tokens) * (1 - seedShare)).rounded()))
  }
}
