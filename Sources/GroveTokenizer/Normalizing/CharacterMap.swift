import GroveCore

/// The character map of a sentencepiece model (`precompiled_charsmap`): texts and what they become, in a trie.
///
/// The layout: the bytes of the trie as a 32-bit number, the trie (a double array as `darts-clone` makes it), then the
/// replacements, each ended by a zero. Every step through it is checked against its bounds, whatever the file says.
public struct CharacterMap: Sendable, Hashable {
  private let units: [UInt32]
  private let texts: [UInt8]
  /// Bytes of the longest replacement.
  let longestText: Int
  /// What each ASCII character becomes by itself, or nil.
  private let ascii: [Range<Int>?]

  /// The longest chain of bytes that is followed through the trie: no key is longer.
  private static let longestKey = 256

  /// Takes a map apart. An empty one changes nothing.
  /// - Parameter place: what errors call the map.
  /// - Throws: `GroveError` with code `.format`.
  public init(_ bytes: [UInt8], at place: String) throws {
    guard !bytes.isEmpty else {
      (units, texts, longestText, ascii) = ([], [], 0, Array(repeating: nil, count: 128))
      return
    }
    guard bytes.count >= 4 else { throw GroveError(.format, place, "is cut off: \(bytes.count) bytes") }
    func number(_ place: Int) -> UInt32 { (0..<4).reduce(0) { $0 | UInt32(bytes[place + $1]) << UInt32(8 * $1) } }
    let size = Int(number(0))
    guard size % 4 == 0, size > 0, size <= bytes.count - 4 else {
      throw GroveError(.format, place, "announces a trie of \(size) bytes, and \(bytes.count - 4) follow")
    }
    let units = (0..<size / 4).map { number(4 + 4 * $0) }
    let texts = Array(bytes[(4 + size)...])
    ascii = (UInt8(0)..<128).map { byte in
      let found = [byte].withUnsafeBufferPointer { CharacterMap.matches(units, $0, from: 0, to: 1).shortest }
      return found.map { CharacterMap.text(at: $0.value, texts) }
    }
    (self.units, self.texts) = (units, texts)
    longestText = texts.split(separator: 0).map(\.count).max() ?? 0
  }

  /// Whether nothing is mapped.
  public var isEmpty: Bool { units.isEmpty }

  private struct Match {
    let value: Int
    let length: Int
  }

  /// The shortest and the longest key that the bytes start with.
  private static func matches(
    _ units: [UInt32], _ bytes: UnsafeBufferPointer<UInt8>, from start: Int, to end: Int
  ) -> (shortest: Match?, longest: Match?) {
    guard let root = units.first else { return (nil, nil) }
    func offset(_ unit: UInt32) -> Int { Int((unit >> 10) << ((unit & (1 << 9)) >> 6)) }
    var node = offset(root)
    var shortest: Match?
    var longest: Match?
    var at = start
    let limit = min(end, start + longestKey)
    while at < limit, bytes[at] != 0 {
      node ^= Int(bytes[at])
      guard node < units.count, units[node] & (1 << 31 | 0xFF) == UInt32(bytes[at]) else { break }
      let unit = units[node]
      node ^= offset(unit)
      at += 1
      guard unit >> 8 & 1 == 1 else { continue }
      guard node < units.count else { break }
      longest = Match(value: Int(units[node] & 0x7FFF_FFFF), length: at - start)
      if shortest == nil { shortest = longest }
    }
    return (shortest, longest)
  }

  private static func text(at start: Int, _ texts: [UInt8]) -> Range<Int> {
    guard start < texts.count else { return texts.count..<texts.count }
    return start..<(texts[start...].firstIndex(of: 0) ?? texts.count)
  }

  /// The longest key that stands at `start`: what it becomes and how many bytes it has.
  func longestMatch(_ bytes: UnsafeBufferPointer<UInt8>, from start: Int) -> (text: ArraySlice<UInt8>, length: Int)? {
    let found = CharacterMap.matches(units, bytes, from: start, to: bytes.count).longest
    return found.map { (texts[CharacterMap.text(at: $0.value, texts)], $0.length) }
  }

  /// The text as `tokenizers` maps it: a grapheme of fewer than six bytes as a whole by the shortest key that it starts
  /// with, and where there is none, character by character. Nil where nothing changes.
  func normalizedByGrapheme(_ text: UnsafeBufferPointer<UInt8>) -> [UInt8]? {
    guard !units.isEmpty else { return nil }
    var output: [UInt8]?
    func replace(_ range: Range<Int>) -> Bool {
      guard let match = CharacterMap.matches(units, text, from: range.lowerBound, to: range.upperBound).shortest else {
        return false
      }
      let replacement = texts[CharacterMap.text(at: match.value, texts)]
      if output == nil {
        if replacement.elementsEqual(text[range]) { return true }
        output = Array(text[..<range.lowerBound])
      }
      output!.append(contentsOf: replacement)
      return true
    }
    var at = 0
    while at < text.count {
      if text[at] < 0x80, at + 1 == text.count || (text[at + 1] < 0x80 && text[at + 1] != 0x0A) {
        if let mapped = ascii[Int(text[at])] {
          if output == nil { output = Array(text[..<at]) }
          output!.append(contentsOf: texts[mapped])
        } else {
          output?.append(text[at])
        }
        at += 1
        continue
      }
      let end = Grapheme.end(text, at)
      if end - at >= 6 || !replace(at..<end) {
        var place = at
        while place < end {
          let width = text.scalar(at: place).width
          if !replace(place..<place + width) { output?.append(contentsOf: text[place..<place + width]) }
          place += width
        }
      }
      at = end
    }
    return output
  }
}

/// Where graphemes end (UAX #29), as far as one of fewer than six bytes can tell.
///
/// Flags, emoji sequences and Indic conjuncts take six bytes or more, and such a grapheme is mapped character by
/// character; so their rules are left out, but for Hangul, whose jamo must not start a grapheme of their own.
enum Grapheme {
  static func end(_ text: UnsafeBufferPointer<UInt8>, _ start: Int) -> Int {
    let traits = CharacterTraits.shared
    let (first, width) = text.scalar(at: start)
    var at = start + width
    if first == 0x0D, at < text.count, text[at] == 0x0A { return at + 1 }
    if isControl(first) { return at }
    var isDrawing = traits.has(CharacterTraits.draws, first)
    var isHangul = Hangul.isHangul(first)
    while at < text.count {
      let (next, width) = text.scalar(at: at)
      if isControl(next) { break }
      if traits.has(CharacterTraits.joins, next) {
        (isDrawing, isHangul) = (false, false)
      } else if isDrawing || (isHangul && Hangul.isMedialOrFinal(next)) {
        isDrawing = traits.has(CharacterTraits.draws, next)
        isHangul = Hangul.isHangul(next)
      } else {
        break
      }
      at += width
    }
    return at
  }

  private static func isControl(_ scalar: UInt32) -> Bool {
    switch scalar {
    case 0..<0x20, 0x7F..<0xA0, 0xAD, 0x61C, 0x180E, 0x200B, 0x200E, 0x200F, 0x2028...0x202E, 0x2060...0x206F, 0xFEFF,
      0xFFF0...0xFFFB, 0xDC00...0xDCFF:
      true
    default: false
    }
  }
}
