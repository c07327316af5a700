/// What all encoders of one tokenizer share, made once and never changed.
final class EncodingTables: Sendable {
  let preTokenizer: PreTokenizer
  let merges: MergeTable
  /// Added tokens that are looked for in the text, and those that are looked for in what these leave.
  let addedTokens: AddedTokenMatcher
  let normalizedTokens: AddedTokenMatcher
  private let byteIDs: ByteIDs
  /// The vocabulary where a word that is a token goes whole, without merges.
  private let wholeWords: Vocabulary?

  /// - Precondition: the vocabulary has a token for every byte.
  init(_ parts: Tokenizer.Parts) {
    preTokenizer = parts.settings.preTokenizer
    merges = MergeTable(parts.merges)
    addedTokens = AddedTokenMatcher(parts.addedTokens.filter { !$0.isNormalized })
    normalizedTokens = AddedTokenMatcher(parts.addedTokens.filter { $0.isNormalized })
    byteIDs = ByteIDs(parts.vocabulary)
    wholeWords = parts.settings.wholeWords == .taken ? parts.vocabulary : nil
  }

  @inline(__always)
  func byteID(_ byte: UInt8) -> UInt32 { byteIDs.table[Int(byte)] }

  @inline(__always)
  func wholeWord(_ word: UnsafeBufferPointer<UInt8>) -> UInt32? {
    guard let wholeWords else { return nil }
    return wholeWords.id(of: word)
  }

  /// The id of each single byte, without bounds checks or reference counts on the way.
  private final class ByteIDs: @unchecked Sendable {  // Safety: written in `init` only.
    let table: UnsafeMutablePointer<UInt32>

    init(_ vocabulary: Vocabulary) {
      table = .allocate(capacity: 256)
      for byte in 0..<256 { (table + byte).initialize(to: vocabulary.id(of: [UInt8(byte)])!) }
    }

    deinit { table.deallocate() }
  }
}
