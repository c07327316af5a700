public import GroveCore

/// How a model knows where a token stands.
public struct PositionConfig: Config {
  /// What tells positions apart.
  public enum Kind: String, Codable, Sendable, CaseIterable {
    /// As the family has it.
    case family
    case none
    /// A vector for each position, added to that of the token.
    case learned
    /// Sines and cosines, added to the vector of the token (Vaswani et al. 2017, arXiv:1706.03762, §3.5).
    case sinusoidal
    /// Queries and keys are turned (Su et al. 2021, arXiv:2104.09864).
    case rotary
    /// Rotary, and scores that fall with the distance, short wavelengths faster (Sun et al. 2022, arXiv:2212.10554, §3.2).
    case xpos
    /// A penalty that grows with the distance, steeper from head to head (Press et al. 2021, arXiv:2108.12409).
    case alibi
    /// A learned number for each head and distance, where far distances share one (Raffel et al. 2019, arXiv:1910.10683, §2.1).
    case buckets
  }

  public var kind = Kind.family
  /// Longest wavelength of the rotary positions, over 2π.
  public var rotaryBase = 10_000.0
  /// That of layers with a window; 0 is `rotaryBase`, and what `scaling` says is then for the other layers alone (Gemma 3).
  public var windowedRotaryBase = 0.0
  /// Share of a head's places that rotary positions turn.
  public var rotaryShare = 1.0
  /// xpos: after so many positions the decay of each wavelength has acted once.
  public var decayLength = 512.0
  /// buckets: distances that attention tells apart.
  public var buckets = 32
  /// buckets: distances from here on share one.
  public var longestDistance = 128
  /// How rotary positions reach beyond those of training.
  public var scaling = RotaryScalingConfig()

  public init() {}

  public func issues() -> [ConfigIssue] {
    var issues: [ConfigIssue] = []
    if !(rotaryBase > 1 && rotaryBase.isFinite) {
      issues.append(ConfigIssue("rotaryBase", "\(rotaryBase) is not a number above 1"))
    }
    if !(windowedRotaryBase == 0 || windowedRotaryBase > 1 && windowedRotaryBase.isFinite) {
      issues.append(ConfigIssue("windowedRotaryBase", "\(windowedRotaryBase) is neither 0 nor above 1"))
    }
    if !(rotaryShare > 0 && rotaryShare <= 1) {
      issues.append(ConfigIssue("rotaryShare", "\(rotaryShare) is outside (0, 1]"))
    }
    if !(decayLength > 0 && decayLength <= 1e9) {
      issues.append(ConfigIssue("decayLength", "\(decayLength) is outside (0, 1e9]"))
    }
    return issues + PositionConfig.bucketIssues(buckets, longestDistance) + scaling.issues().under("scaling")
  }
}

extension PositionConfig {
  /// What is wrong with buckets of distances.
  static func bucketIssues(_ buckets: Int, _ longestDistance: Int) -> [ConfigIssue] {
    if buckets < 4 || buckets > 1 << 16 || buckets % 2 != 0 {
      return [ConfigIssue("buckets", "\(buckets) is not an even number in 4...65536")]
    }
    if longestDistance <= buckets / 2 {
      return [ConfigIssue("longestDistance", "\(longestDistance) is not above half of the \(buckets) buckets")]
    }
    return []
  }
}

/// How the wavelengths of rotary positions change, so that texts may be longer than those of training. Names and formulas
/// are those of `rope_scaling` in `config.json`.
public struct RotaryScalingConfig: Config {
  /// The rule by which wavelengths grow.
  public enum Kind: String, Codable, Sendable, CaseIterable {
    case none
    /// All wavelengths times `factor` (Chen et al. 2023, arXiv:2306.15595).
    case linear
    /// The base grows with the text once it is longer than the context.
    case dynamic
    /// Long wavelengths times `factor`, short ones as they are, the rest between (LLaMA 3.1).
    case llama3
    /// The same by the turns that a wavelength makes, with sharper attention (Peng et al. 2023, arXiv:2309.00071).
    case yarn
  }

  public var kind = Kind.none
  public var factor = 1.0
  /// Positions of training before the stretch; 0 is the context's length.
  public var originalContextLength = 0
  /// llama3: wavelengths above originalContextLength over this are stretched whole.
  public var lowFrequencyFactor = 1.0
  /// llama3: wavelengths below originalContextLength over this stay.
  public var highFrequencyFactor = 4.0
  /// yarn: wavelengths with more turns than this in the original context stay.
  public var fastTurns = 32.0
  /// yarn: those with fewer turns than this are stretched whole.
  public var slowTurns = 1.0
  /// yarn: turned queries and keys are multiplied by this; 0 is 0.1·ln(factor) + 1.
  public var attentionFactor = 0.0

  public init() {}

  public func issues() -> [ConfigIssue] {
    var issues: [ConfigIssue] = []
    if !(factor >= 1 && factor.isFinite) { issues.append(ConfigIssue("factor", "\(factor) is not 1 or more")) }
    if originalContextLength < 0 {
      issues.append(ConfigIssue("originalContextLength", "\(originalContextLength) is negative"))
    }
    if !(lowFrequencyFactor > 0 && highFrequencyFactor > lowFrequencyFactor && highFrequencyFactor.isFinite) {
      issues.append(
        ConfigIssue("highFrequencyFactor", "\(highFrequencyFactor) is not above \(lowFrequencyFactor) and 0"))
    }
    if !(slowTurns > 0 && fastTurns > slowTurns && fastTurns.isFinite) {
      issues.append(ConfigIssue("fastTurns", "\(fastTurns) is not above \(slowTurns) and 0"))
    }
    if !(attentionFactor >= 0 && attentionFactor.isFinite) {
      issues.append(ConfigIssue("attentionFactor", "\(attentionFactor) is negative or not finite"))
    }
    return issues
  }
}
