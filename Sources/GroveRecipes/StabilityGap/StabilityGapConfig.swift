public import GroveCore

/// What the recipe `stability-gap` trains and measures.
public struct StabilityGapConfig: Config {
  /// Model, texts and schedules.
  public var pretraining = ContinuedPretrainingConfig()
  /// Shares of the base's text, by stream.
  public var shares = ["web": 0.6, "books": 0.3, "known": 0.1]
  /// The stream of the base that the mixture replaces by the domain.
  public var replaced = "web"
  /// The stream that the base is continued on; its junk is what the quality score must find.
  public var domain = "domain"
  /// How often the random and the best-scored subset are read: each has the tokens of a continuation divided by this.
  public var passes = 4
  /// The share of the steps in which the dip is looked for.
  public var dipShare = 0.1
  /// Tokens before the one that must be told.
  public var clozeTokens = 24
  /// Tokens that must be told of each held-out document.
  public var clozesPerDocument = 8
  /// Random patterns that must be copied.
  public var patterns = 64
  /// Tokens of a pattern, which is shown three times before it must be written.
  public var patternTokens = 6

  public init() {}

  public func issues() -> [ConfigIssue] {
    var issues = pretraining.issues().under("pretraining")
    issues += pretraining.issues("shares", naming: shares.keys.sorted())
    issues += pretraining.issues("domain", naming: [domain])
    for (name, share) in shares.sorted(by: { $0.key < $1.key }) where !(share > 0) {
      issues.append(ConfigIssue("shares.\(name)", "\(share) is not positive"))
    }
    if shares[replaced] == nil { issues.append(ConfigIssue("replaced", "'\(replaced)' has no share")) }
    if shares[domain] != nil { issues.append(ConfigIssue("shares.\(domain)", "the base must not read the domain")) }
    if !(0 < dipShare && dipShare <= 1) { issues.append(ConfigIssue("dipShare", "\(dipShare) is outside (0, 1]")) }
    issues += ConfigIssue.notPositive([
      "passes": passes, "clozeTokens": clozeTokens, "clozesPerDocument": clozesPerDocument, "patterns": patterns,
      "patternTokens": patternTokens,
    ])
    let longest = max(clozeTokens, 4 * patternTokens)
    if longest > pretraining.contextLength {
      issues.append(ConfigIssue("patternTokens", "\(longest) tokens do not fit in \(pretraining.contextLength)"))
    }
    return issues
  }

  /// The streams of the base, whose loss is the old one.
  var old: [String] { shares.keys.sorted() }
  /// The base's shares with the domain in the place of what it replaces.
  var mixture: [String: Double] {
    Dictionary(uniqueKeysWithValues: shares.map { ($0.key == replaced ? domain : $0.key, $0.value) })
  }
}

extension StabilityGapConfig {
  /// A few seconds.
  static var smoke: StabilityGapConfig {
    var config = StabilityGapConfig()
    config.pretraining.width = 16
    config.pretraining.layers = 1
    config.pretraining.heads = 2
    config.pretraining.vocabularySize = 320
    config.pretraining.contextLength = 32
    config.pretraining.baseSteps = 60
    config.pretraining.steps = 20
    config.pretraining.validations = 2
    config.pretraining.validationTokens = 512
    config.pretraining.bytesPerPart = 30_000
    config.pretraining.heldOutShare = 0.3
    config.pretraining.streams = streams
    config.patterns = 8
    config.clozesPerDocument = 2
    return config
  }

  /// 0.1M parameters, three seeds; the domain is two languages of the manual.
  static var tiny: StabilityGapConfig {
    var config = StabilityGapConfig()
    config.pretraining.seeds = 3
    config.pretraining.steps = 320
    config.pretraining.streams = streams
    return config
  }

  /// The paper's: OpenLLaMA-3B on a trillion tokens, then one pass over 50 billion of medical text in batches of 4 million.
  static var full: StabilityGapConfig {
    var config = StabilityGapConfig()
    config.pretraining.width = 3200
    config.pretraining.layers = 26
    config.pretraining.heads = 32
    config.pretraining.vocabularySize = 32_000
    config.pretraining.contextLength = 2048
    config.pretraining.batchSize = 2048
    config.pretraining.learningRate = 3e-4
    config.pretraining.baseSteps = 238_400
    config.pretraining.steps = 11_900
    config.pretraining.heldOutShare = 0.0001
    config.pretraining.validationTokens = 1 << 20
    config.pretraining.streams = [
      TextStream("web", TextPart("web")), TextStream("books", TextPart("books")),
      TextStream("known", TextPart("medical", to: 0.1)), TextStream("domain", TextPart("medical", from: 0.1)),
    ]
    return config
  }

  /// The manual as the web, two old kinds of text as what stays, and a domain of which the base knows a little.
  private static var streams: [TextStream] {
    [
      TextStream("web", TextPart("manual-en")),
      TextStream("books", TextPart("scripture"), TextPart("dictionary")),
      TextStream("known", TextPart("manual-fr", to: 0.15), TextPart("manual-es", to: 0.15)),
      TextStream(
        "domain", junkShare: 0.3, TextPart("manual-fr", from: 0.15), TextPart("manual-es", from: 0.15)),
    ]
  }
}
