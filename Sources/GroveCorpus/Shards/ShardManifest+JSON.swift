import GroveCore

extension ShardManifest {
  private static let format = "grove-token-shards"
  private static let version = 1

  /// The manifest as it stands in the file.
  var json: JSONValue {
    .object([
      ("format", .string(ShardManifest.format)), ("version", .integer(ShardManifest.version)),
      ("fingerprint", .string(fingerprint)), ("inputs", .string(inputs)),
      (
        "tokenizer",
        .object([
          ("fingerprint", .string(tokenizer.fingerprint)), ("vocabularySize", .integer(tokenizer.vocabularySize)),
          ("endOfText", .integer(tokenizer.endOfText)),
        ])
      ),
      ("dtype", .string(type.rawValue)),
      (
        "split",
        // A seed above Int.max has no JSON integer, so it is text.
        .object([("validationShare", .number(split.validationShare)), ("seed", .string(String(split.seed)))])
      ),
      ("shards", .array(shards.map(ShardManifest.json))),
      (
        "sources",
        .array(
          sources.map {
            .object([("name", .string($0.name)), ("bytes", .integer($0.bytes)), ("sha256", .string($0.sha256))])
          })
      ),
      ("problems", .integer(problems)), ("ignoredFiles", .integer(ignoredFiles)),
    ])
  }

  private static func json(_ shard: Shard) -> JSONValue {
    let content = shard.content
    return .object([
      ("split", .string(shard.split.rawValue)), ("domain", .string(shard.domain)), ("path", .string(shard.path)),
      ("documents", .integer(content.documents)), ("tokens", .integer(content.tokens)),
      ("bytes", .integer(content.bytes)),
      (
        "sha256",
        .object([
          ("bin", .string(content.hashes.bin)), ("idx", .string(content.hashes.idx)),
          ("ledger", .string(content.hashes.ledger)),
        ])
      ),
    ])
  }

  /// - Throws: `GroveError` with code `.format` that names the field.
  init(_ json: JSONValue, at place: String) throws {
    let fields = ManifestFields(json, place, "")
    guard try fields.text("format") == ShardManifest.format, try fields.integer("version") == ShardManifest.version
    else {
      throw GroveError(.format, place, "not a manifest of token shards of version \(ShardManifest.version)")
    }
    let tokenizer = try fields.object("tokenizer")
    self.tokenizer = TokenizerIdentity(
      fingerprint: try tokenizer.text("fingerprint"), vocabularySize: try tokenizer.integer("vocabularySize"),
      endOfText: try tokenizer.integer("endOfText"))
    let split = try fields.object("split")
    guard let seed = UInt64(try split.text("seed")) else { throw split.wrong("seed", "a number in quotes") }
    self.split = try SplitRule(validationShare: split.number("validationShare"), seed: seed)
    shards = try fields.objects("shards").map(ShardManifest.shard)
    sources = try fields.objects("sources").map {
      Source(name: try $0.text("name"), bytes: try $0.integer("bytes"), sha256: try $0.text("sha256"))
    }
    problems = try fields.integer("problems")
    ignoredFiles = try fields.integer("ignoredFiles")
    inputs = try fields.text("inputs")
    guard try fields.text("fingerprint") == fingerprint else {
      throw GroveError(
        .mismatch, place, "the fingerprint is not that of the hashes; the manifest was altered",
        remedy: "Build the shards again.")
    }
  }

  private static func shard(_ fields: ManifestFields) throws -> Shard {
    guard let split = Split(rawValue: try fields.text("split")) else {
      throw fields.wrong("split", "'train' or 'validation'")
    }
    let path = try fields.text("path")
    // A manifest from elsewhere must not lead out of its folder.
    guard !path.hasPrefix("/"), !path.split(separator: "/").contains("..") else {
      throw fields.wrong("path", "a path inside the folder")
    }
    let hashes = try fields.object("sha256")
    return Shard(
      split: split, domain: try fields.text("domain"), path: path,
      content: ShardContent(
        documents: try fields.integer("documents"), tokens: try fields.integer("tokens"),
        bytes: try fields.integer("bytes"),
        hashes: ShardHashes(
          bin: try hashes.text("bin"), idx: try hashes.text("idx"), ledger: try hashes.text("ledger"))))
  }
}

/// The fields of an object in a manifest, with errors that name their path.
private struct ManifestFields {
  private let value: JSONValue
  private let place: String
  private let path: String

  init(_ value: JSONValue, _ place: String, _ path: String) {
    self.value = value
    self.place = place
    self.path = path
  }

  func wrong(_ key: String, _ expected: String) -> GroveError {
    GroveError(.format, place, "'\(path)\(key)' should be \(expected)", remedy: "Build the shards again.")
  }

  func text(_ key: String) throws -> String {
    guard let text = value[key]?.stringValue else { throw wrong(key, "a text") }
    return text
  }

  func integer(_ key: String) throws -> Int {
    guard let number = value[key]?.integerValue, number >= 0 else { throw wrong(key, "a whole number from 0") }
    return number
  }

  func number(_ key: String) throws -> Double {
    guard let number = value[key]?.numberValue else { throw wrong(key, "a number") }
    return number
  }

  func object(_ key: String) throws -> ManifestFields {
    guard let object = value[key], object.objectValue != nil else { throw wrong(key, "an object") }
    return ManifestFields(object, place, "\(path)\(key).")
  }

  func objects(_ key: String) throws -> [ManifestFields] {
    guard let elements = value[key]?.arrayValue else { throw wrong(key, "a list") }
    return elements.enumerated().map { ManifestFields($1, place, "\(path)\(key)[\($0)].") }
  }
}
