public import Foundation
public import GroveCore

extension Tokenizer {
  /// The name of the file that holds a tokenizer.
  public static let fileName = "tokenizer.json"
  private static let configFileName = "tokenizer_config.json"
  private static let templateFileName = "chat_template.jinja"
  /// Ten times the largest model that is known.
  private static let largestModelBytes = 64 << 20

  /// The name of a sentencepiece model beside other files of a tokenizer.
  public static let sentencePieceFileName = "tokenizer.model"

  /// Reads a `tokenizer.json`, a sentencepiece `.model`, or what a folder has of them, the first before the second; the
  /// `tokenizer_config.json` beside it gives the roles.
  /// - Throws: `GroveError` with code `.file` or `.format`, which names the file and the field.
  public init(contentsOf url: URL) throws {
    let file = FileSystem.isFolder(url) ? Tokenizer.file(in: url) : url
    if file.pathExtension == "model" {
      let byteCount = try FileSystem.byteCount(of: file)
      guard byteCount <= Tokenizer.largestModelBytes else {
        throw GroveError(
          .format, file.path, "\(byteCount) bytes are no tokenizer; the limit is \(Tokenizer.largestModelBytes)")
      }
      self.init(try SentencePieceReader.parts([UInt8](FileSystem.read(file)), at: file.path))
    } else {
      try self.init(JSONValue(contentsOf: file), at: file.path)
    }
    let config = file.deletingLastPathComponent().appending(path: Tokenizer.configFileName)
    if FileSystem.exists(config) {
      let json = try JSONValue(contentsOf: config)
      try readRoles(json, at: config.path)
      // A tokenizer.json says by itself what stands around a text; a .model file leaves it to its config.
      if parts.sentencePiece != nil, json["add_bos_token"] == true, let first = roles[.beginning] {
        self = starting(with: first)
      }
      parts.chatTemplate = try Tokenizer.chatTemplate(json, at: config.path)
    }
    let template = file.deletingLastPathComponent().appending(path: Tokenizer.templateFileName)
    if FileSystem.exists(template) {
      parts.chatTemplate = String(decoding: try FileSystem.read(template), as: UTF8.self)
    }
  }

  /// The text of the template, or of the one named `default` of several.
  private static func chatTemplate(_ config: JSONValue, at place: String) throws -> String? {
    guard let value = config["chat_template"], value != .null else { return nil }
    if let text = value.stringValue { return text }
    let named = value.arrayValue?.first { $0["name"] == "default" } ?? value.arrayValue?.first
    guard let text = named?["template"]?.stringValue else {
      throw GroveError(.format, "\(place) › chat_template", "is neither a text nor a list of named texts")
    }
    return text
  }

  private static func file(in folder: URL) -> URL {
    let model = folder.appending(path: sentencePieceFileName)
    let json = folder.appending(path: fileName)
    return !FileSystem.exists(json) && FileSystem.exists(model) ? model : json
  }

  /// Takes a tokenizer out of the bytes of a sentencepiece `.model`.
  /// - Parameter place: what errors call the bytes.
  /// - Throws: `GroveError` with code `.format`, which names the piece or the byte.
  public init(sentencePiece bytes: [UInt8], at place: String) throws {
    self.init(try SentencePieceReader.parts(bytes, at: place))
  }

  /// Takes a tokenizer out of the document of a `tokenizer.json`.
  /// - Parameter place: what errors call the document.
  /// - Throws: `GroveError` with code `.format`, which names the field.
  public init(_ json: JSONValue, at place: String) throws {
    self.init(try TokenizerReader(file: place).parts(json))
  }

