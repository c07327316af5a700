public import GroveCore
import GroveModel

/// What the recipe `sparse-transformer` trains and measures.
public struct SparseTransformerConfig: Config {
  /// Model, texts and training; the model is the dense one, and its `attention.block` is that of the patterns.
  public var training = ComparisonConfig()
  /// Lengths at which attention is timed, with blocks of their roots.
  public var timedLengths = [512, 1024, 2048, 4096, 8192]
  /// Measurements of each length and pattern, after one that does not count.
  public var timedRounds = 5
  /// Layers of the model whose memory is measured with and without recomputation.
  public var recomputedLayers = 8

  public init() {
    training.model.contextLength = 1024
    training.model.attention.block = 32
    training.model.attention.summary = 4
    training.model.feedForward.form = .plain
    training.model.feedForward.activation = .gelu
    training.model.feedForwardWidth = 256
    training.model.norm.kind = .layer
    training.model.vocabularySize = 257
  }

  public func issues() -> [ConfigIssue] {
    var issues = training.issues().under("training")
    let attention = training.model.attention
    if attention.pattern != .full || attention.window > 0 {
      issues.append(ConfigIssue("training.model.attention.pattern", "the model is the dense one; the arms set it"))
    }
    if !(2...max(training.model.contextLength / 2, 2)).contains(attention.block) {
      issues.append(
        ConfigIssue("training.model.attention.block", "\(attention.block) is outside 2...half of the context"))
    }
    if timedLengths.count < 3 || timedLengths.contains(where: { $0 < 16 || $0 > 1 << 16 })
      || zip(timedLengths, timedLengths.dropFirst()).contains(where: { $0 >= $1 })
    {
      issues.append(ConfigIssue("timedLengths", "\(timedLengths) are not three or more that rise from 16 to 65536"))
    }
    issues += ConfigIssue.notPositive(["timedRounds": timedRounds, "recomputedLayers": recomputedLayers])
    return issues
  }

  /// A few seconds.
  static var smoke: SparseTransformerConfig {
    var config = SparseTransformerConfig()
    config.training.model.contextLength = 64
    config.training.model.width = 16
    config.training.model.layers = 1
    (config.training.model.attention.heads, config.training.model.attention.keyValueHeads) = (2, 2)
    config.training.model.attention.block = 8
    config.training.model.attention.summary = 2
    config.training.model.feedForwardWidth = 32
    config.training.steps = 8
    config.training.batchSize = 2
    config.training.warmupSteps = 2
    config.training.bytesPerPart = 20_000
    config.training.heldOutShare = 0.3
    config.training.streams = texts
    config.timedLengths = [64, 128, 256]
    config.timedRounds = 2
    config.recomputedLayers = 4
    return config
  }

  /// 0.1M parameters on 1.6M bytes, three seeds.
  static var tiny: SparseTransformerConfig {
    var config = SparseTransformerConfig()
    config.training.seeds = 3
    config.training.steps = 400
    config.training.batchSize = 4
    config.training.heldOutShare = 0.1
    config.training.streams = texts
    return config
  }

  /// The paper's for text: 30 layers of width 512 on 12,288 bytes of enwik8.
  static var full: SparseTransformerConfig {
    var config = SparseTransformerConfig()
    config.training.model.contextLength = 12_288
    config.training.model.width = 512
    config.training.model.layers = 30
    (config.training.model.attention.heads, config.training.model.attention.keyValueHeads) = (8, 8)
    config.training.model.attention.block = 128
    config.training.model.attention.summary = 32
    config.training.model.feedForwardWidth = 2048
    config.training.model.dropout = 0.4
    config.training.steps = 45_000
    config.training.batchSize = 32
    config.training.learningRate = 3.5e-4
    config.training.warmupSteps = 5000
    config.training.floorShare = 0
    config.training.streams = [TextStream("text", TextPart("enwik8"))]
    config.recomputedLayers = 30
    return config
  }

  private static var texts: [TextStream] {
    [TextStream("books", TextPart("scripture")), TextStream("code", TextPart("python"))]
  }
}
