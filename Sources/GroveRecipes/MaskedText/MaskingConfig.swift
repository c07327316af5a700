public import GroveCore

/// What is hidden from an encoder that learns to guess it.
public struct MaskingConfig: Config {
  /// What is hidden together.
  public enum Unit: String, Codable, Sendable, CaseIterable {
    /// Single tokens (Devlin et al. 2018, arXiv:1810.04805, §3.1).
    case token
    /// All tokens of a word.
    case word
  }

  /// What stands in place of what is hidden.
  public enum Corruption: String, Codable, Sendable, CaseIterable {
    /// The mask for 80%, another token for 10%, the token itself for 10%.
    case mixed
    /// The mask, always.
    case mask
  }

  public var unit = Unit.token
  /// Share of the units of a passage; at least one is hidden.
  public var share = 0.15
  public var corruption = Corruption.mixed

  public init() {}

  public func issues() -> [ConfigIssue] {
    share > 0 && share < 1 ? [] : [ConfigIssue("share", "\(share) is outside (0, 1)")]
  }

  /// The units of a passage.
  func units(of passage: WordPassage) -> [Range<Int>] {
    unit == .word ? passage.words : passage.words.flatMap { $0.map { $0..<$0 + 1 } }
  }
}
