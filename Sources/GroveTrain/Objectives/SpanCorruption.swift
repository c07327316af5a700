public import GroveCore

/// Texts with gaps, for models that write what is missing (Raffel et al. 2019, arXiv:1910.10683, §3.1.4 and figure 2): each
/// hidden span becomes one sentinel, and the target is each sentinel with its span behind it, and one more sentinel.
///
/// The lengths of both sides depend on the length of the text alone, so texts of one length make a batch without padding.
public struct SpanCorruption: Config {
  /// Share of the tokens that are hidden.
  public var share = 0.15
  /// Tokens of a span on average.
  public var meanLength = 3.0

  public init() {}

  public func issues() -> [ConfigIssue] {
    var issues: [ConfigIssue] = []
    if !(share > 0 && share < 1) { issues.append(ConfigIssue("share", "\(share) is outside (0, 1)")) }
    if !(meanLength >= 1 && meanLength.isFinite) {
      issues.append(ConfigIssue("meanLength", "\(meanLength) is not at least 1"))
    }
    return issues
  }

  /// How many of so many tokens are hidden, and in how many spans.
  /// - Precondition: at least two tokens.
  public func hidden(of count: Int) -> (tokens: Int, spans: Int) {
    precondition(count > 1, "\(count) tokens leave nothing to hide and nothing to see")
    let tokens = min(max(Int((share * Double(count)).rounded()), 1), count - 1)
    let spans = min(max(Int((Double(tokens) / meanLength).rounded()), 1), min(tokens, count - tokens))
    return (tokens, spans)
  }

  /// Tokens on both sides of a text of so many.
  public func lengths(of count: Int) -> (source: Int, target: Int) {
    let hidden = hidden(of: count)
    return (count - hidden.tokens + hidden.spans, hidden.tokens + hidden.spans + 1)
  }

  /// The places of a text's spans: hidden and shown parts in turn, each at least one token long, divided at random.
  ///
  /// As in the authors' code, the first part is shown and the last one hidden.
  public func spans(in count: Int, random: RandomKey) -> [Range<Int>] {
    let hidden = hidden(of: count)
    let shown = SpanCorruption.division(of: count - hidden.tokens, into: hidden.spans, random.split("shown"))
    let lengths = SpanCorruption.division(of: hidden.tokens, into: hidden.spans, random.split("hidden"))
    var place = 0
    return zip(shown, lengths).map { shown, length in
      let start = place + shown
      place = start + length
      return start..<place
    }
  }

  /// So many positive numbers that sum to a total, every way to choose them as likely as any other.
  private static func division(of total: Int, into parts: Int, _ random: RandomKey) -> [Int] {
    guard parts > 1 else { return [total] }
    let order = Permutation(count: total - 1, key: random)
    let ends = (0..<parts - 1).map { order[$0] + 1 }.sorted() + [total]
    return zip(ends, [0] + ends).map { $0 - $1 }
  }

  /// A text with gaps, and what stands in them.
  public struct Pair: Equatable, Sendable {
    public let source: [Int64]
    public let target: [Int64]

    public init(source: [Int64], target: [Int64]) { (self.source, self.target) = (source, target) }
  }

  /// Hides random spans.
  /// - Parameter sentinels: in their order; one more than there are spans.
  public func pair(_ tokens: [Int64], sentinels: [Int64], random: RandomKey) -> Pair {
    SpanCorruption.pair(tokens, hiding: spans(in: tokens.count, random: random), sentinels: sentinels)
  }

  /// Hides the spans that are named.
  /// - Precondition: they rise without touching, lie in the text, and there is a sentinel more than there are spans.
  public static func pair(_ tokens: [Int64], hiding spans: [Range<Int>], sentinels: [Int64]) -> Pair {
    precondition(sentinels.count > spans.count, "\(sentinels.count) sentinels for \(spans.count) spans")
    var (source, target): ([Int64], [Int64]) = ([], [])
    var place = 0
    for (span, sentinel) in zip(spans, sentinels) {
      precondition(
        place <= span.lowerBound && !span.isEmpty && span.upperBound <= tokens.count, "no span at \(span)")
      source += tokens[place..<span.lowerBound] + [sentinel]
      target += [sentinel] + tokens[span]
      place = span.upperBound
    }
    return Pair(source: source + tokens[place...], target: target + [sentinels[spans.count]])
  }

  /// The text that a pair was made of: each sentinel of the source gives way to its span.
  /// - Returns: nil if the target is not of the source's sentinels in their order.
  public static func text(_ pair: Pair, sentinels: [Int64]) -> [Int64]? {
    let parts = pair.target.split(whereSeparator: sentinels.contains)
    let used = pair.source.filter(sentinels.contains)
    let marks = pair.target.filter(sentinels.contains)
    guard parts.count == used.count, marks == used + sentinels.dropFirst(used.count).prefix(1) else { return nil }
    let spans = Dictionary(zip(used, parts)) { first, _ in first }
    return pair.source.flatMap { token in spans[token].map(Array.init) ?? [token] }
  }
}
