public import GroveCore

/// The rules by which C4 keeps natural language of the pages of the web (Raffel et al. 2019, arXiv:1910.10683, §2.2).
///
/// We differ: a sentence ends with a mark and what closes after it, at the end of a line or in front of a space; the language
/// is not looked at, and which words are refused is for the caller to say.
public struct PageCleaning: Config {
  /// Words that a line must have.
  public var wordsOfLine = 5
  /// Sentences that a page must have after its other lines are gone.
  public var sentencesOfPage = 3
  /// Words, in lower case, of which a page may have none.
  public var refusedWords: [String] = []

  public init() {}

  public func issues() -> [ConfigIssue] {
    [("wordsOfLine", wordsOfLine), ("sentencesOfPage", sentencesOfPage)].filter { $0.1 < 0 }.map {
      ConfigIssue($0.0, "\($0.1) is negative")
    }
  }

  /// Why a page is left out.
  public enum Reason: String, Sendable, CaseIterable {
    /// It has "{": it is a program.
    case brace
    /// It has "lorem ipsum".
    case placeholder
    case refusedWord
    case fewSentences
  }

  /// What becomes of a page.
  public enum Outcome: Equatable, Sendable {
    /// The lines that are left.
    case kept([UInt8])
    case removed(Reason)
  }

  /// Looks at one page.
  /// - Parameter page: valid UTF-8.
  /// - Complexity: linear in its length, and in the number of refused words.
  public func cleaned(_ page: [UInt8]) -> Outcome {
    if page.contains(UInt8(ascii: "{")) { return .removed(.brace) }
    let lowered = page.map(\.lowered)
    if lowered.containsSequence("lorem ipsum") { return .removed(.placeholder) }
    if !refusedWords.isEmpty {
      let words = Set(lowered.split { !$0.isWordByte }.map(Array.init))
      if refusedWords.contains(where: { words.contains(Array($0.utf8)) }) { return .removed(.refusedWord) }
    }
    let lines = page.split(separator: UInt8(ascii: "\n"))
    let kept = lines.filter(keeps)
    guard kept.reduce(0, { $0 + PageSentences.count($1) }) >= sentencesOfPage else { return .removed(.fewSentences) }
    return .kept(Array(kept.joined(separator: [UInt8(ascii: "\n")])))
  }

  /// Whether a line is text: it ends as a sentence does, has its words, and does not ask for JavaScript.
  private func keeps(_ line: ArraySlice<UInt8>) -> Bool {
    let line = line.trimmed
    guard PageSentences.endsSentence(line) else { return false }
    guard line.split(whereSeparator: \.isBlank).count >= wordsOfLine else { return false }
    return !line.map(\.lowered).containsSequence("javascript")
  }
}

/// The sentences of a line.
enum PageSentences {
  /// What may stand behind the mark that ends a sentence: quotes and brackets that close.
  private static let closing: [[UInt8]] = ["\"", "'", ")", "]", "”", "’", "»"].map { Array($0.utf8) }
  private static let marks = Set(".!?".utf8)

  /// Whether a text ends with a mark, closed or not.
  static func endsSentence(_ line: ArraySlice<UInt8>) -> Bool {
    var line = line
    while let close = closing.first(where: { line.suffix($0.count).elementsEqual($0) }) {
      line = line.dropLast(close.count)
    }
    return line.last.map(marks.contains) ?? false
  }

  /// The sentences of a line, in their order; what stands behind the last mark counts as none.
  static func split(_ line: ArraySlice<UInt8>) -> [ArraySlice<UInt8>] {
    var sentences: [ArraySlice<UInt8>] = []
    var start = line.startIndex
    for place in line.indices where line[place].isBlank || place == line.endIndex - 1 {
      let end = line[place].isBlank ? place : place + 1
      guard start < end, endsSentence(line[start..<end]) else { continue }
      sentences.append(line[start..<end].trimmed)
      start = end
    }
    return sentences
  }

  static func count(_ line: ArraySlice<UInt8>) -> Int { split(line).count }
}

extension UInt8 {
  var isBlank: Bool { self == 0x20 || (0x09...0x0D).contains(self) }

  /// A capital of ASCII as its small letter, any other byte as it is.
  fileprivate var lowered: UInt8 { (0x41...0x5A).contains(self) ? self | 0x20 : self }

  /// Whether it is part of a word: a letter, a digit, or of a character beyond ASCII.
  fileprivate var isWordByte: Bool {
    self >= 0x80 || (0x30...0x39).contains(self) || (0x41...0x5A).contains(self) || (0x61...0x7A).contains(self)
  }
}

extension ArraySlice<UInt8> {
  var trimmed: ArraySlice<UInt8> {
    guard let first = firstIndex(where: { !$0.isBlank }), let last = lastIndex(where: { !$0.isBlank }) else {
      return []
    }
    return self[first...last]
  }
}

extension Array<UInt8> {
  fileprivate func containsSequence(_ text: StaticString) -> Bool {
    text.withUTF8Buffer { wanted in
      guard count >= wanted.count else { return false }
      return (0...count - wanted.count).contains { start in
        (0..<wanted.count).allSatisfy { self[start + $0] == wanted[$0] }
      }
    }
  }
}
