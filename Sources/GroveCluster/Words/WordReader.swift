import GroveTokenizer

/// Reads the words of a text that comes in pieces, cut anywhere: runs of two or more word characters in lower case.
///
/// Words that begin with a digit are passed over: the published code folds them into one token, which is a stop word.
/// Bytes that are not UTF-8 belong to no word.
///
/// - Source: scikit-learn's `TfidfVectorizer`, `lowercase` and `(?u)\b\w\w+\b`, with `number_normalizer` of c-BTM
///   (Gururangan et al. 2023, arXiv:2303.14177). We differ: words of more than `longest` bytes are passed over, and a
///   final sigma is judged within its word, so "ΟΔΟΣ.ΑΒ" has "οδος".
package struct WordReader: Sendable {
  /// The longest word in bytes after lower-casing.
  package static let longest = 256

  /// The word so far, in lower case; a character more than the longest fits.
  private var word = [UInt8](repeating: 0, count: WordReader.longest + 4)
  private var count = 0
  /// 0, 1, or 2 for more.
  private var characters = 0
  private var isNumber = false
  private var isTooLong = false
  /// Where a σ stands that ends the word unless a letter with case follows; −1 if there is none.
  private var sigma = -1
  /// The bytes of a character that is not complete yet.
  private var partial: [UInt8] = []

  package init() {}

  /// Reads on, and hands over each word that ends in these bytes.
  /// - Parameter take: the word is valid during the call only.
  @inline(__always)
  package mutating func read(_ bytes: UnsafeBufferPointer<UInt8>, _ take: (UnsafeBufferPointer<UInt8>) -> Void) {
    if partial.isEmpty { return readWhole(bytes, take) }
    let joined = partial + bytes
    partial = []
    joined.withUnsafeBufferPointer { readWhole($0, take) }
  }

  /// Ends the text: hands over the word that was open. The reader can begin another text.
  @inline(__always)
  package mutating func finish(_ take: (UnsafeBufferPointer<UInt8>) -> Void) {
    endWord(take)
    partial = []
  }

  @inline(__always)
  private mutating func readWhole(_ bytes: UnsafeBufferPointer<UInt8>, _ take: (UnsafeBufferPointer<UInt8>) -> Void) {
    guard let base = bytes.baseAddress else { return }
    let ascii = WordTable.shared.ascii
    let end = bytes.count
    var at = 0
    while at < end {
      let byte = base[at]
      let small = ascii[Int(byte)]
      if small != 0 {
        at = readASCII(base, from: at, to: end, ascii)
      } else if byte < 0x80 {
        endWord(take)
        at += 1
      } else {
        let width = readWide(base, at, end, take)
        if width == 0 {
          partial = Array(bytes[at...])
          return
        }
        at += width
      }
    }
  }

  /// Takes the run of ASCII word characters at `start`, and returns where it ends.
  @inline(__always)
  private mutating func readASCII(
    _ base: UnsafePointer<UInt8>, from start: Int, to end: Int, _ ascii: UnsafePointer<UInt8>
  ) -> Int {
    if characters == 0 { isNumber = base[start] &- 0x30 < 10 }
    if sigma >= 0 { settleSigma(WordTable.shared.flags(of: Int(base[start]))) }
    var at = start
    word.withUnsafeMutableBufferPointer { word in
      while at < end {
        let small = ascii[Int(base[at])]
        if small == 0 { break }
        if count < WordReader.longest {
          word[count] = small
          count += 1
        } else {
          isTooLong = true
        }
        at += 1
      }
    }
    characters = min(2, characters + at - start)
    return at
  }

  /// Takes the character at `at`, which is not ASCII, and returns its width; 0 if its end has not come yet.
  private mutating func readWide(
    _ base: UnsafePointer<UInt8>, _ at: Int, _ end: Int, _ take: (UnsafeBufferPointer<UInt8>) -> Void
  ) -> Int {
    let width = UTF8Check.width(base, at, end)
    if width == 0 {
      if WordReader.mayGoOn(base, at, end) { return 0 }
      endWord(take)
      return 1
    }
    var code = Int(base[at]) & (0x7F >> width)
    for place in 1..<width { code = code << 6 | Int(base[at + place] & 0x3F) }
    let flags = WordTable.shared.flags(of: code)
    guard flags & WordTable.word != 0 else {
      endWord(take)
      return width
    }
    if characters == 0 { isNumber = flags & WordTable.digit != 0 }
    settleSigma(flags)
    if code == 0x3A3, followsCasedLetter() { sigma = count }
    append(WordTable.shared.lowerCase(of: code))
    characters = min(2, characters + 1)
    // The lower case of U+0130 is "i" and a combining dot, which belongs to no word.
    if code == 0x130 { endWord(take) }
    return width
  }

  /// Whether the bytes may be the beginning of a character. Taking too much for one does no harm: it is read again.
  private static func mayGoOn(_ base: UnsafePointer<UInt8>, _ at: Int, _ end: Int) -> Bool {
    let lead = base[at]
    let announced = lead < 0xC2 || lead > 0xF4 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4
    return end - at < announced && (at + 1..<end).allSatisfy { base[$0] & 0xC0 == 0x80 }
  }

  private mutating func append(_ code: Int) {
    guard count + UnicodeBytes.count(code) <= WordReader.longest else {
      isTooLong = true
      return
    }
    count += UnicodeBytes.write(code, to: &word, at: count)
  }

  // MARK: Final sigma

  /// Decides what the open σ is, now that a character follows it.
  private mutating func settleSigma(_ flags: UInt8) {
    guard sigma >= 0, flags & WordTable.ignorable == 0 else { return }
    if flags & WordTable.cased == 0 { word[sigma + 1] = 0x82 }  // ς
    sigma = -1
  }

  private func followsCasedLetter() -> Bool {
    var at = count
    while at > 0 {
      let (code, start) = UnicodeBytes.last(of: word, before: at)
      let flags = WordTable.shared.flags(of: code)
      if flags & WordTable.ignorable == 0 { return flags & WordTable.cased != 0 }
      at = start
    }
    return false
  }

  @inline(__always)
  private mutating func endWord(_ take: (UnsafeBufferPointer<UInt8>) -> Void) {
    if characters > 1, !isNumber, !isTooLong {
      if sigma >= 0 { word[sigma + 1] = 0x82 }
      word.withUnsafeBufferPointer { take(UnsafeBufferPointer(rebasing: $0[..<count])) }
    }
    if characters > 0 { (count, characters, isTooLong, sigma) = (0, 0, false, -1) }
  }
}

/// Well-formed UTF-8 of code points, in a buffer that has room.
private enum UnicodeBytes {
  static func count(_ code: Int) -> Int { code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4 }

  static func write(_ code: Int, to buffer: inout [UInt8], at place: Int) -> Int {
    let width = count(code)
    if width == 1 {
      buffer[place] = UInt8(code)
      return 1
    }
    var rest = code
    for index in stride(from: width - 1, to: 0, by: -1) {
      buffer[place + index] = UInt8(0x80 | rest & 0x3F)
      rest >>= 6
    }
    buffer[place] = UInt8(0xF0 << (4 - width) & 0xFF | rest)
    return width
  }

  /// The character that ends just before `end`, and where it begins.
  static func last(of buffer: [UInt8], before end: Int) -> (code: Int, start: Int) {
    var start = end - 1
    while start > 0, buffer[start] & 0xC0 == 0x80 { start -= 1 }
    var code = end - start == 1 ? Int(buffer[start]) : Int(buffer[start]) & (0x7F >> (end - start))
    for place in start + 1..<end { code = code << 6 | Int(buffer[place] & 0x3F) }
    return (code, start)
  }
}
