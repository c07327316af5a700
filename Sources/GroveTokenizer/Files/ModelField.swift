import GroveCore

/// The `model` of a `tokenizer.json`, together with the added tokens that its vocabulary lacks.
struct ModelField {
  let reader: TokenizerReader
  let model: JSONValue
  let added: [AddedToken]
  /// Four times the bytes of the largest vocabulary that is known.
  private static let mostBytes = 1 << 25

  /// What the field gives.
  struct Content {
    var vocabulary: Vocabulary
    var model: TokenModel
    var outsideModel: Set<UInt32>
  }

  /// - Parameter isByteLevel: whether tokens are written in the byte alphabet.
  func read(isByteLevel: Bool) throws -> Content {
    guard model.objectValue != nil else { throw reader.failure("model", "is not an object") }
    let type = model["type"]?.stringValue ?? "BPE"
    guard ["BPE", "Unigram", "WordPiece"].contains(type) else {
      throw reader.unsupported("model", model, remedy: "BPE, Unigram and WordPiece are supported.")
    }
    guard !isByteLevel || type == "BPE" else {
      throw reader.failure("model", "\(type) does not go with the pre-tokenizer ByteLevel")
    }
    switch type {
    case "BPE": return try bytePair(isByteLevel)
    case "Unigram": return try unigram()
    default: return try wordPiece()
    }
  }

  // MARK: The three models

  private func bytePair(_ isByteLevel: Bool) throws -> Content {
    try reader.check(
      model, "model",
      keys: [
        "type", "dropout", "unk_token", "continuing_subword_prefix", "end_of_word_suffix", "fuse_unk", "byte_fallback",
        "ignore_merges", "vocab", "merges",
      ])
    if let dropout = model["dropout"], dropout != .null, dropout.numberValue != 0 {
      throw reader.unsupported(
        "model.dropout", dropout, remedy: "Only null is supported: with dropout a text has no certain ids.")
    }
    var content = try self.content(try objectEntries(), isByteLevel ? ByteAlphabet.bytes(of:) : { Array($0.utf8) })
    var pairs = BytePairModel(
      units: isByteLevel ? .bytes : .characters,
      wholeWords: try reader.flag(model, "ignore_merges", "model", missing: false) ? .taken : .merged, merges: [])
    pairs.continuation = try affix("continuing_subword_prefix")
    pairs.wordEnd = try affix("end_of_word_suffix")
    pairs.merges = try merges(content.vocabulary, isByteLevel, skipping: pairs.continuation.count)
    if try reader.flag(model, "byte_fallback", "model", missing: false) {
      pairs.byteTokens = ByteTokens.ids(in: content.vocabulary)
    }
    // A vocabulary with a token for every byte has no use for another one.
    let isWhole = isByteLevel && content.vocabulary.hasEveryByte
    if !isWhole, let unknown = model["unk_token"], unknown != .null {
      guard let id = unknown.stringValue.flatMap({ content.vocabulary.id(of: $0.utf8) }) else {
        throw reader.failure("model.unk_token", "is not a token of model.vocab")
      }
      pairs.unknown = .init(id: id, isFused: try reader.flag(model, "fuse_unk", "model", missing: false))
    }
    content.model = .bytePair(pairs)
    return content
  }

