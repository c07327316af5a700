import GroveCore

/// A tokenizer: an immutable value that any number of threads may share.
///
/// A text goes through four parts: the normalizer changes it, the pre-tokenizers cut it into pieces, the model turns each
/// piece into ids, and the post-processor puts special tokens around them; the decoder leads back. Tokens that stand in
/// the text as such (`addedTokens`) are found before all that. `encoder(specialTokens:malformed:)` gives what encodes;
/// decoding needs no state. A tokenizer is trained (`BytePairTrainer`, `UnigramTrainer`) or read from a `tokenizer.json`
/// or a sentencepiece `.model`.
public struct Tokenizer: Sendable {
  /// What a tokenizer is made of.
  struct Parts: Sendable {
    var vocabulary: Vocabulary
    var model: TokenModel
    var normalizer: Normalizer?
    var preTokenizers: [PreTokenizer]
    var postProcessor: PostProcessor?
    var decoder: Decoder?
    var addedTokens: [AddedToken]
    /// Ids of added tokens that are not in the model's vocabulary.
    var outsideModel: Set<UInt32> = []
    var roles: [SpecialTokenRole: UInt32] = [:]
    /// The fields as the file has them, so that what is written is what was read.
    var fields: Fields
    /// The text of the chat template.
    var chatTemplate: String?
    /// The bytes of the `.model` file that the parts came from, if they did.
    var sentencePiece: [UInt8]?
  }

  /// Fields of a `tokenizer.json` besides the added tokens and the model.
  struct Fields: Sendable {
    var truncation = JSONValue.null
    var padding = JSONValue.null
    var normalizer = JSONValue.null
    var preTokenizer = JSONValue.null
    var postProcessor = JSONValue.null
    var decoder = JSONValue.null
  }

  var parts: Parts
  let tables: EncodingTables

  init(_ parts: Parts) {
    self.parts = parts
    tables = EncodingTables(parts)
  }

  /// The tokens by id: bytes of text for a byte-level model, the tokens' own spelling for others.
  public var vocabulary: Vocabulary { parts.vocabulary }
  /// Number of ids, added tokens included.
  public var vocabularySize: Int { parts.vocabulary.count }
  /// How a piece becomes ids.
  public var model: TokenModel { parts.model }
  /// What is done to a text first.
  public var normalizer: Normalizer? { parts.normalizer }
  /// How a text is cut, step by step.
  public var preTokenizers: [PreTokenizer] { parts.preTokenizers }
  /// What special tokens stand around a text.
  public var postProcessor: PostProcessor? { parts.postProcessor }
  /// How tokens become text.
  public var decoder: Decoder? { parts.decoder }
  /// The merges of a BPE model, the first learned first; none for other models.
  public var merges: [Merge] { if case .bytePair(let model) = parts.model { model.merges } else { [] } }
  /// The tokens found in the text before it is split, by id.
  public var addedTokens: [AddedToken] { parts.addedTokens }
  /// The ids that play a part in a sequence, such as its end.
  public var roles: [SpecialTokenRole: UInt32] { parts.roles }

  /// The id of an added token by its text.
  public func id(ofAddedToken content: String) -> UInt32? {
    parts.addedTokens.first { $0.content == content }?.id
  }

  /// The bytes of text that an id stands for by itself; nil for an id that no token has.
  ///
  /// For a byte-level model, joining them is decoding. Other decoders look at neighbours (a first space is dropped, say):
  /// there `decode` has the last word.
  public func bytes(of id: UInt32) -> ArraySlice<UInt8>? {
    guard let bytes = parts.vocabulary.bytes(of: id) else { return nil }
    return tables.outputs?.bytes(of: id) ?? bytes
  }

  /// How many bytes an id stands for; nil for an id that no token has. A special token counts those of its text.
  public func byteCount(of id: UInt32) -> Int? { bytes(of: id)?.count }

