public import Foundation
public import GroveCore

extension Tokenizer {
  /// The name of the file that holds a tokenizer.
  public static let fileName = "tokenizer.json"
  private static let configFileName = "tokenizer_config.json"
  private static let largestFileBytes = 256 << 20

  /// Reads a `tokenizer.json`, or the one in a folder; the `tokenizer_config.json` beside it gives the roles.
  /// - Throws: `GroveError` with code `.file` or `.format`, which names the file and the field.
  public init(contentsOf url: URL) throws {
    let file = FileSystem.isFolder(url) ? url.appending(path: Tokenizer.fileName) : url
    let byteCount = try FileSystem.byteCount(of: file)
    guard byteCount <= Tokenizer.largestFileBytes else {
      throw GroveError(
        .format, file.path, "\(byteCount) bytes are no tokenizer; the limit is \(Tokenizer.largestFileBytes)")
    }
    try self.init(JSONValue(contentsOf: file), at: file.path)
    let config = file.deletingLastPathComponent().appending(path: Tokenizer.configFileName)
    if FileSystem.exists(config) { try readRoles(JSONValue(contentsOf: config), at: config.path) }
  }

  /// Takes a tokenizer out of the document of a `tokenizer.json`.
  /// - Parameter place: what errors call the document.
  /// - Throws: `GroveError` with code `.format`, which names the field.
  public init(_ json: JSONValue, at place: String) throws {
    self.init(try TokenizerReader(file: place).parts(json))
  }

  /// Writes `tokenizer.json`, `tokenizer_config.json` and `special_tokens_map.json` into a folder, each in one step: what
  /// `tokenizers` and `transformers` load. The same tokenizer gives the same bytes.
  public func write(toFolder folder: URL) throws {
    try FileSystem.makeFolder(folder)
    try FileSystem.write(json.prettyText, to: folder.appending(path: Tokenizer.fileName))
    try FileSystem.write(configJSON.prettyText + "\n", to: folder.appending(path: Tokenizer.configFileName))
    try FileSystem.write(rolesJSON.prettyText + "\n", to: folder.appending(path: "special_tokens_map.json"))
  }

  /// SHA-256 of the compact text of `json`, in hexadecimal: equal for tokenizers that give the same ids by the same rules.
  public var fingerprint: String { ContentHash.of(json.text) }

  /// The document of a `tokenizer.json`, with the keys in the order of `tokenizers`.
  public var json: JSONValue {
    [
      "version": "1.0", "truncation": nil, "padding": nil,
      "added_tokens": .array(addedTokens.map { $0.json(includingID: true) }),
      "normalizer": nil,
      "pre_tokenizer": PreTokenizerField.json(settings),
      "post_processor": parts.postProcessor,
      "decoder": ["type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true, "use_regex": true],
      "model": modelJSON,
    ]
  }

  private var modelJSON: JSONValue {
    let added = Dictionary(uniqueKeysWithValues: addedTokens.map { ($0.id, $0.content) })
    let texts = (0..<UInt32(vocabularySize)).map { id in
      added[id] ?? ByteAlphabet.text(of: vocabulary.bytes(of: id) ?? [])
    }
    let vocabularyMembers = texts.indices.filter { !parts.outsideModel.contains(UInt32($0)) }.map { id in
      (key: texts[id], value: JSONValue.integer(id))
    }
    return [
      "type": "BPE", "dropout": nil, "unk_token": nil, "continuing_subword_prefix": nil, "end_of_word_suffix": nil,
      "fuse_unk": false, "byte_fallback": false, "ignore_merges": .bool(settings.wholeWords == .taken),
      "vocab": .object(vocabularyMembers),
      "merges": .array(merges.map { [.string(texts[Int($0.left)]), .string(texts[Int($0.right)])] }),
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
      ("tokenizer_class", "PreTrainedTokenizerFast"), ("add_prefix_space", .bool(settings.prefix == .space)),
      ("clean_up_tokenization_spaces", false), ("added_tokens_decoder", .object(decoder)),
    ]
    return .object(head + (rolesJSON.objectValue ?? []))
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
