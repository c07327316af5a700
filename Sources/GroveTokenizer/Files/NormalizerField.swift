import GroveCore

/// The `normalizer` of a `tokenizer.json`.
struct NormalizerField {
  let reader: TokenizerReader

  private static let known =
    "NFC, NFD, NFKC, NFKD, Lowercase, StripAccents, Strip, Replace, Prepend, Precompiled, BertNormalizer, Nmt and "
    + "Sequence are supported."

  func read(_ value: JSONValue, _ field: String) throws -> Normalizer? {
    if value == .null { return nil }
    guard let type = value["type"]?.stringValue else { throw reader.failure("\(field).type", "is not a string") }
    if let form = UnicodeForm(rawValue: type) {
      try reader.check(value, field, keys: ["type"])
      return .unicode(form)
    }
    switch type {
    case "Lowercase", "StripAccents", "Nmt":
      try reader.check(value, field, keys: ["type"])
      return type == "Lowercase" ? .lowercase : type == "Nmt" ? .nmt : .stripAccents
    case "Strip": return try strip(value, field)
    case "Replace":
      try reader.check(value, field, keys: ["type", "pattern", "content"])
      return .replace(try pattern(value["pattern"], "\(field).pattern"), with: try reader.text(value, "content", field))
    case "Prepend":
      try reader.check(value, field, keys: ["type", "prepend"])
      return .prepend(try reader.text(value, "prepend", field))
    case "Precompiled": return try precompiled(value, field)
    case "BertNormalizer": return try bert(value, field)
    case "Sequence":
      try reader.check(value, field, keys: ["type", "normalizers"])
      return .sequence(try reader.list(value, "normalizers", field).compactMap { try read($0.value, $0.field) })
    default: throw reader.unsupported(field, value, remedy: NormalizerField.known)
    }
  }

  /// A pattern: a literal text, or an expression that is known by its exact text.
  func pattern(_ value: JSONValue?, _ field: String) throws -> TextPattern {
    if let literal = value?["String"]?.stringValue {
      guard !literal.isEmpty else { throw reader.failure(field, "is empty") }
      return .literal(literal)
    }
    if let expression = value?["Regex"]?.stringValue, let known = TextPattern.expressions[expression] { return known }
    throw reader.unsupported(
      field, value ?? .null, remedy: "A String, and the expressions \" {2,}\" and \"\\s+\", are supported.")
  }

  private func strip(_ value: JSONValue, _ field: String) throws -> Normalizer {
    try reader.check(value, field, keys: ["type", "strip_left", "strip_right"])
    var ends: Set<TextEnd> = []
    if try reader.flag(value, "strip_left", field, missing: true) { ends.insert(.left) }
    if try reader.flag(value, "strip_right", field, missing: true) { ends.insert(.right) }
    return .strip(ends)
  }

  private func precompiled(_ value: JSONValue, _ field: String) throws -> Normalizer {
    try reader.check(value, field, keys: ["type", "precompiled_charsmap"])
    if value["precompiled_charsmap"] == .null { return .sequence([]) }
    let name = "\(field).precompiled_charsmap"
    guard let bytes = Base64.bytes(of: try reader.text(value, "precompiled_charsmap", field)) else {
      throw reader.failure(name, "is not Base64")
    }
    return .characterMap(try CharacterMap(bytes, at: "\(reader.file) › \(name)"))
  }

  private func bert(_ value: JSONValue, _ field: String) throws -> Normalizer {
    try reader.check(
      value, field, keys: ["type", "clean_text", "handle_chinese_chars", "strip_accents", "lowercase"])
    var steps: Set<BertNormalization.Step> = []
    if try reader.flag(value, "clean_text", field, missing: true) { steps.insert(.cleanText) }
    if try reader.flag(value, "handle_chinese_chars", field, missing: true) { steps.insert(.separateIdeographs) }
    let lowercases = try reader.flag(value, "lowercase", field, missing: true)
    if lowercases { steps.insert(.lowercase) }
    let strips =
      value["strip_accents"] == .null
      ? lowercases : try reader.flag(value, "strip_accents", field, missing: lowercases)
    if strips { steps.insert(.stripAccents) }
    return .bert(BertNormalization(steps))
  }
}
