import Foundation
import GroveCore
import GroveTokenizer

/// Tokenizers of the kind `llama`: sentencepiece's BPE with scores, as llama.cpp reads texts with them.
extension GGUFTokenizer {
  static let sentencePieceKind = "llama"
  private static let mark = "\u{2581}"

  /// The pieces as a `.model` file has them. llama.cpp maps no characters and keeps every space.
  /// - Throws: `GroveError` with code `.format` that names the key.
  static func sentencePiece(_ file: GGUFFile) throws -> SentencePieceModel {
    let tokens = try strings("tokens", file)
    guard let scores = file["tokenizer.ggml.scores"]?.arrayValue?.numbers() else {
      throw wrong(file, "scores", "is not a list of numbers")
    }
    guard let types = file["tokenizer.ggml.token_type"]?.arrayValue?.integers() else {
      throw wrong(file, "token_type", "is not a list of whole numbers")
    }
    for (key, count) in [("scores", scores.count), ("token_type", types.count)] where count != tokens.count {
      throw wrong(file, key, "has \(count) elements, tokens has \(tokens.count)")
    }
    var pieces = zip(tokens, zip(scores, types)).map { token, rest in
      let kind = SentencePieceModel.Kind(rawValue: rest.1) ?? .unused
      // Symbols are spelled as they stand in a text, pieces as they stand behind its normalization.
      let text = kind == .userDefined ? token.replacingOccurrences(of: " ", with: mark) : token
      return SentencePieceModel.Piece(text: Array(text.utf8), score: Float(rest.0), kind: kind)
    }
    // Some writers call it a control token, which it is too.
    if !pieces.contains(where: { $0.kind == .unknown }) {
      guard let id = file["tokenizer.ggml.unknown_token_id"]?.integerValue, pieces.indices.contains(id) else {
        throw wrong(file, "unknown_token_id", "is not the id of a token, and no token is of the type for unknown ones")
      }
      pieces[id].kind = .unknown
    }
    return SentencePieceModel(bytePairs: pieces, addsSpace: file[splitSpaces]?.boolValue ?? true)
  }

  /// The tokenizer of that kind.
  static func sentencePieceTokenizer(_ file: GGUFFile) throws -> Tokenizer {
    let place = "\(file.url.path) › tokenizer.ggml"
    let tokenizer = try Tokenizer(sentencePiece: sentencePiece(file).bytes, at: place)
    guard file[startsText]?.boolValue ?? true, let id = file[roles[0].key]?.integerValue,
      tokenizer.addedTokens.contains(where: { $0.id == id })
    else { return tokenizer }
    return tokenizer.starting(with: UInt32(id))
  }

  /// The metadata of the `tokenizer.model` in a folder.
  /// - Throws: `GroveError` with code `.argument` for a model that llama.cpp would read texts with in another way.
  static func sentencePieceMetadata(
    _ folder: URL, vocabularySize: Int, _ config: JSONValue
  ) throws -> [(key: String, value: GGUFValue)] {
    let file = folder.appending(path: Tokenizer.sentencePieceFileName)
    let model = try SentencePieceModel([UInt8](FileSystem.read(file)), at: file.path)
    func refused(_ problem: String) -> GroveError {
      GroveError(
        .argument, file.path, problem, remedy: "Give --without-tokenizer, and the tokenizer's ids to llama.cpp.")
    }
    guard model.modelType == 2 else { throw refused("is no BPE model, the only kind that GGUF files are written with") }
    guard model.characterMap.isEmpty, !model.removesSpaces, model.escapesSpaces, !model.isSpaceLast else {
      throw refused("changes texts in ways that llama.cpp does not: it maps characters or removes spaces")
    }
    guard model.pieces.contains(where: { $0.kind == .byte }) else {
      throw refused("has no pieces for bytes, which llama.cpp needs")
    }
    let pieces = try self.pieces(model, config, vocabularySize, refused)
    let tokenizer = try Tokenizer(contentsOf: file)
    let ids = roles.compactMap { key, role in tokenizer.roles[role].map { (key: key, value: GGUFValue.uint32($0)) } }
    return [
      ("tokenizer.ggml.model", .string(sentencePieceKind)), ("tokenizer.ggml.pre", .string("default")),
      ("tokenizer.ggml.tokens", .array(GGUFArray(pieces.map { String(decoding: $0.text, as: UTF8.self) }))),
      ("tokenizer.ggml.scores", .array(GGUFArray(pieces.map(\.score)))),
      ("tokenizer.ggml.token_type", .array(GGUFArray(pieces.map { Int32($0.kind.rawValue) }))),
    ] + ids + [
      (startsText, .bool(config["add_bos_token"]?.boolValue ?? true)), (splitSpaces, .bool(model.addsSpace)),
    ]
  }

  /// The pieces as llama.cpp spells them, with the tokens that a config adds; ids that are free are marked as unused.
  private static func pieces(
    _ model: SentencePieceModel, _ config: JSONValue, _ count: Int, _ refused: (String) -> GroveError
  ) throws -> [SentencePieceModel.Piece] {
    let lowest: Float = -1000
    guard model.pieces.count <= count else {
      throw refused("has \(model.pieces.count) pieces, the model \(count) ids")
    }
    var pieces = model.pieces
    for id in pieces.count..<count {
      pieces.append(.init(text: Array("[PAD\(id)]".utf8), score: lowest, kind: .unused))
    }
    for (key, token) in config["added_tokens_decoder"]?.objectValue ?? [] {
      guard let id = Int(key), let content = token["content"]?.stringValue else { continue }
      guard pieces.indices.contains(id) else { throw refused("tokenizer_config.json adds a token with the id \(key)") }
      guard pieces[id].kind != .unknown else { continue }
      let kind: SentencePieceModel.Kind = token["special"]?.boolValue == true ? .control : .userDefined
      pieces[id] = .init(text: Array(content.utf8), score: lowest, kind: kind)
    }
    return pieces.map { piece in
      guard piece.kind == .userDefined else { return piece }
      let text = String(decoding: piece.text, as: UTF8.self).replacingOccurrences(of: mark, with: " ")
      return .init(text: Array(text.utf8), score: piece.score, kind: piece.kind)
    }
  }
}
