public import GroveCore

/// Layers in which every position takes a light branch, and a few chosen ones a heavy branch beside it (Ainslie et al. 2023,
/// arXiv:2303.09752: CoLT5). For encoders: what is chosen depends on the whole text.
public struct RoutingConfig: Config {
  /// Who chooses.
  public enum Kind: String, Codable, Sendable, CaseIterable {
    /// All positions take the one branch that there is.
    case none
    /// The same, but attention sees near positions only: what CoLT5 is compared with (Guo et al. 2021, arXiv:2112.07916,
    /// §3.1.1: LongT5's local attention).
    case local
    /// A learned score of each position.
    case learned
    /// Chance, for comparison: each layer and each router has positions of its own, the same for every text of a length.
    case random

    /// Whether positions are chosen.
    var chooses: Bool { self == .learned || self == .random }
  }

  public var kind = Kind.none
  /// Share of the positions that the heavy feed-forward layer reads, and of those whose queries attend to far ones.
  public var share = 1.0 / 16
  /// Share of the positions that they attend to.
  public var keyShare = 1.0 / 8
  /// Distances, in both directions, that local or light attention sees.
  public var radius = 127
  /// Heads of light attention; the others are heavy.
  public var lightHeads = 1
  /// Hidden width of the light feed-forward layer.
  public var lightWidth = 64
  /// Hidden width of the heavy feed-forward layer; 0 for that of the other layers.
  public var heavyWidth = 0
  /// Steps of the iteration by which scores become weights that sum to the number of chosen positions.
  public var iterations = 50
  /// How soft these weights are.
  public var temperature = 1.0

  public init() {}

  public func issues() -> [ConfigIssue] {
    var issues: [ConfigIssue] = []
    for (field, value) in [("share", share), ("keyShare", keyShare)] where !(value > 0 && value <= 1) {
      issues.append(ConfigIssue(field, "\(value) is outside (0, 1]"))
    }
    for (field, value) in [
      ("radius", radius), ("lightHeads", lightHeads), ("lightWidth", lightWidth), ("iterations", iterations),
    ] where !(1...ModelConfig.largestSize).contains(value) {
      issues.append(ConfigIssue(field, "\(value) is outside 1...\(ModelConfig.largestSize)"))
    }
    if !(0...ModelConfig.largestSize).contains(heavyWidth) {
      issues.append(ConfigIssue("heavyWidth", "\(heavyWidth) is outside 0...\(ModelConfig.largestSize)"))
    }
    if !(temperature > 0 && temperature.isFinite) {
      issues.append(ConfigIssue("temperature", "\(temperature) is not positive"))
    }
    return issues
  }
}
