public import GroveCore

/// What the recipe `btm` trains and measures.
public struct BranchTrainMergeConfig: Config {
  /// Model, texts and tokens.
  public var training = ExpertTrainingConfig()
  /// The streams that get an expert each; dense models and seeds read them all.
  public var domains: [String] = []
  /// The streams that no model has read: they judge out of domain, and then get an expert each.
  public var added: [String] = []
  /// Shares of the seed phase that are compared; 0 and `training.seedShare` are among them.
  public var seedShares = [0, 0.25, 0.5, 0.75]

  public init() {}

  public func issues() -> [ConfigIssue] {
    var issues = training.issues().under("training")
    issues += training.issues("domains", naming: domains) + training.issues("added", naming: added)
    if domains.count < 2 { issues.append(ConfigIssue("domains", "\(domains.count) make no forest")) }
    if added.isEmpty { issues.append(ConfigIssue("added", "there is none to judge out of domain")) }
    if Set(domains + added).count != domains.count + added.count {
      issues.append(ConfigIssue("added", "a stream is named twice, here or in domains"))
    }
    for (index, share) in seedShares.enumerated() {
      issues += training.issues(ofSeedShare: share, "seedShares.\(index)")
    }
    if !seedShares.contains(0) || !seedShares.contains(training.seedShare) || training.seedShare == 0
      || Set(seedShares).count != seedShares.count
    {
      issues.append(ConfigIssue("seedShares", "\(seedShares) are not different shares with 0 and training.seedShare"))
    }
    return issues
  }
}

extension BranchTrainMergeConfig {
  /// A few seconds.
  static var smoke: BranchTrainMergeConfig {
    var config = BranchTrainMergeConfig()
    config.training.width = 16
    config.training.layers = 1
    config.training.heads = 2
    config.training.vocabularySize = 320
    config.training.contextLength = 32
    config.training.precision = .float32
    config.training.steps = 48  // so that 2 and 3 experts divide the rest into whole steps
    config.training.batchSize = 4
    config.training.expertBatchSize = 2
    config.training.warmupSteps = 4
    config.training.heldOutShare = 0.4
    config.training.developmentTokens = 512
    config.training.bytesPerPart = 60_000
    config.training.streams = ExpertTrainingConfig.files("dictionary", "math", "scripture")
    config.domains = ["math", "scripture"]
    config.added = ["dictionary"]
    config.seedShares = [0, 0.5]
    return config
  }

  /// 0.4M parameters, 1.5M tokens, three seeds; five domains, and two that are left out.
  static var tiny: BranchTrainMergeConfig {
    var config = BranchTrainMergeConfig()
    config.training.seeds = 3
    config.training.streams = ExpertTrainingConfig.files(
      "manual-en", "manual-es", "math", "python", "scripture", "dictionary", "manual-fr")
    config.domains = ["manual-en", "manual-es", "math", "python", "scripture"]
    config.added = ["dictionary", "manual-fr"]
    return config
  }

  /// The paper's, at its smallest size: 125M parameters, eight domains, 80,000 steps of 512 sequences of 1,024 tokens.
  static var full: BranchTrainMergeConfig {
    var config = BranchTrainMergeConfig()
    config.training.width = 768
    config.training.layers = 12
    config.training.heads = 12
    config.training.vocabularySize = 50_304
    config.training.contextLength = 1024
    config.training.steps = 80_000
    config.training.batchSize = 512
    config.training.expertBatchSize = 64
    config.training.learningRate = 5e-4
    config.training.warmupSteps = 6400
    config.training.heldOutShare = 0.002
    config.training.developmentTokens = 1 << 17
    let domains = ["1b", "cs", "legal", "med", "openwebtext", "realnews", "reddit", "reviews"]
    let others = [
      "acl-papers", "breaking-news", "contracts", "cord-19", "github", "gutenberg", "tweets", "yelp",
    ]
    config.training.streams = (domains + others).map { TextStream($0, TextPart($0)) }
    config.domains = domains
    config.added = others
    return config
  }
}
