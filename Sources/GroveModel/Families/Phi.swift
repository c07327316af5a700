import GroveCore

/// Phi 1, 1.5 and 2 (Gunasekar et al. 2023, arXiv:2306.11644 §2; Li et al. 2023, arXiv:2309.05463): both parts read the
/// stream through one norm, rotary positions turn half of each head, and even the scores of the tokens have a bias.
enum Phi: ModelFamily {
  static let className = "PhiForCausalLM"

  static func architecture(_ config: ModelConfig) -> Architecture {
    .gpt2.with {
      $0.placement = .shared
      $0.positions = .rotary
      $0.outputBias = true
    }
  }

  static func read(_ reader: HuggingFaceReader) throws -> ModelConfig {
    var config = try reader.base(.phi)
    config.normEpsilon = try reader.number("layer_norm_eps", else: 1e-5)
    try reader.rotary(into: &config, share: 0.5)
    let activation = try reader.activation("hidden_act", else: .geluTanh)
    if activation != .geluTanh { config.feedForward.activation = activation }
    try reader.require("qk_layernorm", is: false)
    return config
  }

  static func fields(_ config: ModelConfig) -> [(key: String, value: JSONValue)] {
    config.baseFields + config.rotaryFields(writesShare: true) + [
      ("num_key_value_heads", .integer(config.attention.keyValueHeads)),
      ("layer_norm_eps", .number(config.normEpsilon)), ("hidden_act", config.activationName),
      ("attention_dropout", .number(config.dropout)), ("resid_pdrop", .number(config.dropout)),
      ("embd_pdrop", .number(config.dropout)),
    ]
  }

  static func names(_ config: ModelConfig) -> CheckpointNames {
    var names = CheckpointNames()
    (names.attentionOutput, names.finalNorm, names.feedForwardNorm) = ("self_attn.dense", "final_layernorm", nil)
    (names.up, names.down) = ("mlp.fc1", "mlp.fc2")
    return names
  }
}
