/// How well words are cut into their morphemes: precision, recall and F1 of the parts.
///
/// - Source: Batsuren et al. 2022, "The SIGMORPHON 2022 shared task on morpheme segmentation", §5: parts are matched as a
///   longest common subsequence of each word's, and counted over all words.
public struct SegmentationScore: Equatable, Sendable {
  /// Parts that are in both.
  public private(set) var matches = 0
  /// Parts that were proposed.
  public private(set) var proposed = 0
  /// Parts there are.
  public private(set) var gold = 0

  public init() {}

  /// Counts a word.
  /// - Complexity: O(proposed · gold).
  public mutating func add(_ parts: [String], gold: [String]) {
    var row = [Int](repeating: 0, count: gold.count + 1)
    for part in parts {
      var diagonal = 0
      for (index, other) in gold.enumerated() {
        let above = row[index + 1]
        row[index + 1] = part == other ? diagonal + 1 : max(above, row[index])
        diagonal = above
      }
    }
    matches += row[gold.count]
    proposed += parts.count
    self.gold += gold.count
  }

  /// The harmonic mean of precision and recall; 0 where there are no parts.
  public var f1: Double { proposed + gold == 0 ? 0 : 2 * Double(matches) / Double(proposed + gold) }
}
