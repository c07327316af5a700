/// One step that cuts a normalized text into pieces: a component of a `pre_tokenizer`.
public enum PreTokenizer: Sendable, Hashable {
  /// Cuts; white space may be dropped.
  case split(TextSplit)
  /// Cuts at matches, which go where the behavior says.
  case matches(SplitMatch, SplitBehavior)
  /// Writes spaces as a mark, and cuts before each mark.
  case metaspace(Metaspace)
  /// Puts a space before a piece that starts with none: `ByteLevel` with `add_prefix_space`.
  case spacePrefix
}

/// What `PreTokenizer.matches` looks for.
public enum SplitMatch: Sendable, Hashable {
  /// Exactly this text.
  case literal(String)
  /// Anything but this text.
  case allBut(String)
  /// A punctuation character.
  case punctuation
}

/// What becomes of a match: the behaviors of `tokenizers`.
public enum SplitBehavior: String, Sendable, Hashable, CaseIterable {
  /// It is dropped.
  case removed = "Removed"
  /// It is a piece.
  case isolated = "Isolated"
  /// It goes to the piece before it.
  case mergedWithPrevious = "MergedWithPrevious"
  /// It goes to the piece after it.
  case mergedWithNext = "MergedWithNext"
  /// Matches side by side are one piece.
  case contiguous = "Contiguous"

  /// The pieces from matches and the stretches between them, in order.
  func pieces(_ parts: [(range: Range<Int>, isMatch: Bool)]) -> [Range<Int>] {
    switch self {
    case .isolated: return parts.map(\.range)
    case .removed: return parts.filter { !$0.isMatch }.map(\.range)
    case .contiguous:
      var pieces: [Range<Int>] = []
      for (index, part) in parts.enumerated() {
        if index > 0, parts[index - 1].isMatch == part.isMatch {
          pieces[pieces.count - 1] = pieces[pieces.count - 1].lowerBound..<part.range.upperBound
        } else {
          pieces.append(part.range)
        }
      }
      return pieces
    case .mergedWithPrevious: return SplitBehavior.merged(parts) { $0.lowerBound..<$1.upperBound }
    case .mergedWithNext:
      return SplitBehavior.merged(parts.reversed()) { $1.lowerBound..<$0.upperBound }.reversed()
    }
  }

  /// A match joins what stands before it in this order, unless that is a match, too.
  private static func merged(
    _ parts: [(range: Range<Int>, isMatch: Bool)], _ join: (Range<Int>, Range<Int>) -> Range<Int>
  ) -> [Range<Int>] {
    var pieces: [Range<Int>] = []
    var followsMatch = false
    for part in parts {
      if part.isMatch, !followsMatch, let last = pieces.last {
        pieces[pieces.count - 1] = join(last, part.range)
      } else {
        pieces.append(part.range)
      }
      followsMatch = part.isMatch
    }
    return pieces
  }
}

/// Spaces as a visible mark, as sentencepiece has them (`Metaspace`).
public struct Metaspace: Sendable, Hashable {
  /// Which pieces get a mark in front, where they have none.
  public enum Prepending: String, Sendable, Hashable, CaseIterable {
    case always
    /// Only the one that starts the text.
    case first
    case never
  }

  /// The mark; U+2581 in every model that we know.
  public var mark: Unicode.Scalar
  /// Which pieces get a mark.
  public var prepending: Prepending
  /// Whether pieces are cut before each mark.
  public var splits: Bool

  /// A metaspace step.
  public init(mark: Unicode.Scalar, prepending: Prepending, splits: Bool) {
    self.mark = mark
    self.prepending = prepending
    self.splits = splits
  }

  /// U+2581 in UTF-8.
  static let mark: [UInt8] = [0xE2, 0x96, 0x81]
  var markBytes: [UInt8] { Array(String(Character(mark)).utf8) }
}
