public import GroveCore

/// The heads of attention, and what they see.
public struct AttentionConfig: Config {
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
  /// Layers, from 0, whose attention has no window.
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
    return issues
  }

  /// The window of a layer; nil where it sees all positions before it.
  public func window(layer: Int) -> Int? { window > 0 && !fullLayers.contains(layer) ? window : nil }
}
