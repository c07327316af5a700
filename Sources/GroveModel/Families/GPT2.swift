import GroveCore

/// GPT-2 (Radford et al. 2019): LayerNorm before each part, learned positions, GELU, biases everywhere.
enum GPT2: ModelFamily {
  static let className = "GPT2LMHeadModel"

  static func architecture(_ config: ModelConfig) -> Architecture { .gpt2 }

  static func read(_ reader: HuggingFaceReader) throws -> ModelConfig {
    var config = try reader.gpt2Base(.gpt2)
    config.attention.keyValueHeads = config.attention.heads
    try reader.require("activation_function", isOneOf: ["gelu_new", "gelu_pytorch_tanh"])
    try reader.require("scale_attn_by_inverse_layer_idx", is: false)
    return config
  }

  static func fields(_ config: ModelConfig) -> [(key: String, value: JSONValue)] {
    config.gpt2Fields + [("activation_function", "gelu_new")]
  }

  static func names(_ config: ModelConfig) -> CheckpointNames {
    var names = CheckpointNames.gpt2
    // Its matrices are those of a convolution of width 1.
    names.isTransposed = true
    return names
  }
}

/// GPT-BigCode, StarCoder and SantaCoder (Li et al. 2023, arXiv:2305.06161 §5.2): GPT-2 with one head of keys and values
/// for all queries.
enum GPTBigCode: ModelFamily {
  static let className = "GPTBigCodeForCausalLM"

  static func architecture(_ config: ModelConfig) -> Architecture { .gpt2 }

  static func read(_ reader: HuggingFaceReader) throws -> ModelConfig {
    var config = try reader.gpt2Base(.bigCode)
    config.attention.keyValueHeads = try reader.boolean("multi_query", else: true) ? 1 : config.attention.heads
    let activation = try reader.activation("activation_function", else: .geluTanh)
    if activation != .geluTanh { config.feedForward.activation = activation }
    return config
  }

  static func fields(_ config: ModelConfig) -> [(key: String, value: JSONValue)] {
    config.gpt2Fields + [
      ("activation_function", config.activationName), ("multi_query", .bool(config.attention.keyValueHeads == 1)),
    ]
  }

  static func names(_ config: ModelConfig) -> CheckpointNames {
    var names = CheckpointNames.gpt2
    if config.attention.keyValueHeads > 1 { names.attention = .interleaved("attn.c_attn") }
    return names
  }
}

extension CheckpointNames {
  /// What GPT-2 and its relatives share.
  fileprivate static let gpt2: CheckpointNames = {
    var names = CheckpointNames()
    names.base = "transformer."
    (names.embedding, names.positions, names.layers, names.finalNorm) = ("wte", "wpe", "h", "ln_f")
    (names.attentionNorm, names.feedForwardNorm) = ("ln_1", "ln_2")
    (names.attention, names.attentionOutput) = (.stacked("attn.c_attn"), "attn.c_proj")
    (names.up, names.down) = ("mlp.c_fc", "mlp.c_proj")
    names.ignored = ["attn.bias", "attn.masked_bias"]
    return names
  }()
}

extension HuggingFaceReader {
  fileprivate func gpt2Base(_ family: ModelConfig.Family) throws -> ModelConfig {
    var config = ModelConfig()
    config.family = family
    config.vocabularySize = try integer("vocab_size")
    config.contextLength = try integer("n_positions")
    config.width = try integer("n_embd")
    config.layers = try integer("n_layer")
    config.attention.heads = try integer("n_head")
    config.feedForwardWidth = try integer("n_inner", else: 4 * config.width)
    config.normEpsilon = try number("layer_norm_epsilon", else: 1e-5)
    try read(into: &config, tied: true)
    try require("add_cross_attention", is: false)
    try require("scale_attn_weights", is: true)
    return config
  }
}

extension ModelConfig {
  fileprivate var gpt2Fields: [(key: String, value: JSONValue)] {
    [
      ("n_embd", .integer(width)), ("n_inner", .integer(feedForwardWidth)), ("n_layer", .integer(layers)),
      ("n_head", .integer(attention.heads)), ("n_positions", .integer(contextLength)),
      ("layer_norm_epsilon", .number(normEpsilon)), ("attn_pdrop", .number(dropout)),
      ("embd_pdrop", .number(dropout)), ("resid_pdrop", .number(dropout)),
    ]
  }
}
