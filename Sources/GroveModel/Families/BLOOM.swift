import GroveCore

/// BLOOM (Le Scao et al. 2022, arXiv:2211.05100 §3.2): ALiBi instead of positions, and a norm on the token vectors.
enum BLOOM: ModelFamily {
  static let className = "BloomForCausalLM"

  static func architecture(_ config: ModelConfig) -> Architecture {
    .gpt2.with {
      $0.positions = .alibi
      $0.embeddingNorm = true
      $0.addsToNormed = config.norm.addsToNormed
    }
  }

  static func read(_ reader: HuggingFaceReader) throws -> ModelConfig {
    var config = ModelConfig()
    config.family = .bloom
    config.vocabularySize = try reader.integer("vocab_size")
    // Nothing in the model ends there.
    config.contextLength = try reader.integer("seq_length", else: 2048)
    config.width = try reader.integer("n_embed", else: reader.integer("hidden_size", else: 64))
    config.layers = try reader.integer("n_layer", else: reader.integer("num_hidden_layers", else: 2))
    config.attention.heads = try reader.integer("n_head", else: reader.integer("num_attention_heads", else: 8))
    config.attention.keyValueHeads = config.attention.heads
    config.feedForwardWidth = 4 * config.width
    config.normEpsilon = try reader.number("layer_norm_epsilon", else: 1e-5)
    config.norm.addsToNormed = try reader.boolean("apply_residual_connection_post_layernorm", else: false)
    try reader.read(into: &config, tied: true)
    return config
  }

  static func fields(_ config: ModelConfig) -> [(key: String, value: JSONValue)] {
    [
      ("hidden_size", .integer(config.width)), ("n_layer", .integer(config.layers)),
      ("n_head", .integer(config.attention.heads)), ("seq_length", .integer(config.contextLength)),
      ("layer_norm_epsilon", .number(config.normEpsilon)), ("hidden_dropout", .number(config.dropout)),
      ("attention_dropout", .number(config.dropout)),
      ("apply_residual_connection_post_layernorm", .bool(config.norm.addsToNormed)),
    ]
  }

  static func names(_ config: ModelConfig) -> CheckpointNames {
    var names = CheckpointNames()
    (names.base, names.embedding, names.embeddingNorm) = (
      "transformer.", "word_embeddings", "word_embeddings_layernorm"
    )
    (names.layers, names.finalNorm) = ("h", "ln_f")
    (names.attention, names.attentionOutput) = (
      .interleaved("self_attention.query_key_value"), "self_attention.dense"
    )
    (names.up, names.down) = ("mlp.dense_h_to_4h", "mlp.dense_4h_to_h")
    return names
  }
}
