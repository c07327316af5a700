/// What a sentencepiece model does to a text (`normalizer_spec`): the longest match of the character map at each place,
/// user-defined symbols left alone, runs of spaces made one, a space in front, spaces written as U+2581.
///
/// - Source: Kudo and Richardson 2018 (arXiv:1808.06226) §3; the order of the steps is that of the library.
public struct SentencePieceNormalization: Sendable, Hashable {
  /// What becomes of spaces beyond one between words.
  public enum ExtraSpaces: Sendable, Hashable {
    case kept
    case removed
  }

  /// Where the model puts a space of its own.
  public enum AddedSpace: Sendable, Hashable {
    case nowhere
    case before
    case after
  }

  /// The character map.
  public var map: CharacterMap
  /// What becomes of extra spaces (`remove_extra_whitespaces`).
  public var extraSpaces: ExtraSpaces
  /// Where a space is added (`add_dummy_prefix`, `treat_whitespace_as_suffix`).
  public var addedSpace: AddedSpace
  /// Whether spaces become U+2581 (`escape_whitespaces`).
  public var escapesSpaces: Bool
  /// Texts that nothing changes: the user-defined symbols.
  let symbols: LiteralTrie

  init(
    map: CharacterMap, extraSpaces: ExtraSpaces, addedSpace: AddedSpace, escapesSpaces: Bool, symbols: [[UInt8]]
  ) {
    self.map = map
    self.extraSpaces = extraSpaces
    self.addedSpace = addedSpace
    self.escapesSpaces = escapesSpaces
    self.symbols = LiteralTrie(symbols)
  }

  private static let space = UInt8(ascii: " ")
  private var spaceSymbol: [UInt8] { escapesSpaces ? Metaspace.mark : [SentencePieceNormalization.space] }

  func normalized(_ text: UnsafeBufferPointer<UInt8>) -> [UInt8]? {
    var at = 0
    if extraSpaces == .removed {
      while at < text.count {
        let (piece, length) = prefix(text, at)
        if !piece.elementsEqual([SentencePieceNormalization.space]) { break }
        at += length
      }
    }
    var output: [UInt8] = []
    guard at < text.count else { return output }
    output.reserveCapacity(text.count * 3 / 2 + 3)
    if addedSpace == .before { output += spaceSymbol }
    var followsSpace = extraSpaces == .removed
    while at < text.count {
      let (piece, length) = prefix(text, at)
      at += length
      let rest = followsSpace ? piece.drop { $0 == SentencePieceNormalization.space } : piece[...]
      for byte in rest {
        if byte == SentencePieceNormalization.space, escapesSpaces {
          output += Metaspace.mark
        } else {
          output.append(byte)
        }
      }
      if let last = rest.last { followsSpace = last == SentencePieceNormalization.space }
      if extraSpaces == .kept { followsSpace = false }
    }
    if extraSpaces == .removed {
      let symbol = spaceSymbol
      while output.count >= symbol.count, output.suffix(symbol.count).elementsEqual(symbol) {
        output.removeLast(symbol.count)
      }
    }
    if addedSpace == .after { output += spaceSymbol }
    return output
  }

  /// What stands at `start`: its normalized bytes and how many bytes of the text it takes.
  private func prefix(_ text: UnsafeBufferPointer<UInt8>, _ start: Int) -> (ArraySlice<UInt8>, Int) {
    if let length = symbols.longestMatch(text, from: start) {
      return (Array(text[start..<start + length])[...], length)
    }
    if let (replacement, length) = map.longestMatch(text, from: start) { return (replacement, length) }
    let width = text.scalar(at: start).width
    if width == 1, text[start] >= 0x80 { return ([0xEF, 0xBF, 0xBD], 1) }
    return (Array(text[start..<start + width])[...], width)
  }
}
