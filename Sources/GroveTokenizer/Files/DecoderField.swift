import GroveCore

/// The `decoder` of a `tokenizer.json`.
struct DecoderField {
  let reader: TokenizerReader

  func read(_ value: JSONValue, _ field: String) throws -> Decoder? {
    if value == .null { return nil }
    switch value["type"]?.stringValue {
    case "ByteLevel": return .byteLevel
    case "ByteFallback": return .byteFallback
    case "Fuse": return .fuse
    case "Metaspace": return .metaspace(try MetaspaceField(reader: reader).read(value, field))
    case "Replace":
      try reader.check(value, field, keys: ["type", "pattern", "content"])
      let pattern = try NormalizerField(reader: reader).pattern(value["pattern"], "\(field).pattern")
      return .replace(pattern, with: try reader.text(value, "content", field))
    case "Strip":
      try reader.check(value, field, keys: ["type", "content", "start", "stop"])
      let content = try reader.text(value, "content", field)
      guard let character = content.unicodeScalars.first, content.unicodeScalars.count == 1 else {
        throw reader.failure("\(field).content", "is not one character")
      }
      return .strip(
        character, start: try reader.count(value, "start", field, missing: 0),
        stop: try reader.count(value, "stop", field, missing: 0))
    case "WordPiece":
      try reader.check(value, field, keys: ["type", "prefix", "cleanup"])
      return .wordPiece(
        continuation: try reader.text(value, "prefix", field),
        cleanup: try reader.flag(value, "cleanup", field, missing: true))
    case "BPEDecoder":
      try reader.check(value, field, keys: ["type", "suffix"])
      return .suffix(try reader.text(value, "suffix", field))
    case "Sequence":
      try reader.check(value, field, keys: ["type", "decoders"])
      return .sequence(try reader.list(value, "decoders", field).compactMap { try read($0.value, $0.field) })
    default:
      throw reader.unsupported(
        field, value,
        remedy: "ByteLevel, ByteFallback, Fuse, Metaspace, Replace, Strip, WordPiece, BPEDecoder and Sequence are "
          + "supported.")
    }
  }
}
