/// What all encoders of one tokenizer share, made once and never changed.
final class EncodingTables: Sendable {
  /// How pieces are found.
  enum Cutting: Sendable {
    /// By one split, on the text as it is.
    case split(TextSplit)
    /// By one split inside another, on the text as it is.
    case splits([TextSplit])
    /// Step by step on a copy of the text.
    case steps([PreTokenizer])
  }

  let cutting: Cutting
  /// Whether a text that starts with no space gets one before it is cut.
  let prefixesSpace: Bool
  let model: TokenModel
  let vocabulary: Vocabulary
  let normalizer: Normalizer?
  let merges: MergeTable
  /// Added tokens that are looked for in the text, and those that are looked for in what normalization makes of the rest.
  let addedTokens: AddedTokenMatcher
  let normalizedTokens: AddedTokenMatcher
  let addedIDs: Set<UInt32>
  let specialIDs: Set<UInt32>
  /// What ids stand for by themselves, where that is not the bytes of the vocabulary.
  let outputs: Vocabulary?
  private let byteIDs: ByteIDs?
  /// The vocabulary where a word that is a token goes whole, without merges.
  private let wholeWords: Vocabulary?

  init(_ parts: Tokenizer.Parts) {
    model = parts.model
    vocabulary = parts.vocabulary
    normalizer = parts.normalizer
    if case .bytePair(let pairs) = parts.model {
      merges = MergeTable(pairs.merges)
      byteIDs = pairs.isPlain && parts.vocabulary.hasEveryByte ? ByteIDs(parts.vocabulary) : nil
      wholeWords = pairs.wholeWords == .taken ? parts.vocabulary : nil
    } else {
      (merges, byteIDs, wholeWords) = (MergeTable([]), nil, nil)
    }
    (cutting, prefixesSpace) = EncodingTables.cutting(parts)
    addedTokens = AddedTokenMatcher(parts.addedTokens.filter { !$0.isNormalized })
    let normalized = parts.addedTokens.filter { $0.isNormalized }
    // A sentencepiece model's symbols are spelled as in a normalized text already.
    let normalizer = parts.sentencePiece == nil ? parts.normalizer : nil
    normalizedTokens = AddedTokenMatcher(
      normalized, texts: normalized.map { Array((normalizer?.normalized($0.content) ?? $0.content).utf8) })
    addedIDs = Set(parts.addedTokens.map(\.id))
    specialIDs = Set(parts.addedTokens.filter(\.isSpecial).map(\.id))
    outputs = EncodingTables.outputs(parts, addedIDs)
  }

  private static func cutting(_ parts: Tokenizer.Parts) -> (Cutting, prefixesSpace: Bool) {
    // A space in front of the whole text needs no copy of every piece.
    let isPrefixed = parts.preTokenizers.first == .spacePrefix
    var steps = isPrefixed ? Array(parts.preTokenizers.dropFirst()) : parts.preTokenizers
    let isPure = steps.allSatisfy { if case .split = $0 { true } else { false } }
    var splits: [TextSplit] = []
    for case .split(let split) in steps where split != .whole { splits.append(split) }
    if case .bytePair(let model) = parts.model, model.respectsWordMarks(parts.vocabulary) {
      if isPure { splits.append(.wordMarks) } else { steps.append(.split(.wordMarks)) }
    }
    guard isPure else { return (.steps(steps), isPrefixed) }
    return (splits.count > 1 ? .splits(splits) : .split(splits.first ?? .whole), isPrefixed)
  }

  /// The text of single tokens, for models whose tokens are not written as the bytes that they stand for.
  private static func outputs(_ parts: Tokenizer.Parts, _ added: Set<UInt32>) -> Vocabulary? {
    if parts.model.isByteLevel { return nil }
    var outputs = Vocabulary()
    var continuation: [UInt8]?
    if case .wordPiece(let model) = parts.model { continuation = Array(model.continuation.utf8) }
    for id in 0..<UInt32(parts.vocabulary.count) {
      let bytes = parts.vocabulary.bytes(of: id).map { Array($0) } ?? []
      let text: [UInt8]
      if added.contains(id) {
        text = bytes
      } else if let continuation {
        text = bytes.starts(with: continuation) ? Array(bytes.dropFirst(continuation.count)) : [0x20] + bytes
      } else if let byte = ByteTokens.byte(of: bytes) {
        text = [byte]
      } else {
        text = bytes.replacing(bytes: Metaspace.mark, with: [UInt8(ascii: " ")]) ?? bytes
      }
      outputs.append(text, findable: false)
    }
    return outputs
  }

  /// Whether a text still starts with its first character when it is normalized: only then does what `Metaspace` puts
  /// before the first piece go there. Asked of the character by itself.
  func keepsFirstCharacter(of text: UnsafeBufferPointer<UInt8>) -> Bool {
    guard let normalizer, !text.isEmpty else { return true }
    let first = UnsafeBufferPointer(rebasing: text[..<text.scalar(at: 0).width])
    return normalizer.normalized(first)?.isEmpty != true
  }

  /// Whether a word of plain bytes is merged from the tokens of single bytes.
  var hasByteIDs: Bool { byteIDs != nil }

  @inline(__always)
  func byteID(_ byte: UInt8) -> UInt32 { byteIDs.unsafelyUnwrapped.table[Int(byte)] }

  @inline(__always)
  func wholeWord(_ word: UnsafeBufferPointer<UInt8>) -> UInt32? {
    guard let wholeWords else { return nil }
    return wholeWords.id(of: word)
  }

  /// The id of each single byte, without bounds checks or reference counts on the way.
  private final class ByteIDs: @unchecked Sendable {  // Safety: written in `init` only.
    let table: UnsafeMutablePointer<UInt32>

    /// - Precondition: the vocabulary has a token for every byte.
    init(_ vocabulary: Vocabulary) {
      table = .allocate(capacity: 256)
      for byte in 0..<256 { (table + byte).initialize(to: vocabulary.id(of: [UInt8(byte)])!) }
    }

    deinit { table.deallocate() }
  }
}
