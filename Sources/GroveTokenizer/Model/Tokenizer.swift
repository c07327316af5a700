import GroveCore

/// A byte-level BPE tokenizer: an immutable value that any number of threads may share.
///
/// `encoder(specialTokens:malformed:)` gives what encodes; decoding needs no state. It is made by `BytePairTrainer`, by
/// reading a `tokenizer.json`, or from its parts.
public struct Tokenizer: Sendable {
  /// How text becomes pieces, and pieces ids.
  public struct Settings: Sendable, Hashable {
    /// How a text is split.
    public var preTokenizer: PreTokenizer
    /// Whether a text that does not start with a space gets one (`add_prefix_space`).
    public var prefix: Prefix
    /// Whether a piece that is a token by itself goes unmerged (`ignore_merges`).
    public var wholeWords: WholeWords

    /// Settings of a tokenizer; all three change the ids, so none has a default.
    public init(preTokenizer: PreTokenizer, prefix: Prefix, wholeWords: WholeWords) {
      self.preTokenizer = preTokenizer
      self.prefix = prefix
      self.wholeWords = wholeWords
    }
  }

  /// What stands before a text.
  public enum Prefix: Sendable, Hashable {
    /// Nothing is added.
    case none
    /// A space, where the text does not start with one.
    case space
  }

  /// What becomes of a piece that is itself in the vocabulary.
  public enum WholeWords: Sendable, Hashable {
    /// It is merged like any other.
    case merged
    /// It is taken as that token: `ignore_merges`, as LLaMA 3 has it.
    case taken
  }

  /// What a tokenizer is made of.
  struct Parts: Sendable {
    var vocabulary: Vocabulary
    var merges: [Merge]
    var addedTokens: [AddedToken]
    var settings: Settings
    /// Ids of added tokens that are not in the model's vocabulary.
    var outsideModel: Set<UInt32>
    var roles: [SpecialTokenRole: UInt32]
    /// What a `tokenizer.json` puts around a sequence (its `post_processor`), kept as it was read.
    var postProcessor = JSONValue.null
  }

  var parts: Parts
  let tables: EncodingTables

  init(_ parts: Parts) {
    self.parts = parts
    tables = EncodingTables(parts)
  }

  /// The tokens by id.
  public var vocabulary: Vocabulary { parts.vocabulary }
  /// Number of ids, added tokens included.
  public var vocabularySize: Int { parts.vocabulary.count }
  /// The merges, the first learned first.
  public var merges: [Merge] { parts.merges }
  /// The tokens found in the text before it is split, by id.
  public var addedTokens: [AddedToken] { parts.addedTokens }
  /// How text becomes pieces, and pieces ids.
  public var settings: Settings { parts.settings }
  /// The ids that play a part in a sequence, such as its end.
  public var roles: [SpecialTokenRole: UInt32] { parts.roles }

  /// The id of an added token by its text.
  public func id(ofAddedToken content: String) -> UInt32? {
    parts.addedTokens.first { $0.content == content }?.id
  }

  /// The bytes that an id stands for; nil for an id that no token has.
  public func bytes(of id: UInt32) -> ArraySlice<UInt8>? { parts.vocabulary.bytes(of: id) }

  /// How many bytes an id stands for; nil for an id that no token has. A special token counts those of its text.
  public func byteCount(of id: UInt32) -> Int? { parts.vocabulary.byteCount(of: id) }

  /// Whether the id is that of a special token.
  public func isSpecial(_ id: UInt32) -> Bool { parts.addedTokens.contains { $0.id == id && $0.isSpecial } }

  /// An encoder of this tokenizer, for one thread at a time. It takes 2 MB.
  public func encoder(specialTokens: SpecialTokenRule, malformed: MalformedBytes) -> BytePairEncoder {
    BytePairEncoder(self, specialTokens: specialTokens, malformed: malformed)
  }

  /// The bytes that the ids stand for, joined.
  /// - Throws: `GroveError` with code `.argument` for an id that no token has.
  public func decode(_ ids: some Sequence<UInt32>, specialTokens: SpecialTokenOutput) throws -> [UInt8] {
    let skipped: Set<UInt32> =
      specialTokens == .skipping ? Set(parts.addedTokens.filter(\.isSpecial).map(\.id)) : []
    var output: [UInt8] = []
    for (place, id) in ids.enumerated() {
      guard let bytes = parts.vocabulary.bytes(of: id) else {
        throw GroveError(
          .argument, "ids[\(place)]", "no token has the id \(id); the vocabulary ends at \(vocabularySize - 1)")
      }
      if !skipped.contains(id) { output.append(contentsOf: bytes) }
    }
    return output
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
