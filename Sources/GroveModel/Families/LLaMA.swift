import GroveCore

/// LLaMA 1 to 3 (Touvron et al. 2023, arXiv:2302.13971 §2.2; Dubey et al. 2024, arXiv:2407.21783): RMSNorm before each
/// part, rotary positions, SwiGLU, grouped queries, no biases unless the config asks for them.
enum LLaMA: ModelFamily {
  static let className = "LlamaForCausalLM"

  static func architecture(_ config: ModelConfig) -> Architecture { .llama }

  static func read(_ reader: HuggingFaceReader) throws -> ModelConfig {
    var config = try reader.base(.llama)
    try reader.headWidth(&config)
    config.normEpsilon = try reader.number("rms_norm_eps", else: 1e-6)
    try reader.rotary(into: &config)
    try reader.require("hidden_act", isOneOf: ["silu"])
    if try reader.boolean("attention_bias", else: false) { config.attention.bias = .all }
    if try reader.boolean("mlp_bias", else: false) { config.feedForward.bias = .yes }
    return config
  }

  static func fields(_ config: ModelConfig) -> [(key: String, value: JSONValue)] {
    let parts = config.architecture
    return config.baseFields + config.rotaryFields() + config.groupedHeadFields + [
      ("rms_norm_eps", .number(config.normEpsilon)), ("hidden_act", "silu"),
      ("attention_bias", .bool(parts.attentionBias == .all)), ("mlp_bias", .bool(parts.feedForwardBias)),
      ("attention_dropout", .number(config.dropout)),
    ]
  }

  static func names(_ config: ModelConfig) -> CheckpointNames { CheckpointNames() }
}

extension ModelConfig {
  var groupedHeadFields: [(key: String, value: JSONValue)] {
    [("num_key_value_heads", .integer(attention.keyValueHeads)), ("head_dim", .integer(headWidth))]
  }
}

/// Mistral 7B (Jiang et al. 2023, arXiv:2310.06825 §2): LLaMA with a window on attention.
enum Mistral: ModelFamily {
  static let className = "MistralForCausalLM"

  static func architecture(_ config: ModelConfig) -> Architecture { .llama }

  static func read(_ reader: HuggingFaceReader) throws -> ModelConfig {
    var config = try reader.base(.mistral)
    try reader.headWidth(&config)
    config.normEpsilon = try reader.number("rms_norm_eps", else: 1e-6)
    try reader.rotary(into: &config)
    try reader.require("hidden_act", isOneOf: ["silu"])
    config.attention.window = try reader.integer("sliding_window", else: 0)
    return config
  }

  static func fields(_ config: ModelConfig) -> [(key: String, value: JSONValue)] {
    config.baseFields + config.rotaryFields() + config.groupedHeadFields + [
      ("rms_norm_eps", .number(config.normEpsilon)), ("hidden_act", "silu"),
      ("sliding_window", config.attention.window > 0 ? .integer(config.attention.window) : .null),
      ("attention_dropout", .number(config.dropout)),
    ]
  }

  static func names(_ config: ModelConfig) -> CheckpointNames { CheckpointNames() }
}
