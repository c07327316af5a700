public import GroveCore

/// What the recipe `rewarm` trains and measures.
public struct RewarmConfig: Config {
  /// Model, texts and schedules.
  public var pretraining = ContinuedPretrainingConfig()
  /// The stream of the base.
  public var upstream = "upstream"
  /// The stream that the base is continued on.
  public var downstream = "downstream"
  /// Warm-ups that are compared, as shares of the steps; `pretraining.warmupShare` is one of them.
  public var warmupShares = [0, 0.005, 0.01, 0.02]
  /// Peaks that are compared, in units of the base's; 1 is one of them.
  public var peaks = [0.5, 1, 2]
  /// Lengths that are compared with training from scratch, in units of `pretraining.steps`; 1 is one of them.
  public var lengths = [1, 2, 4]
  /// The share of the steps in which the spike is looked for.
  public var spikeShare = 0.05

  public init() {}

  public func issues() -> [ConfigIssue] {
    var issues = pretraining.issues().under("pretraining")
    issues += pretraining.issues("upstream", naming: [upstream])
    issues += pretraining.issues("downstream", naming: [downstream])
    if upstream == downstream { issues.append(ConfigIssue("downstream", "is the stream of the base too")) }
    if !warmupShares.contains(pretraining.warmupShare) || !warmupShares.allSatisfy((0..<1).contains) {
      issues.append(ConfigIssue("warmupShares", "\(warmupShares) are no shares with \(pretraining.warmupShare)"))
    }
    if !peaks.contains(1) || !peaks.allSatisfy({ $0 > 0 }) {
      issues.append(ConfigIssue("peaks", "\(peaks) are no positive peaks with 1"))
    }
    if !lengths.contains(1) || !lengths.allSatisfy({ $0 > 0 }) {
      issues.append(ConfigIssue("lengths", "\(lengths) are no positive lengths with 1"))
    }
    for (field, values) in [("warmupShares", warmupShares), ("peaks", peaks), ("lengths", lengths.map(Double.init))]
    where Set(values).count != values.count { issues.append(ConfigIssue(field, "\(values) has one twice")) }
    if !(0 < spikeShare && spikeShare <= 1) {
      issues.append(ConfigIssue("spikeShare", "\(spikeShare) is outside (0, 1]"))
    }
    return issues
  }
}

extension RewarmConfig {
  /// A few seconds.
  static var smoke: RewarmConfig {
    var config = RewarmConfig()
    config.pretraining.width = 16
    config.pretraining.layers = 1
    config.pretraining.heads = 2
    config.pretraining.vocabularySize = 320
    config.pretraining.contextLength = 32
    config.pretraining.baseSteps = 40
    config.pretraining.steps = 40
    config.pretraining.validations = 4
    config.pretraining.validationTokens = 512
    config.pretraining.bytesPerPart = 12_000
    config.pretraining.heldOutShare = 0.3
    config.pretraining.streams = shifted
    config.warmupShares = [0.01, 0.1]
    config.lengths = [1, 2]
    return config
  }

  /// 0.1M parameters on 0.4M tokens, three seeds.
  static var tiny: RewarmConfig {
    var config = RewarmConfig()
    config.pretraining.seeds = 3
    config.pretraining.streams = shifted
    return config
  }

  /// The paper's: Pythia-410M on the Pile, then 297 billion tokens of SlimPajama in batches of 1,104 × 2,048.
  static var full: RewarmConfig {
    var config = RewarmConfig()
    config.pretraining.width = 1024
    config.pretraining.layers = 24
    config.pretraining.heads = 16
    config.pretraining.vocabularySize = 50_304
    config.pretraining.contextLength = 2048
    config.pretraining.batchSize = 1104
    config.pretraining.learningRate = 3e-4
    config.pretraining.baseSteps = 143_000
    config.pretraining.steps = 131_361
    config.pretraining.heldOutShare = 0.001
    config.pretraining.validationTokens = 1 << 20
    config.pretraining.streams = [
      TextStream("upstream", TextPart("pile")), TextStream("downstream", TextPart("slimpajama")),
    ]
    config.lengths = [1]
    return config
  }

  /// Two mixtures of the same four kinds of text, with no document in common: 85% of two kinds and 15% of the others, and
  /// the other way about. So the shift is mild, as from the Pile to SlimPajama.
  private static var shifted: [TextStream] {
    [
      TextStream(
        "upstream", TextPart("manual-en", to: 0.85), TextPart("scripture", to: 0.85), TextPart("dictionary", to: 0.15),
        TextPart("math", to: 0.15)),
      TextStream(
        "downstream", TextPart("manual-en", from: 0.85), TextPart("scripture", from: 0.85),
        TextPart("dictionary", from: 0.15), TextPart("math", from: 0.15)),
    ]
  }
}
