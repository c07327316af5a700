import GroveCore

/// Gemma 3, the text model (Gemma Team 2025, arXiv:2503.19786 §2): norms before and after each part with gains that start
/// from 1, normed queries and keys, GELU in the gate, scaled token vectors, and five layers with a window and a shorter
/// rotary base to one without.
enum Gemma3: ModelFamily {
  static let className = "Gemma3ForCausalLM"

  static func architecture(_ config: ModelConfig) -> Architecture {
    .llama.with {
      $0.norm = .rootMeanSquareFromOne
      $0.placement = .around
      $0.headNorm = .rootMeanSquare
      $0.activation = .geluTanh
      $0.embeddingScale = Double(config.width).squareRoot()
    }
  }

  static func read(_ reader: HuggingFaceReader) throws -> ModelConfig {
    var config = try reader.base(.gemma3)
    config.tiedEmbeddings = try reader.boolean("tie_word_embeddings", else: true)
    try reader.headWidth(&config, else: 256)
    config.normEpsilon = try reader.number("rms_norm_eps", else: 1e-6)
    let scalar = try reader.number("query_pre_attn_scalar", else: 256)
    guard scalar > 0 else { throw reader.error("query_pre_attn_scalar", "\(scalar) is not positive") }
    config.attention.scale = scalar == Double(config.headWidth) ? 0 : 1 / scalar.squareRoot()
    config.attention.window = try reader.integer("sliding_window", else: 4096)
    let pattern = max(1, try reader.integer("sliding_window_pattern", else: 6))
    config.attention.fullLayers =
      try reader.fullLayers(config.layers) ?? (0..<config.layers).filter { ($0 + 1).isMultiple(of: pattern) }
    if try reader.boolean("attention_bias", else: false) { config.attention.bias = .all }
    try rotary(reader, &config)
    try reader.require("hidden_activation", isOneOf: ["gelu_pytorch_tanh"])
    try reader.requireNothing("attn_logit_softcapping")
    try reader.requireNothing("final_logit_softcapping")
    try reader.require("use_bidirectional_attention", is: false)
    return config
  }

  /// `rope_parameters` by kind of layer, or the older keys.
  private static func rotary(_ reader: HuggingFaceReader, _ config: inout ModelConfig) throws {
    guard let kinds = try reader.object("rope_parameters"), let full = try kinds.object("full_attention") else {
      try reader.rotary(into: &config, base: 1_000_000)
      config.positions.windowedRotaryBase = try reader.number("rope_local_base_freq", else: 10_000)
      return
    }
    let wrapped = HuggingFaceReader(json: ["rope_parameters": full.json], place: reader.place)
    try wrapped.rotary(into: &config, base: 1_000_000)
    let windowed = try kinds.object("sliding_attention")
    try windowed?.require("rope_type", isOneOf: ["default"])
    config.positions.windowedRotaryBase = try windowed?.number("rope_theta", else: 10_000) ?? 10_000
  }

  static func fields(_ config: ModelConfig) -> [(key: String, value: JSONValue)] {
    let (scale, positions) = (config.attention.scale, config.positions)
    let windowedBase = positions.windowedRotaryBase > 0 ? positions.windowedRotaryBase : positions.rotaryBase
    return config.baseFields + config.rotaryFields() + config.groupedHeadFields + [
      ("rms_norm_eps", .number(config.normEpsilon)), ("hidden_activation", "gelu_pytorch_tanh"),
      (
        "query_pre_attn_scalar",
        scale > 0 ? .number(1 / (scale * scale)).rounded : .integer(config.headWidth)
      ),
      ("rope_local_base_freq", .number(windowedBase)),
      ("sliding_window", .integer(config.attention.window > 0 ? config.attention.window : config.contextLength)),
      ("layer_types", config.layerTypes),
      ("attention_bias", .bool(config.architecture.attentionBias == .all)),
      ("attn_logit_softcapping", .null), ("final_logit_softcapping", .null),
      ("attention_dropout", .number(config.dropout)),
    ]
  }

  static func names(_ config: ModelConfig) -> CheckpointNames {
    var names = CheckpointNames()
    names.attentionPostNorm = "post_attention_layernorm"
    names.feedForwardNorm = "pre_feedforward_layernorm"
    names.feedForwardPostNorm = "post_feedforward_layernorm"
    return names
  }
}

extension JSONValue {
  /// A number that is whole but for rounding, as a whole one.
  fileprivate var rounded: JSONValue {
    guard let number = numberValue, abs(number) < 1e15, abs(number - number.rounded()) < 1e-6 * abs(number) else {
      return self
    }
    return .integer(Int(number.rounded()))
  }
}
