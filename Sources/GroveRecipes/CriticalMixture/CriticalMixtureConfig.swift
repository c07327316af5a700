public import GroveCore

/// What the recipe `cmr-scaling-law` trains and measures.
public struct CriticalMixtureConfig: Config {
  /// Texts and schedules; the shape is that of each size. `steps` is the length T that the laws are fitted to; runs go on
  /// to twice that.
  public var pretraining = ContinuedPretrainingConfig()
  /// The shapes that are compared, the smallest first.
  public var sizes = [ModelSize("S", width: 24), ModelSize("M", width: 48)]
  /// The stream of the base.
  public var general = "general"
  /// A new domain that is like the text of the base.
  public var near = "near"
  /// A new domain that is not.
  public var far = "far"
  /// Shares of the new domain that are tried, rising; a share of 0 is always tried.
  public var ratios = [0.125, 0.25, 0.333, 0.5, 0.75]
  /// How far the general loss may rise, in nats a token; more where three deviations over seeds are more.
  public var tolerance = 0.05
  /// Points before this share of T are left out of the fits: the first steps are not yet on the law.
  public var firstShare = 0.1

  public init() {}

  public func issues() -> [ConfigIssue] {
    var issues = pretraining.issues().under("pretraining")
    for (field, name) in [("general", general), ("near", near), ("far", far)] {
      issues += pretraining.issues(field, naming: [name])
    }
    if Set([general, near, far]).count < 3 { issues.append(ConfigIssue("far", "two of the three texts are the same")) }
    issues += pretraining.issues(sizes: sizes)
    // Leaving one out must leave three points for a law of three numbers.
    if ratios.count < 4 || ratios != ratios.sorted() || Set(ratios).count != ratios.count
      || !ratios.allSatisfy({ 0 < $0 && $0 < 1 })
    {
      issues.append(ConfigIssue("ratios", "\(ratios) are not four or more rising shares between 0 and 1"))
    }
    issues += ConfigIssue.notPositive(["tolerance": tolerance])
    if !(0..<0.25).contains(firstShare) {
      issues.append(ConfigIssue("firstShare", "\(firstShare) is outside [0, 0.25)"))
    }
    return issues
  }

  /// The new domains, the near one first.
  var domains: [String] { [near, far] }

  /// The settings of a size.
  func settings(_ size: ModelSize) -> ContinuedPretrainingConfig { pretraining.shaped(as: size) }
}

extension CriticalMixtureConfig {
  /// A few seconds.
  static var smoke: CriticalMixtureConfig {
    var config = CriticalMixtureConfig()
    config.pretraining.vocabularySize = 320
    config.pretraining.contextLength = 32
    config.pretraining.baseSteps = 20
    config.pretraining.steps = 20
    config.pretraining.validations = 10
    config.pretraining.validationTokens = 256
    config.pretraining.bytesPerPart = 12_000
    config.pretraining.heldOutShare = 0.3
    config.pretraining.streams = streams
    config.sizes = [ModelSize("S", width: 16, layers: 1, heads: 2)]
    config.ratios = [0.25, 0.5, 0.75, 0.875]
    return config
  }

  /// 0.04M and 0.1M parameters, three seeds; the text of the base is the English manual and scripture.
  static var tiny: CriticalMixtureConfig {
    var config = CriticalMixtureConfig()
    config.pretraining.seeds = 3
    config.pretraining.learningRate = 1.5e-3
    config.pretraining.baseSteps = 1200
    config.pretraining.steps = 200
    config.pretraining.validations = 40
    config.pretraining.streams = streams
    return config
  }

  /// The paper's: four models of LLaMA's shape on 200 billion tokens, then 20 billion of finance or science.
  static var full: CriticalMixtureConfig {
    var config = CriticalMixtureConfig()
    config.pretraining.vocabularySize = 32_000
    config.pretraining.contextLength = 2048
    config.pretraining.batchSize = 1024
    config.pretraining.learningRate = 3e-4
    config.pretraining.baseSteps = 95_400
    config.pretraining.steps = 9_540
    config.pretraining.heldOutShare = 0.0001
    config.pretraining.validationTokens = 1 << 20
    config.pretraining.streams = [
      TextStream("general", TextPart("web")), TextStream("near", TextPart("finance")),
      TextStream("far", TextPart("science")),
    ]
    config.sizes = [
      ModelSize("460M", width: 1024, layers: 24, heads: 16), ModelSize("940M", width: 1536, layers: 24, heads: 16),
      ModelSize("1.6B", width: 2048, layers: 24, heads: 16), ModelSize("3.1B", width: 2560, layers: 32, heads: 20),
    ]
    return config
  }

  /// English prose, English definitions that are near it, and French with Python that are not.
  private static var streams: [TextStream] {
    [
      TextStream("general", TextPart("manual-en"), TextPart("scripture")),
      TextStream("near", TextPart("dictionary")),
      TextStream("far", TextPart("manual-fr"), TextPart("python")),
    ]
  }
}
