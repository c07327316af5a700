public import GroveCore

/// The heads of attention, and what they see.
public struct AttentionConfig: Config {
  /// How positions are mixed.
  public enum Kind: String, Codable, Sendable, CaseIterable {
    /// Weights from the products of queries and keys (Vaswani et al. 2017, arXiv:1706.03762).
    case softmax
    /// Weights from the keys alone, and what is learned of the places (`AttentionFreeConfig`).
    case attentionFree
    /// Weights from what a key binds in the sum of all pairs of keys and values (Alam et al. 2023, arXiv:2305.19534); it sees
    /// the whole text, so it is for encoders alone.
    case holographic
  }
  /// Which of the positions before it a position sees, where there is no window.
  public enum Pattern: String, Codable, Sendable, CaseIterable {
    case full
    /// Its own block and the one before (Sun et al. 2022, arXiv:2212.10554, §3.3).
    case blockwise
    /// Its own block, and the last `summary` positions of each earlier one (Child et al. 2019, arXiv:1904.10509, §4.3).
    case fixed
    /// The last `block` positions, and every `block`th before (the same).
    case strided
  }
  /// Which of the projections have a bias.
  public enum Bias: String, Codable, Sendable, CaseIterable {
    /// As the family has it.
    case family
    case none
    /// Queries, keys and values, but not the output (Qwen 2).
    case inputs
    case all
  }
  /// Whether the queries and keys of each head are normed before they are turned.
  public enum HeadNorm: String, Codable, Sendable, CaseIterable {
    case family
    case none
    /// RMSNorm with a gain for each place in a head (Qwen 3, Gemma 3; Dehghani et al. 2023, arXiv:2302.05442, §2).
    case rootMeanSquare
  }

  public var kind = Kind.softmax
  /// What attention without queries' products is.
  public var free = AttentionFreeConfig()
  /// Query heads per layer, H. Must be a multiple of `keyValueHeads`.
  public var heads = 6
  /// Key/value heads, G, each shared by `heads / keyValueHeads` query heads (Ainslie et al. 2023, arXiv:2305.13245). 1 is
  /// multi-query attention (Shazeer 2019, arXiv:1911.02150).
  public var keyValueHeads = 6
  /// Width of a head, D; 0 is width / heads.
  public var headWidth = 0
  public var bias = Bias.family
  public var headNorm = HeadNorm.family
  /// Scores are multiplied by this; 0 is 1/√D.
  public var scale = 0.0
  /// A position sees itself and `window − 1` before it (Beltagy et al. 2020, arXiv:2004.05150); 0 for all before it.
  public var window = 0
  /// What is seen of the positions before; a cost that grows with the block and T / block instead of T.
  public var pattern = Pattern.full
  /// Positions of a block of the pattern, about √T for the least cost.
  public var block = 0
  /// Positions at the end of a block that all later ones see, where the pattern is `fixed`.
  public var summary = 1
  /// Layers, from 0, whose attention has neither window nor pattern.
  public var fullLayers: [Int] = []

  public init() {}

  public func issues() -> [ConfigIssue] {
    var issues: [ConfigIssue] = []
    if !(keyValueHeads > 0 && heads > 0 && heads.isMultiple(of: max(keyValueHeads, 1))) {
      issues.append(ConfigIssue("heads", "\(heads) is not a positive multiple of keyValueHeads \(keyValueHeads)"))
    }
    if headWidth < 0 { issues.append(ConfigIssue("headWidth", "\(headWidth) is negative")) }
    if !(scale >= 0 && scale.isFinite) { issues.append(ConfigIssue("scale", "\(scale) is negative or not finite")) }
    if window < 0 { issues.append(ConfigIssue("window", "\(window) is negative")) }
    if let layer = fullLayers.first(where: { $0 < 0 }) {
      issues.append(ConfigIssue("fullLayers", "\(layer) is negative"))
    }
    if Set(fullLayers).count != fullLayers.count { issues.append(ConfigIssue("fullLayers", "names a layer twice")) }
    return issues + patternIssues() + free.issues().under("free")
  }

  private func patternIssues() -> [ConfigIssue] {
    var issues: [ConfigIssue] = []
    if block < 0 { issues.append(ConfigIssue("block", "\(block) is negative")) }
    guard pattern != .full else { return issues }
    if block == 0 {
      issues.append(ConfigIssue("block", "the pattern \(pattern.rawValue) needs the size of its blocks"))
    }
    if window > 0 { issues.append(ConfigIssue("window", "is for the pattern full, not \(pattern.rawValue)")) }
    if kind != .softmax { issues.append(ConfigIssue("pattern", "is for attention of kind softmax")) }
    if pattern == .fixed, !(1...max(block, 1)).contains(summary) {
      issues.append(ConfigIssue("summary", "\(summary) is outside 1...\(block), a block"))
    }
    return issues
  }

  /// The window of a layer; nil where it sees all positions before it, or those of a pattern.
  public func window(layer: Int) -> Int? { window > 0 && !fullLayers.contains(layer) ? window : nil }

  /// The pattern of a layer; nil where it sees all positions before it, or those of a window.
  func pattern(layer: Int) -> AttentionPattern? { fullLayers.contains(layer) ? nil : AttentionPattern(self) }
}

/// Attention without products of queries and keys (Zhai et al. 2021, arXiv:2105.14103): a position reads a mean of the
/// values, weighted by exp(key + w), place by place of the width, and its query gates what it read.
public struct AttentionFreeConfig: Config {
  /// What w is.
  public enum Form: String, Codable, Sendable, CaseIterable {
    /// A number for each pair of positions, of rank `rank`.
    case full
    /// The same for pairs less than `window` apart, 0 for all others.
    case local
    /// A number for each distance below `window` and each head, 0 beyond.
    case convolution
    /// 0
    case simple
  }

  public var form = Form.full
  /// Distances from here on have no number of their own.
  public var window = 32
  /// Of the product of matrices that the numbers of pairs are made of.
  public var rank = 128

  public init() {}

  public func issues() -> [ConfigIssue] {
    [("window", window), ("rank", rank)].compactMap { field, value in
      (1...ModelConfig.largestSize).contains(value)
        ? nil : ConfigIssue(field, "\(value) is outside 1...\(ModelConfig.largestSize)")
    }
  }
}