  private func unigram() throws -> Content {
    try reader.check(model, "model", keys: ["type", "unk_id", "vocab", "byte_fallback"])
    guard let list = model["vocab"]?.arrayValue else { throw reader.failure("model.vocab", "is not a list") }
    var scores: [Double] = []
    let entries = try list.enumerated().map { index, entry in
      let field = "model.vocab[\(index)]"
      guard let pair = entry.arrayValue, pair.count == 2, let piece = pair[0].stringValue,
        let score = pair[1].numberValue
      else { throw reader.failure(field, "is not a piece and its score") }
      guard piece.utf8.count <= UnigramModel.longestPiece else {
        throw reader.failure(field, "\(piece.utf8.count) bytes; a piece has at most \(UnigramModel.longestPiece)")
      }
      scores.append(score)
      return Entry(text: piece, id: UInt32(truncatingIfNeeded: index), field: field)
    }
    guard let unknown = model["unk_id"]?.integerValue, scores.indices.contains(unknown) else {
      throw reader.failure("model.unk_id", "is not the id of a piece, so some texts have no ids")
    }
    var content = try self.content(entries) { Array($0.utf8) }
    let lowest = scores.min() ?? 0
    scores += Array(repeating: 0, count: content.vocabulary.count - scores.count)
    let outside = content.outsideModel
    var unigram = UnigramModel(
      content.vocabulary, scores: scores, unknownID: UInt32(unknown), lowest: lowest, precision: .double
    ) { !outside.contains($0) }
    if try reader.flag(model, "byte_fallback", "model", missing: false) {
      unigram.byteTokens = ByteTokens.ids(in: content.vocabulary)
    }
    content.model = .unigram(unigram)
    return content
  }

  private func wordPiece() throws -> Content {
    try reader.check(
      model, "model", keys: ["type", "unk_token", "continuing_subword_prefix", "max_input_chars_per_word", "vocab"])
    var content = try self.content(try objectEntries()) { Array($0.utf8) }
    guard let unknown = content.vocabulary.id(of: try reader.text(model, "unk_token", "model").utf8) else {
      throw reader.failure("model.unk_token", "is not a token of model.vocab")
    }
    let outside = content.outsideModel
    content.model = .wordPiece(
      WordPieceModel(
        content.vocabulary, findable: { !outside.contains($0) }, unknownID: unknown,
        longestWord: try reader.count(model, "max_input_chars_per_word", "model", missing: 100),
        continuation: model["continuing_subword_prefix"]?.stringValue ?? "##"))
    return content
  }

  // MARK: Vocabulary

  private struct Entry {
    let text: String
    let id: UInt32
    let field: String
  }

  private func objectEntries() throws -> [Entry] {
    guard let members = model["vocab"]?.objectValue else { throw reader.failure("model.vocab", "is not an object") }
    return try members.map { member in
      let field = "model.vocab[\(reader.quoted(member.key))]"
      return Entry(text: member.key, id: try reader.id(member.value, field), field: field)
    }
  }

  /// Vocabularies are held as bytes and as tries, which take forty times their text.
  private func checkBytes(_ entries: [Entry]) throws {
    let bytes = entries.reduce(0) { $0 + $1.text.utf8.count }
    guard bytes <= ModelField.mostBytes else {
      throw reader.failure("model.vocab", "has tokens of \(bytes) bytes together; the limit is \(ModelField.mostBytes)")
    }
  }

  private func affix(_ key: String) throws -> [UInt8] {
    guard let value = model[key], value != .null else { return [] }
    return Array(try reader.text(model, key, "model").utf8)
  }

