import Foundation
import GroveCore
import GroveTokenizer

extension GGUFTokenizer {
  /// What llama.cpp reads as "there is no tokenizer".
  static let none: [(key: String, value: GGUFValue)] = [("tokenizer.ggml.model", .string("none"))]

  /// The metadata of the tokenizer in a folder.
  /// - Throws: `GroveError` with code `.argument` for a kind that is not written.
  static func metadata(ofFolder folder: URL, vocabularySize: Int) throws -> [(key: String, value: GGUFValue)] {
    let file = folder.appending(path: Tokenizer.fileName)
    func refused(_ problem: String) -> GroveError {
      GroveError(
        .argument, file.path, problem, remedy: "Give --without-tokenizer, and the tokenizer's ids to llama.cpp.")
    }
    let config = try optionalDocument(folder, "tokenizer_config.json")
    let hasModel = FileSystem.exists(folder.appending(path: Tokenizer.sentencePieceFileName))
    guard FileSystem.exists(file) || hasModel else { throw refused("is missing") }
    let document = FileSystem.exists(file) ? try JSONValue(contentsOf: file) : .null
    if hasModel, document["decoder"]?["type"] != "ByteLevel" {
      return try sentencePieceMetadata(folder, vocabularySize: vocabularySize, config) + template(folder, config)
    }
    guard document["model"]?["type"] == "BPE", document["decoder"]?["type"] == "ByteLevel",
      let split = GGUFSplit(document)
    else { throw refused("is not a byte-level BPE with one of the splits that GGUF files have names for") }
    let (tokens, types) = try tokens(document, vocabularySize, refused)
    let merges = (document["model"]?["merges"]?.arrayValue ?? []).compactMap { merge in
      merge.stringValue ?? merge.arrayValue.map { $0.compactMap(\.stringValue).joined(separator: " ") }
    }
    var fields: [(key: String, value: GGUFValue)] = [
      ("tokenizer.ggml.model", .string("gpt2")), ("tokenizer.ggml.pre", .string(split.names[0])),
      ("tokenizer.ggml.tokens", .array(GGUFArray(tokens))),
      ("tokenizer.ggml.token_type", .array(GGUFArray(types.map(\.rawValue)))),
      ("tokenizer.ggml.merges", .array(GGUFArray(merges))),
    ]
    for (key, role) in roles {
      let value = config[role.rawValue]
      guard let content = value?.stringValue ?? value?["content"]?.stringValue,
        let id = tokens.firstIndex(of: content)
      else { continue }
      fields.append((key, .uint32(UInt32(id))))
    }
    let first = document["post_processor"]?["single"]?.arrayValue?.first?["SpecialToken"]
    fields.append((startsText, .bool(first != nil)))
    return try fields + template(folder, config)
  }

  private static func template(_ folder: URL, _ config: JSONValue) throws -> [(key: String, value: GGUFValue)] {
    let file = folder.appending(path: "chat_template.jinja")
    if FileSystem.exists(file) {
      return [(chatTemplate, .string(String(decoding: try FileSystem.read(file), as: UTF8.self)))]
    }
    return config["chat_template"]?.stringValue.map { [(chatTemplate, .string($0))] } ?? []
  }

  /// The tokens by id; ids that the tokenizer leaves free are marked as unused.
  private static func tokens(
    _ document: JSONValue, _ count: Int, _ refused: (String) -> GroveError
  ) throws -> ([String], [TokenType]) {
    var tokens = (0..<count).map { "[PAD\($0)]" }
    var types = [TokenType](repeating: .unused, count: count)
    func place(_ text: String, _ id: Int?, _ type: TokenType) throws {
      guard let id, tokens.indices.contains(id) else {
        throw refused("gives \"\(text.prefix(40))\" an id that the model does not have")
      }
      (tokens[id], types[id]) = (text, type)
    }
    for (text, id) in document["model"]?["vocab"]?.objectValue ?? [] { try place(text, id.integerValue, .normal) }
    for token in document["added_tokens"]?.arrayValue ?? [] {
      try place(
        token["content"]?.stringValue ?? "", token["id"]?.integerValue,
        token["special"]?.boolValue == true ? .control : .userDefined)
    }
    return (tokens, types)
  }

  private static func optionalDocument(_ folder: URL, _ name: String) throws -> JSONValue {
    let file = folder.appending(path: name)
    return FileSystem.exists(file) ? try JSONValue(contentsOf: file) : .object([])
  }
}
