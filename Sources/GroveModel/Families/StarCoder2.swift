import GroveCore

/// StarCoder 2 (Lozhkov et al. 2024, arXiv:2402.19173 §6.1): rotary positions, grouped queries and a window, with GPT-2's
/// norms, feed-forward layers and biases.
enum StarCoder2: ModelFamily {
  static let className = "Starcoder2ForCausalLM"

  static func architecture(_ config: ModelConfig) -> Architecture { .gpt2.with { $0.positions = .rotary } }

  static func read(_ reader: HuggingFaceReader) throws -> ModelConfig {
    var config = try reader.base(.starCoder2)
    config.tiedEmbeddings = try reader.boolean("tie_word_embeddings", else: true)
    config.normEpsilon = try reader.number("norm_epsilon", else: 1e-5)
    try reader.rotary(into: &config)
    config.attention.window = try reader.integer("sliding_window", else: 0)
    if try !reader.boolean("use_bias", else: true) {
      config.attention.bias = .none
      config.feedForward.bias = .no
    }
    let activation = try reader.activation("hidden_act", else: .geluTanh)
    if activation != .geluTanh { config.feedForward.activation = activation }
    return config
  }

  static func fields(_ config: ModelConfig) -> [(key: String, value: JSONValue)] {
    config.baseFields + config.rotaryFields() + [
      ("num_key_value_heads", .integer(config.attention.keyValueHeads)),
      ("norm_epsilon", .number(config.normEpsilon)), ("hidden_act", config.activationName),
      ("use_bias", .bool(config.architecture.feedForwardBias)),
      ("sliding_window", config.attention.window > 0 ? .integer(config.attention.window) : .null),
      ("attention_dropout", .number(config.dropout)), ("residual_dropout", .number(config.dropout)),
      ("embedding_dropout", .number(config.dropout)),
    ]
  }

  static func names(_ config: ModelConfig) -> CheckpointNames {
    var names = CheckpointNames()
    (names.up, names.down) = ("mlp.c_fc", "mlp.c_proj")
    return names
  }
}