  /// The tokens by id, and the ids that only `added_tokens` has. Every id from 0 up has exactly one token.
  /// Texts are told apart by their bytes: to a `String` an accented letter and its parts are the same.
  private func content(_ entries: [Entry], _ bytes: (String) -> [UInt8]?) throws -> Content {
    try checkBytes(entries)
    var addedByText: [[UInt8]: AddedToken] = [:]
    for token in added { addedByText[Array(token.content.utf8)] = token }
    var outside = added.count
    for entry in entries where addedByText[Array(entry.text.utf8)] != nil { outside -= 1 }
    let count = entries.count + max(0, outside)
    var texts = [String?](repeating: nil, count: count)
    func place(_ text: String, _ id: UInt32, _ field: String) throws {
      guard Int(id) < count else {
        throw reader.failure(field, "the id \(id) leaves a gap: \(count) tokens have the ids 0 to \(count - 1)")
      }
      if let other = texts[Int(id)] {
        throw reader.failure(field, "the id \(id) is that of \(reader.quoted(other)) too")
      }
      texts[Int(id)] = text
    }
    var seen: Set<[UInt8]> = []
    seen.reserveCapacity(entries.count)
    for entry in entries {
      let text = Array(entry.text.utf8)
      guard seen.insert(text).inserted else { throw reader.failure(entry.field, "occurs twice") }
      if let token = addedByText[text], token.id != entry.id {
        throw reader.failure(entry.field, "the id is \(entry.id), but added_tokens gives it \(token.id)")
      }
      try place(entry.text, entry.id, entry.field)
    }
    var outsideModel: Set<UInt32> = []
    for (index, token) in added.enumerated() where !seen.contains(Array(token.content.utf8)) {
      try place(token.content, token.id, "added_tokens[\(index)].id")
      outsideModel.insert(token.id)
    }
    var vocabulary = Vocabulary()
    for (id, text) in texts.enumerated() {
      guard let text else { preconditionFailure("\(count) different ids below \(count) leave none out") }
      let isAdded = addedByText[Array(text.utf8)] != nil
      try append(text, bytes(text), isAdded, !outsideModel.contains(UInt32(id)), to: &vocabulary)
    }
    return Content(
      vocabulary: vocabulary, model: .bytePair(.init(units: .bytes, wholeWords: .merged, merges: [])),
      outsideModel: outsideModel)
  }

  /// Appends a token under the bytes that it stands for. An added token that spells other bytes than its text is text.
  private func append(
    _ text: String, _ bytes: [UInt8]?, _ isAdded: Bool, _ isInModel: Bool, to vocabulary: inout Vocabulary
  ) throws {
    let plain = Array(text.utf8)
    if isAdded {
      vocabulary.append(plain, findable: isInModel && bytes == plain)
    } else if let bytes, !bytes.isEmpty {
      vocabulary.append(bytes, findable: true)
    } else {
      throw reader.failure(
        "model.vocab[\(reader.quoted(text))]",
        text.isEmpty ? "is empty" : "is no byte-level token: it has characters that stand for no byte")
    }
  }

  private func merges(_ vocabulary: Vocabulary, _ isByteLevel: Bool, skipping prefix: Int) throws -> [Merge] {
    guard let entries = model["merges"]?.arrayValue else { throw reader.failure("model.merges", "is not a list") }
    var seen: Set<UInt64> = []
    seen.reserveCapacity(entries.count)
    return try entries.enumerated().map { index, entry in
      let field = "model.merges[\(index)]"
      let texts: [String]
      if let text = entry.stringValue {
        texts = text.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
      } else {
        texts = entry.arrayValue?.compactMap(\.stringValue) ?? []
      }
      guard texts.count == 2 else {
        throw reader.failure(field, "is neither a pair of tokens nor two of them with a space between")
      }
      func id(_ bytes: [UInt8]?, _ text: @autoclosure () -> String) throws -> UInt32 {
        guard let bytes, let id = vocabulary.id(of: bytes) else {
          throw reader.failure(field, "\(reader.quoted(text())) is not in model.vocab")
        }
        return id
      }
      let (left, right) =
        isByteLevel
        ? (ByteAlphabet.bytes(of: texts[0]), ByteAlphabet.bytes(of: texts[1]))
        : (Array(texts[0].utf8), Array(texts[1].utf8))
      let joined = left.flatMap { left in right.map { left + $0.dropFirst(prefix) } }
      let merge = Merge(
        left: try id(left, texts[0]), right: try id(right, texts[1]), result: try id(joined, texts[0] + texts[1]))
      guard seen.insert(UInt64(merge.left) << 32 | UInt64(merge.right)).inserted else {
        throw reader.failure(field, "repeats the merge of \(reader.quoted(texts[0])) and \(reader.quoted(texts[1]))")
      }
      return merge
    }
  }
}
