import GroveCore

/// How much longer a text can become on its way through the steps of a normalizer or a decoder.
///
/// Steps that replace a text by a longer one can follow each other, so that a file of a kilobyte could make a byte into
/// more than any memory holds. What could is refused when it is read.
struct TextGrowth {
  /// More than ten times what the steps of any known tokenizer can make of a byte.
  static let limit = 16_384.0
  /// The most bytes that may be put in front of every text.
  static let longestAddition = Double(1 << 20)

  /// The most bytes that a byte can become.
  private(set) var factor = 1.0
  /// The most bytes that are added to any text, whatever it is.
  private(set) var addition = 0.0
  /// Whether the text is in a form of Unicode's, in which another such step makes nothing longer.
  private var isComposed = false

  init(_ normalizer: Normalizer?) { if let normalizer { add(normalizer) } }

  init(_ decoder: Decoder?) { if let decoder { add(decoder) } }

  /// Refuses what could grow beyond the limits.
  /// - Throws: `GroveError` with code `.format`.
  func check(_ place: String) throws {
    guard factor > TextGrowth.limit || addition > TextGrowth.longestAddition else { return }
    throw GroveError(
      .format, place,
      "its steps could make a text more than \(Int(TextGrowth.limit)) times as long, or put more than "
        + "\(Int(TextGrowth.longestAddition)) bytes before it")
  }

  private mutating func add(_ normalizer: Normalizer) {
    switch normalizer {
    case .strip, .stripAccents, .nmt: return
    case .unicode, .lowercase:
      if !isComposed { multiply(12) }  // the longest compatibility decomposition has 33 bytes for 3
      isComposed = true
    case .replace(let pattern, let text): multiply(Double(text.utf8.count) / Double(pattern.leastBytes))
    case .prepend(let text): addition += Double(text.utf8.count)
    case .characterMap(let map): multiply(Double(map.longestText))
    case .bert: multiply(5 / 3)  // an ideograph of three bytes gets two spaces
    case .sentencePiece(let rules): multiply(Double(max(3, 3 * rules.map.longestText)))
    case .sequence(let steps): for step in steps { add(step) }
    }
  }

  private mutating func add(_ decoder: Decoder) {
    switch decoder {
    case .replace(let pattern, let text): multiply(Double(text.utf8.count) / Double(pattern.leastBytes))
    case .sequence(let steps): for step in steps { add(step) }
    case .byteLevel, .byteFallback, .fuse, .metaspace, .strip, .stripFirst, .stripLeading, .wordPiece, .suffix: return
    }
  }

  private mutating func multiply(_ growth: Double) {
    guard growth > 1 else { return }
    factor *= growth
    addition *= growth
    isComposed = false
  }
}

extension TextPattern {
  /// The fewest bytes that match.
  fileprivate var leastBytes: Int {
    switch self {
    case .literal(let text): text.utf8.count
    case .spaces: 2
    case .whiteSpace: 1
    }
  }
}
