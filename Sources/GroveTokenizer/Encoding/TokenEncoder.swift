/// Turns text into ids: a tokenizer with the state of one caller, a cache of words and room to work.
///
/// The ids do not depend on the state. An encoder belongs to one thread at a time; a copy starts with a cache of its own.
/// The cost is linear in the text, but for a factor of log n in a piece of n > 64 bytes that is merged, and of the longest
/// token in a unigram model.
public struct TokenEncoder: Sendable {
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

  /// Appends the ids of a document's bytes to `ids`; a byte-level model without a normalizer allocates nothing once `ids`
  /// has room.
  /// - Precondition: a document has fewer than 2^31 bytes.
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
      let isStart = rest.baseAddress == text.baseAddress && tables.keepsFirstCharacter(of: rest)
      guard let normalized = tables.normalizer?.normalized(rest) else {
        return encodeNormalized(rest, isStart, &ids)
      }
      normalized.withUnsafeBufferPointer { encodeNormalized($0, isStart, &ids) }
    }
    memory.flush(to: &ids)
  }

  private mutating func encodeNormalized(_ text: UnsafeBufferPointer<UInt8>, _ isStart: Bool, _ ids: inout [UInt32]) {
    tokenizer.tables.normalizedTokens.forEachSection(of: text, specialTokens) { section in
      guard case .text(let plain) = section else { return memory.append(section, &ids) }
      let isFirst = isStart && plain.baseAddress == text.baseAddress
      guard tokenizer.tables.prefixesSpace, plain.first != UInt8(ascii: " ") else {
        return memory.encode(plain, isStart: isFirst, &ids, &statistics)
      }
      ([UInt8(ascii: " ")] + plain).withUnsafeBufferPointer { memory.encode($0, isStart: isFirst, &ids, &statistics) }
    }
  }
}
