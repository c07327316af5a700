import GroveCore

/// Any of the parts together, from LLaMA's on. `config.json` holds Grove's own config; no other program reads it.
enum GroveFamily: ModelFamily {
  static let className = "GroveForCausalLM"

  static func architecture(_ config: ModelConfig) -> Architecture {
    .llama.with { $0.addsToNormed = config.norm.addsToNormed }
  }

  static func read(_ reader: HuggingFaceReader) throws -> ModelConfig {
    guard let own = try reader.object("grove") else { throw reader.error("grove", "is missing") }
    return try ModelConfig.load(yaml: own.json.text, at: "\(reader.place): grove")
  }

  static func fields(_ config: ModelConfig) -> [(key: String, value: JSONValue)] {
    [("grove", (try? config.json()) ?? .null), ("hidden_size", .integer(config.width))]
  }

  static func names(_ config: ModelConfig) -> CheckpointNames {
    var names = CheckpointNames()
    (names.positions, names.embeddingNorm) = ("embed_positions", "embed_norm")
    (names.attentionPostNorm, names.feedForwardPostNorm) = ("attention_post_norm", "feed_forward_post_norm")
    (names.attentionInnerNorm, names.feedForwardInnerNorm) = ("self_attn.inner_norm", "mlp.inner_norm")
    return names
  }

  static func issues(_ config: ModelConfig) -> [ConfigIssue] { [] }
}
