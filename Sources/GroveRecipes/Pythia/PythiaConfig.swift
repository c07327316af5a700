public import GroveCore
import GroveTrain

/// One size of the suite.
public struct PythiaSize: Config {
  /// Names the arm and its folder, so it has no slash.
  public var name = ""
  /// Width of the residual stream, C. That of the feed-forward layers is 8/3 of it, rounded up to a multiple of 8.
  public var width = 64
  /// Blocks, L.
  public var layers = 3
  /// Heads of attention, H. They divide the width into parts of even width.
  public var heads = 4
  /// The peak of the schedule.
  public var learningRate = 3e-3

  public init() {}

  init(_ name: String, width: Int, layers: Int, heads: Int, learningRate: Double) {
    self.name = name
    self.width = width
    self.layers = layers
    self.heads = heads
    self.learningRate = learningRate
  }

  public func issues() -> [ConfigIssue] {
    var issues: [ConfigIssue] = []
    if name.isEmpty || name.contains("/") { issues.append(ConfigIssue("name", "'\(name)' is not a name")) }
    if width <= 0 || layers <= 0 { issues.append(ConfigIssue("width", "\(width) × \(layers) layers is no model")) }
    if heads <= 0 || width % max(2 * heads, 1) != 0 {
      issues.append(ConfigIssue("heads", "\(heads) heads do not divide width \(width) into even parts"))
    }
    issues += ConfigIssue.notPositive(["learningRate": learningRate])
    return issues
  }
}

/// What the recipe `pythia` trains and measures.
public struct PythiaConfig: Config {
  /// From the smallest to the largest.
  public var sizes: [PythiaSize] = []
  /// Trainings of each size.
  public var seeds = 1
  /// Ids of the models, and the most that the tokenizer learns; at least 257, for 256 bytes and the end of text.
  public var vocabularySize = 1024
  /// Positions of a training sequence, T.
  public var contextLength = 64
  /// Sequences of a step, B.
  public var batchSize = 16
  /// Whole passes over the training sequences.
  public var passes = 6
  /// Regular checkpoints, beside the logarithmic ones.
  public var regularCheckpoints = 10
  /// Files of the corpus that are read; empty for all.
  public var domains: [String] = []
  /// Documents are taken from a file until it has given so many bytes; 0 takes all.
  public var bytesPerDomain = 0
  /// Tokens of a training sequence that are given, and as many that must follow.
  public var prefixTokens = 6
  /// Equal parts of the last pass in which memorised sequences are counted.
  public var bins = 50
  /// The planted lines, which make a domain of their own.
  public var arithmetic = ArithmeticConfig()

  public init() {}

  public func issues() -> [ConfigIssue] {
    var issues: [ConfigIssue] = []
    if sizes.count < 2 { issues.append(ConfigIssue("sizes", "\(sizes.count) sizes; a suite has at least two")) }
    for (index, size) in sizes.enumerated() { issues += size.issues().under("sizes.\(index)") }
    if Set(sizes.map(\.name)).count != sizes.count { issues.append(ConfigIssue("sizes", "two have the same name")) }
    issues += ConfigIssue.notPositive([
      "seeds": seeds, "contextLength": contextLength, "batchSize": batchSize, "passes": passes,
      "regularCheckpoints": regularCheckpoints, "prefixTokens": prefixTokens,
    ])
    if vocabularySize < 257 { issues.append(ConfigIssue("vocabularySize", "\(vocabularySize) is below 257")) }
    if bytesPerDomain < 0 { issues.append(ConfigIssue("bytesPerDomain", "\(bytesPerDomain) is negative")) }
    if bins < 3 { issues.append(ConfigIssue("bins", "\(bins) bins show no trend; at least 3 do")) }
    if 2 * prefixTokens > contextLength + 1 {
      issues.append(ConfigIssue("prefixTokens", "twice \(prefixTokens) does not fit in \(contextLength + 1) tokens"))
    }
    return issues + arithmetic.issues().under("arithmetic")
  }
}

