import GroveCore

/// GPT-NeoX and Pythia (Black et al. 2022, arXiv:2204.06745 §2.1; Biderman et al. 2023, arXiv:2304.01373): attention and
/// feed-forward read the same stream, each through a norm of its own, and rotary positions turn a part of each head.
enum GPTNeoX: ModelFamily {
  static let className = "GPTNeoXForCausalLM"

  static func architecture(_ config: ModelConfig) -> Architecture {
    .gpt2.with {
      $0.placement = .parallel
      $0.positions = .rotary
      $0.activation = .gelu
    }
  }

  static func read(_ reader: HuggingFaceReader) throws -> ModelConfig {
    var config = try reader.base(.neoX)
    config.attention.keyValueHeads = config.attention.heads
    config.normEpsilon = try reader.number("layer_norm_eps", else: 1e-5)
    try reader.rotary(into: &config, baseKey: "rotary_emb_base", share: 0.25, shareKey: "rotary_pct")
    if try !reader.boolean("use_parallel_residual", else: true) { config.norm.placement = .before }
    if try !reader.boolean("attention_bias", else: true) { config.attention.bias = .none }
    let activation = try reader.activation("hidden_act", else: .gelu)
    if activation != .gelu { config.feedForward.activation = activation }
    return config
  }

  static func fields(_ config: ModelConfig) -> [(key: String, value: JSONValue)] {
    let parts = config.architecture
    return config.baseFields
      + config.rotaryFields(baseKey: "rotary_emb_base", shareKey: "rotary_pct", writesShare: true) + [
        ("layer_norm_eps", .number(config.normEpsilon)), ("hidden_act", config.activationName),
        ("use_parallel_residual", .bool(parts.placement == .parallel)),
        ("attention_bias", .bool(parts.attentionBias == .all)), ("attention_dropout", .number(config.dropout)),
        ("hidden_dropout", .number(config.dropout)),
      ]
  }

  static func names(_ config: ModelConfig) -> CheckpointNames {
    var names = CheckpointNames()
    (names.base, names.embedding, names.finalNorm, names.head) = (
      "gpt_neox.", "embed_in", "final_layer_norm", "embed_out"
    )
    (names.attention, names.attentionOutput) = (.interleaved("attention.query_key_value"), "attention.dense")
    (names.up, names.down) = ("mlp.dense_h_to_4h", "mlp.dense_4h_to_h")
    names.ignored = ["attention.bias", "attention.masked_bias", "attention.rotary_emb.inv_freq"]
    return names
  }
}
