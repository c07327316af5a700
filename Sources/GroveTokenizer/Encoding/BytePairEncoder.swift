/// Turns text into ids: a tokenizer with the state of one caller, a cache of words and room to work.
///
/// The ids do not depend on the state. An encoder belongs to one thread at a time; a copy starts with a cache of its own.
/// The cost is linear in the text, but for a factor of log n in a piece of n > 64 bytes.
///
/// Source: the merges are those of Sennrich et al. 2016 (arXiv:1508.07909) on bytes, as in Radford et al. 2019: of all
/// pairs in a piece the one whose merge was learned first, and of equal ones the leftmost.
public struct BytePairEncoder: Sendable {
  /// The tokenizer that the ids are of.
  public let tokenizer: Tokenizer
  /// What becomes of special tokens' text in a document.
  public let specialTokens: SpecialTokenRule
  /// What becomes of bytes that are not UTF-8.
  public let malformed: MalformedBytes
  /// Counts since the encoder was made.
  public private(set) var statistics = EncodingStatistics()
  private var memory: EncoderMemory

  init(_ tokenizer: Tokenizer, specialTokens: SpecialTokenRule, malformed: MalformedBytes) {
    self.tokenizer = tokenizer
    self.specialTokens = specialTokens
    self.malformed = malformed
    memory = EncoderMemory(tokenizer.tables)
  }

  /// The ids of a text.
  public mutating func encode(_ text: String) -> [UInt32] {
    var text = text
    var ids: [UInt32] = []
    text.withUTF8 { encodeWellFormed($0, appendingTo: &ids) }
    return ids
  }

  /// The ids of a document's bytes.
  public mutating func encode(_ bytes: [UInt8]) -> [UInt32] {
    var ids: [UInt32] = []
    bytes.withUnsafeBufferPointer { encode($0, appendingTo: &ids) }
    return ids
  }

  /// Appends the ids of a document's bytes to `ids`; allocates nothing once `ids` has room.
  /// - Precondition: a document has fewer than 2^32 - 1 bytes.
  public mutating func encode(_ bytes: UnsafeBufferPointer<UInt8>, appendingTo ids: inout [UInt32]) {
    if malformed == .replacing, UTF8Check.firstProblem(in: bytes) != nil {
      UTF8Check.repaired(bytes).withUnsafeBufferPointer { encodeWellFormed($0, appendingTo: &ids) }
    } else {
      encodeWellFormed(bytes, appendingTo: &ids)
    }
  }

  private mutating func encodeWellFormed(_ text: UnsafeBufferPointer<UInt8>, appendingTo ids: inout [UInt32]) {
    if !isKnownUniquelyReferenced(&memory) { memory = EncoderMemory(tokenizer.tables) }
    let tables = tokenizer.tables
    tables.addedTokens.forEachSection(of: text, specialTokens) { section in
      guard case .text(let rest) = section else { return memory.append(section, &ids) }
      tables.normalizedTokens.forEachSection(of: rest, specialTokens) { section in
        guard case .text(let plain) = section else { return memory.append(section, &ids) }
        if tokenizer.settings.prefix == .space, plain.first != UInt8(ascii: " ") {
          ([UInt8(ascii: " ")] + plain).withUnsafeBufferPointer { memory.encode($0, &ids, &statistics) }
        } else {
          memory.encode(plain, &ids, &statistics)
        }
      }
    }
    memory.flush(to: &ids)
  }
}
