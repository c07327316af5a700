import GroveCore

/// OPT (Zhang et al. 2022, arXiv:2205.01068 §2.1): GPT-2 with ReLU. The table of its positions begins two rows before the
/// first; the model of 350M norms after each part, and has narrower token vectors.
enum OPT: ModelFamily {
  static let className = "OPTForCausalLM"

  static func architecture(_ config: ModelConfig) -> Architecture {
    .gpt2.with {
      $0.activation = .relu
      $0.positionOffset = 2
    }
  }

  static func read(_ reader: HuggingFaceReader) throws -> ModelConfig {
    var config = ModelConfig()
    config.family = .opt
    config.vocabularySize = try reader.integer("vocab_size")
    config.contextLength = try reader.integer("max_position_embeddings")
    config.width = try reader.integer("hidden_size")
    config.layers = try reader.integer("num_hidden_layers")
    config.attention.heads = try reader.integer("num_attention_heads")
    config.attention.keyValueHeads = config.attention.heads
    config.feedForwardWidth = try reader.integer("ffn_dim")
    let embedding = try reader.integer("word_embed_proj_dim", else: config.width)
    config.embeddingWidth = embedding == config.width ? 0 : embedding
    try reader.read(into: &config, tied: true)
    config.initialDeviation = try reader.number("init_std", else: 0.02)
    if try !reader.boolean("do_layer_norm_before", else: true) { config.norm.placement = .after }
    if try !reader.boolean("enable_bias", else: true) {
      config.attention.bias = .none
      config.feedForward.bias = .no
    }
    let activation = try reader.activation("activation_function", else: .relu)
    if activation != .relu { config.feedForward.activation = activation }
    try reader.require("layer_norm_elementwise_affine", is: true)
    try reader.require("_remove_final_layer_norm", is: false)
    return config
  }

  static func fields(_ config: ModelConfig) -> [(key: String, value: JSONValue)] {
    let parts = config.architecture
    return [
      ("hidden_size", .integer(config.width)), ("ffn_dim", .integer(config.feedForwardWidth)),
      ("num_hidden_layers", .integer(config.layers)), ("num_attention_heads", .integer(config.attention.heads)),
      ("max_position_embeddings", .integer(config.contextLength)),
      ("word_embed_proj_dim", .integer(config.tokenWidth)), ("init_std", .number(config.initialDeviation)),
      ("do_layer_norm_before", .bool(parts.placement == .before)), ("enable_bias", .bool(parts.feedForwardBias)),
      ("activation_function", config.activationName), ("dropout", .number(config.dropout)),
      ("attention_dropout", .number(config.dropout)),
    ]
  }

  static func names(_ config: ModelConfig) -> CheckpointNames {
    var names = CheckpointNames()
    (names.base, names.positions, names.finalNorm) = ("model.decoder.", "embed_positions", "final_layer_norm")
    (names.attentionNorm, names.feedForwardNorm) = ("self_attn_layer_norm", "final_layer_norm")
    (names.attentionOutput, names.up, names.down) = ("self_attn.out_proj", "fc1", "fc2")
    return names
  }
}