  /// Whether the id is that of a special token.
  public func isSpecial(_ id: UInt32) -> Bool { tables.specialIDs.contains(id) }

  /// An encoder of this tokenizer, for one thread at a time. It takes 2 MB.
  public func encoder(specialTokens: SpecialTokenRule, malformed: MalformedBytes) -> TokenEncoder {
    TokenEncoder(self, specialTokens: specialTokens, malformed: malformed)
  }

  /// The bytes that the ids stand for, joined.
  /// - Throws: `GroveError` with code `.argument` for an id that no token has.
  public func decode(_ ids: some Sequence<UInt32>, specialTokens: SpecialTokenOutput) throws -> [UInt8] {
    let isPlain = parts.decoder == .byteLevel
    var output: [UInt8] = []
    var tokens: [[UInt8]] = []
    for (place, id) in ids.enumerated() {
      guard let bytes = parts.vocabulary.bytes(of: id) else {
        throw GroveError(
          .argument, "ids[\(place)]", "no token has the id \(id); the vocabulary ends at \(vocabularySize - 1)")
      }
      if specialTokens == .skipping, tables.specialIDs.contains(id) { continue }
      if isPlain, parts.model.isByteLevel {
        output.append(contentsOf: bytes)
      } else {
        tokens.append(spelling(id, bytes))
      }
    }
    if tokens.isEmpty { return output }
    return Decoder.text(of: tokens, by: parts.decoder)
  }

  /// How a `tokenizer.json` spells a token, which is what decoders work on.
  private func spelling(_ id: UInt32, _ bytes: ArraySlice<UInt8>) -> [UInt8] {
    guard parts.model.isByteLevel, !tables.addedIDs.contains(id) else { return Array(bytes) }
    return Array(ByteAlphabet.text(of: bytes).utf8)
  }

  /// The text that the ids stand for; bytes that are not UTF-8 (half a character, say) read as U+FFFD.
  /// - Throws: `GroveError` with code `.argument` for an id that no token has.
  public func decodeText(_ ids: some Sequence<UInt32>, specialTokens: SpecialTokenOutput) throws -> String {
    String(decoding: try decode(ids, specialTokens: specialTokens), as: UTF8.self)
  }

  /// The same tokenizer with these ids in these parts.
  /// - Throws: `GroveError` with code `.argument` for an id that is no added token.
  public func assigning(_ roles: [SpecialTokenRole: UInt32]) throws -> Tokenizer {
    for (role, id) in roles.sorted(by: { $0.key.rawValue < $1.key.rawValue })
    where !parts.addedTokens.contains(where: { $0.id == id }) {
      throw GroveError(.argument, role.rawValue, "the id \(id) is no added token")
    }
    var copy = self
    copy.parts.roles = roles
    return copy
  }

  /// The same tokenizer with the text of another chat template, or none.
  public func assigning(chatTemplate: String?) -> Tokenizer {
    var copy = self
    copy.parts.chatTemplate = chatTemplate
    return copy
  }

  /// The same tokenizer, of a sentencepiece model, with this token in front of every text that is framed.
  public func starting(with id: UInt32) -> Tokenizer {
    var copy = self
    let first: [PostProcessor.Part] = [.tokens([id], type: 0), .text(0, type: 0)]
    copy.parts.postProcessor = PostProcessor(single: first, pair: first + [.tokens([id], type: 1), .text(1, type: 1)])
    return copy
  }
}

/// The parts that special tokens play in a sequence, by the names that `transformers` gives them.
public enum SpecialTokenRole: String, Sendable, Hashable, CaseIterable {
  /// Starts a sequence.
  case beginning = "bos_token"
  /// Ends a sequence, and stands between documents.
  case ending = "eos_token"
  /// Stands for what a vocabulary lacks; byte-level vocabularies lack nothing.
  case unknown = "unk_token"
  /// Fills a batch up.
  case padding = "pad_token"
}