/// Lines of arithmetic, "17 + 3 = 20", planted in the training text so that each first operand occurs a known number of
/// times: 1, 2, 4, … from level to level.
public struct ArithmeticConfig: Config {
  /// Levels of frequency; level n has 2ⁿ lines an operand.
  public var levels = 9
  /// First operands of each level.
  public var operandsPerLevel = 4
  /// The smallest first operand.
  public var firstOperand = 10
  /// The second operand is 1…addends.
  public var addends = 9
  /// Lines of a document.
  public var linesPerDocument = 16

  public init() {}

  public func issues() -> [ConfigIssue] {
    var issues = ConfigIssue.notPositive([
      "operandsPerLevel": operandsPerLevel, "addends": addends, "linesPerDocument": linesPerDocument,
    ])
    if !(2...24).contains(levels) { issues.append(ConfigIssue("levels", "\(levels) is outside 2...24")) }
    if firstOperand < 0 { issues.append(ConfigIssue("firstOperand", "\(firstOperand) is negative")) }
    return issues
  }

  /// Lines of all operands.
  var lineCount: Int { operandsPerLevel * ((1 << levels) - 1) }
}

extension PythiaConfig {
  /// Two sizes for a few seconds.
  static var smoke: PythiaConfig {
    var config = PythiaConfig()
    config.sizes = [
      PythiaSize("w16", width: 16, layers: 1, heads: 2, learningRate: 1e-2),
      PythiaSize("w32", width: 32, layers: 2, heads: 2, learningRate: 5e-3),
    ]
    config.vocabularySize = 320
    config.contextLength = 32
    config.batchSize = 16
    config.passes = 2
    config.regularCheckpoints = 2
    config.domains = ["manual-en", "python"]
    config.bytesPerDomain = 12_000
    config.prefixTokens = 2
    config.bins = 10
    config.arithmetic.levels = 4
    config.arithmetic.operandsPerLevel = 2
    return config
  }

  /// Four sizes from 0.02 to 1 million parameters.
  static var tiny: PythiaConfig {
    var config = PythiaConfig()
    config.sizes = [
      PythiaSize("w16", width: 16, layers: 1, heads: 2, learningRate: 1e-2),
      PythiaSize("w32", width: 32, layers: 2, heads: 2, learningRate: 6e-3),
      PythiaSize("w64", width: 64, layers: 3, heads: 4, learningRate: 4e-3),
      PythiaSize("w128", width: 128, layers: 4, heads: 4, learningRate: 3e-3),
    ]
    config.seeds = 3
    config.domains = ["manual-en", "python"]
    config.bytesPerDomain = 300_000
    return config
  }

  /// The suite of the paper, tables 1 and 6: 8 sizes, 143,000 steps of 2 million tokens, about one pass of the Pile.
  static var full: PythiaConfig {
    var config = PythiaConfig()
    config.sizes = [
      PythiaSize("70m", width: 512, layers: 6, heads: 8, learningRate: 1e-3),
      PythiaSize("160m", width: 768, layers: 12, heads: 12, learningRate: 6e-4),
      PythiaSize("410m", width: 1024, layers: 24, heads: 16, learningRate: 3e-4),
      PythiaSize("1b", width: 2048, layers: 16, heads: 8, learningRate: 3e-4),
      PythiaSize("1.4b", width: 2048, layers: 24, heads: 16, learningRate: 2e-4),
      PythiaSize("2.8b", width: 2560, layers: 32, heads: 32, learningRate: 1.6e-4),
      PythiaSize("6.9b", width: 4096, layers: 32, heads: 32, learningRate: 1.2e-4),
      PythiaSize("12b", width: 5120, layers: 36, heads: 40, learningRate: 1.2e-4),
    ]
    config.vocabularySize = 50_304
    config.contextLength = 2048
    config.batchSize = 1024
    config.passes = 1
    config.regularCheckpoints = 143
    config.prefixTokens = 32
    config.bins = 50
    config.arithmetic.levels = 20
    return config
  }
}