  /// Writes `tokenizer.json`, `tokenizer_config.json` and `special_tokens_map.json` into a folder, each in one step: what
  /// `tokenizers` and `transformers` load. The same tokenizer gives the same bytes. One that came from a `.model` file
  /// leaves that file, as `tokenizer.model`, instead of the first.
  public func write(toFolder folder: URL) throws {
    try FileSystem.makeFolder(folder)
    if let bytes = parts.sentencePiece {
      try FileSystem.write(bytes, to: folder.appending(path: Tokenizer.sentencePieceFileName))
    } else {
      try FileSystem.write(json.prettyText, to: folder.appending(path: Tokenizer.fileName))
    }
    try FileSystem.write(configJSON.prettyText + "\n", to: folder.appending(path: Tokenizer.configFileName))
    try FileSystem.write(rolesJSON.prettyText + "\n", to: folder.appending(path: "special_tokens_map.json"))
  }

  /// SHA-256 of the compact text of `json`, in hexadecimal: equal for tokenizers that give the same ids by the same rules.
  public var fingerprint: String { ContentHash.of(json.text) }

  /// The document of a `tokenizer.json`, with the keys in the order of `tokenizers`. A tokenizer from a `.model` file has
  /// none: there it holds the SHA-256 of that file.
  public var json: JSONValue {
    if let bytes = parts.sentencePiece {
      var hash = ContentHash()
      hash.update(bytes)
      return ["sentencepiece": .string(hash.hexadecimal())]
    }
    return [
      "version": "1.0", "truncation": parts.fields.truncation, "padding": parts.fields.padding,
      "added_tokens": .array(addedTokens.map { $0.json(includingID: true) }),
      "normalizer": parts.fields.normalizer, "pre_tokenizer": parts.fields.preTokenizer,
      "post_processor": parts.fields.postProcessor, "decoder": parts.fields.decoder,
      "model": ModelJSON(tokenizer: self).json,
    ]
  }

  private var rolesJSON: JSONValue {
    let contents = Dictionary(uniqueKeysWithValues: addedTokens.map { ($0.id, $0.content) })
    return .object(
      SpecialTokenRole.allCases.compactMap { role in
        roles[role].flatMap { contents[$0] }.map { (key: role.rawValue, value: .string($0)) }
      })
  }

  private var configJSON: JSONValue {
    let decoder = addedTokens.map { (key: String($0.id), value: $0.json(includingID: false)) }
    let head: [(key: String, value: JSONValue)] = [
      ("tokenizer_class", "PreTrainedTokenizerFast"),
      ("add_prefix_space", .bool(parts.preTokenizers.contains(.spacePrefix))),
      ("clean_up_tokenization_spaces", false), ("added_tokens_decoder", .object(decoder)),
    ]
    let start: [(key: String, value: JSONValue)] =
      parts.sentencePiece != nil && parts.postProcessor != nil ? [("add_bos_token", true)] : []
    let template = parts.chatTemplate.map { [(key: "chat_template", value: JSONValue.string($0))] } ?? []
    return .object(head + start + (rolesJSON.objectValue ?? []) + template)
  }

  private mutating func readRoles(_ config: JSONValue, at place: String) throws {
    for role in SpecialTokenRole.allCases {
      guard let value = config[role.rawValue], value != .null else { continue }
      guard let content = value.stringValue ?? value["content"]?.stringValue else {
        throw GroveError(.format, "\(place) › \(role.rawValue)", "is not the text of a token")
      }
      guard let id = id(ofAddedToken: content) else {
        throw GroveError(
          .format, "\(place) › \(role.rawValue)", "\"\(content.prefix(40))\" is not among the added tokens",
          remedy: "Add it to added_tokens in \(Tokenizer.fileName), or remove this line.")
      }
      parts.roles[role] = id
    }
  }
}

extension AddedToken {
  fileprivate func json(includingID: Bool) -> JSONValue {
    let identity: [(key: String, value: JSONValue)] = includingID ? [("id", .integer(Int(id)))] : []
    return .object(
      identity + [
        ("content", .string(content)), ("single_word", .bool(standsAlone)), ("lstrip", .bool(stripsLeft)),
        ("rstrip", .bool(stripsRight)), ("normalized", .bool(isNormalized)), ("special", .bool(isSpecial)),
      ])
  }
}
