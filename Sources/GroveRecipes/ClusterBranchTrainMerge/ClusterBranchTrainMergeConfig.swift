import GroveCluster
public import GroveCore

/// What the recipe `c-btm` trains and measures.
public struct ClusterBranchTrainMergeConfig: Config {
  /// Model, texts and tokens. The streams' names are the labels that nobody is told.
  public var training = ExpertTrainingConfig()
  /// How clusters are found.
  public var clustering = ClusterSettings()
  /// The number of clusters that the criteria are about.
  public var clusters = 4
  /// Numbers of clusters whose gain is reported; `clusters` is one of them.
  public var clusterCounts = [2, 4, 8]

  public init() {}

  public func issues() -> [ConfigIssue] {
    var issues = training.issues().under("training") + clustering.issues().under("clustering")
    if training.seedShare == 0 { issues.append(ConfigIssue("training.seedShare", "0 leaves no seed to branch from")) }
    if !(3...256).contains(clusters) {
      issues.append(ConfigIssue("clusters", "\(clusters) is outside 3...256: the best two of them must not be all"))
    }
    if !clusterCounts.contains(clusters) || Set(clusterCounts).count != clusterCounts.count
      || !clusterCounts.allSatisfy((2...256).contains)
    {
      issues.append(
        ConfigIssue("clusterCounts", "\(clusterCounts) are not different numbers in 2...256 with \(clusters)"))
    }
    return issues
  }

  /// The divisions of the text that a forest is grown on; the one of the criteria is the first.
  var divisions: [ClusterDivision] {
    [ClusterDivision(method: .balanced, clusters: clusters)]
      + clusterCounts.filter { $0 != clusters }.map { ClusterDivision(method: .balanced, clusters: $0) }
      + [.plain, .random].map { ClusterDivision(method: $0, clusters: clusters) }
  }
}

extension ClusterBranchTrainMergeConfig {
  /// A few seconds.
  static var smoke: ClusterBranchTrainMergeConfig {
    var config = ClusterBranchTrainMergeConfig()
    config.training = BranchTrainMergeConfig.smoke.training
    config.clustering.dimensions = 20
    config.clusters = 3
    config.clusterCounts = [2, 3]
    return config
  }

  /// 0.4M parameters, 1.5M tokens, three seeds, five kinds of text.
  static var tiny: ClusterBranchTrainMergeConfig {
    var config = ClusterBranchTrainMergeConfig()
    config.training.seeds = 3
    config.training.streams = ExpertTrainingConfig.files("dictionary", "manual-en", "math", "python", "scripture")
    return config
  }

  /// The paper's: OPT-1.3B's shape on C4, 10,000 steps of 1,024 × 8 sequences of 2,048 tokens. Its experts branch from a
  /// model that was trained before; ours from half of these steps.
  static var full: ClusterBranchTrainMergeConfig {
    var config = ClusterBranchTrainMergeConfig()
    config.training.width = 2048
    config.training.layers = 24
    config.training.heads = 32
    config.training.vocabularySize = 50_272
    config.training.contextLength = 2048
    config.training.steps = 10_000
    config.training.batchSize = 8192
    config.training.expertBatchSize = 1024
    config.training.learningRate = 2e-4
    config.training.warmupSteps = 0
    config.training.heldOutShare = 0.0001
    config.training.developmentTokens = 1 << 17
    config.training.streams = ExpertTrainingConfig.files("c4")
    config.clustering.pieceBytes = 0
    config.clusters = 16
    config.clusterCounts = [8, 16, 32, 64, 128]
    return config
  }
}
