import GroveCore

/// Qwen 2 (Yang et al. 2024, arXiv:2407.10671 §2.2): LLaMA with biases on queries, keys and values, and a window on the
/// later layers where asked for.
enum Qwen2: ModelFamily {
  static let className = "Qwen2ForCausalLM"

  static func architecture(_ config: ModelConfig) -> Architecture { .llama.with { $0.attentionBias = .inputs } }

  static func read(_ reader: HuggingFaceReader) throws -> ModelConfig {
    var config = try reader.base(.qwen2)
    config.normEpsilon = try reader.number("rms_norm_eps", else: 1e-6)
    try reader.rotary(into: &config)
    try reader.require("hidden_act", isOneOf: ["silu"])
    try reader.qwenWindow(&config)
    return config
  }

  static func fields(_ config: ModelConfig) -> [(key: String, value: JSONValue)] {
    config.baseFields + config.rotaryFields() + config.qwenFields
  }

  static func names(_ config: ModelConfig) -> CheckpointNames { CheckpointNames() }
}

/// Qwen 3 (Yang et al. 2025, arXiv:2505.09388 §2): queries and keys of each head are normed, and nothing has a bias.
enum Qwen3: ModelFamily {
  static let className = "Qwen3ForCausalLM"

  static func architecture(_ config: ModelConfig) -> Architecture { .llama.with { $0.headNorm = .rootMeanSquare } }

  static func read(_ reader: HuggingFaceReader) throws -> ModelConfig {
    var config = try reader.base(.qwen3)
    try reader.headWidth(&config, else: 128)
    config.normEpsilon = try reader.number("rms_norm_eps", else: 1e-6)
    try reader.rotary(into: &config)
    try reader.require("hidden_act", isOneOf: ["silu"])
    if try reader.boolean("attention_bias", else: false) { config.attention.bias = .all }
    try reader.qwenWindow(&config)
    return config
  }

  static func fields(_ config: ModelConfig) -> [(key: String, value: JSONValue)] {
    config.baseFields + config.rotaryFields() + config.qwenFields + [
      ("head_dim", .integer(config.headWidth)),
      ("attention_bias", .bool(config.architecture.attentionBias == .all)),
    ]
  }

  static func names(_ config: ModelConfig) -> CheckpointNames { CheckpointNames() }
}

extension HuggingFaceReader {
  /// `use_sliding_window` with `layer_types`, or the older `max_window_layers`: how many first layers have none.
  fileprivate func qwenWindow(_ config: inout ModelConfig) throws {
    guard try boolean("use_sliding_window", else: false) else { return }
    config.attention.window = try integer("sliding_window", else: 4096)
    let full = try integer("max_window_layers", else: 28)
    config.attention.fullLayers = try fullLayers(config.layers) ?? Array(0..<min(full, config.layers))
  }

  /// The layers without a window that `layer_types` names; nil without the key.
  func fullLayers(_ layers: Int) throws -> [Int]? {
    guard let types = value("layer_types")?.arrayValue else { return nil }
    guard types.count == layers else { throw error("layer_types", "names \(types.count) layers of \(layers)") }
    return try types.indices.filter { index in
      switch types[index].stringValue {
      case "full_attention": return true
      case "sliding_attention": return false
      default: throw error("layer_types", "\(types[index].text) is not supported; only full and sliding attention")
      }
    }
  }
}

extension ModelConfig {
  fileprivate var qwenFields: [(key: String, value: JSONValue)] {
    let window = attention.window
    return [
      ("num_key_value_heads", .integer(attention.keyValueHeads)), ("rms_norm_eps", .number(normEpsilon)),
      ("hidden_act", "silu"), ("use_sliding_window", .bool(window > 0)),
      ("sliding_window", window > 0 ? .integer(window) : .null), ("layer_types", layerTypes),
      ("attention_dropout", .number(dropout)),
    ]
  }

  /// `layer_types`.
  var layerTypes: JSONValue {
    let full = attention.window > 0 ? Set(attention.fullLayers) : Set(0..<layers)
    return .array((0..<layers).map { full.contains($0) ? "full_attention" : "sliding_attention" })
  }
}
