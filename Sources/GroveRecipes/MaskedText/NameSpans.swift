/// Finds names of a dictionary in words: the longest one from the left, then on behind it.
public struct NameSpans: Sendable {
  /// A name that was found.
  public struct Span: Hashable, Sendable {
    /// The words it covers.
    public let words: Range<Int>
    /// Which of the kinds.
    public let kind: Int

    public init(_ words: Range<Int>, kind: Int) {
      self.words = words
      self.kind = kind
    }
  }

  private let kinds: [[String]: Int]
  private let longest: Int

  /// - Parameter names: of each kind; a name of two kinds belongs to the first.
  public init(_ names: [[String]]) {
    var kinds: [[String]: Int] = [:]
    for (kind, names) in names.enumerated() {
      for name in names { if kinds[WordText.words(of: name)] == nil { kinds[WordText.words(of: name)] = kind } }
    }
    self.kinds = kinds
    longest = kinds.keys.map(\.count).max() ?? 0
  }

  /// The names in the words of a line.
  /// - Complexity: O(words · longest name²).
  public func spans(in words: [String]) -> [Span] {
    var spans: [Span] = []
    var at = 0
    while at < words.count {
      let ends = stride(from: min(words.count, at + longest), to: at, by: -1)
      if let end = ends.first(where: { kinds[Array(words[at..<$0])] != nil }), let kind = kinds[Array(words[at..<end])]
      {
        spans.append(Span(at..<end, kind: kind))
        at = end
      } else {
        at += 1
      }
    }
    return spans
  }
}

/// Spans as a class for each word: 0 outside, then for each kind one that begins a span and one that goes on with it (BIO).
public enum SpanTags {
  /// The class of each of `count` words.
  public static func tags(_ spans: [NameSpans.Span], count: Int) -> [Int] {
    var tags = [Int](repeating: 0, count: count)
    for span in spans {
      for word in span.words where word < count { tags[word] = 2 * span.kind + (word == span.words.lowerBound ? 1 : 2) }
    }
    return tags
  }

  /// The spans of classes. One that goes on with what is not there begins a span.
  public static func spans(_ tags: [Int]) -> [NameSpans.Span] {
    var spans: [NameSpans.Span] = []
    var start: Int?
    for index in 0...tags.count {
      let tag = index < tags.count ? tags[index] : 0
      let goesOn = tag > 0 && tag % 2 == 0
      if let first = start, !(goesOn && (tags[first] - 1) / 2 == (tag - 1) / 2) {
        spans.append(NameSpans.Span(first..<index, kind: (tags[first] - 1) / 2))
        start = nil
      }
      if tag > 0, start == nil { start = index }
    }
    return spans
  }

  /// F1 of spans that are found exactly, over all lines together; 0 where there is none.
  public static func f1(found: [[NameSpans.Span]], of gold: [[NameSpans.Span]]) -> Double {
    let right = zip(found, gold).reduce(0) { $0 + Set($1.0).intersection($1.1).count }
    let all = found.reduce(0) { $0 + $1.count } + gold.reduce(0) { $0 + $1.count }
    return all == 0 ? 0 : 2 * Double(right) / Double(all)
  }
}
