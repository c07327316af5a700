public import GroveCore

/// The `config.json` of a Hugging Face checkpoint, to and from a `ModelConfig`.
///
/// What Grove would have to ignore to load a model is refused, by its key.
public enum HuggingFaceConfig {
  /// Reads the object of a `config.json`.
  /// - Throws: `GroveError` with code `.format`.
  public static func read(_ json: JSONValue, at place: String) throws -> ModelConfig {
    let reader = Reader(json: json, place: place)
    guard let type = json["model_type"]?.stringValue else { throw reader.error("model_type", "is missing") }
    guard let family = ModelConfig.Family(rawValue: type) else {
      let known = ModelConfig.Family.allCases.map(\.rawValue).joined(separator: ", ")
      throw reader.error("model_type", "\"\(type)\" is not one of \(known)")
    }
    let config =
      switch family {
      case .llama: try readLLaMA(reader)
      case .gpt2: try readGPT2(reader)
      }
    if let issue = config.issues().first {
      throw GroveError(.format, place, "describes a model that cannot be: \(issue)")
    }
    return config
  }

  private static func readLLaMA(_ reader: Reader) throws -> ModelConfig {
    var config = ModelConfig()
    config.family = .llama
    config.vocabularySize = try reader.integer("vocab_size")
    config.contextLength = try reader.integer("max_position_embeddings")
    config.width = try reader.integer("hidden_size")
    config.layers = try reader.integer("num_hidden_layers")
    config.attention.heads = try reader.integer("num_attention_heads")
    config.attention.keyValueHeads = try reader.integer("num_key_value_heads", else: config.attention.heads)
    config.attention.headWidth = try reader.integer("head_dim", else: 0)
    if config.attention.headWidth * config.attention.heads == config.width { config.attention.headWidth = 0 }
    config.feedForwardWidth = try reader.integer("intermediate_size")
    config.tiedEmbeddings = try reader.boolean("tie_word_embeddings", else: false)
    config.normEpsilon = try reader.number("rms_norm_eps", else: 1e-6)
    config.rotaryBase = try rotaryBase(reader)
    config.initialDeviation = try reader.number("initializer_range", else: 0.02)
    config.residualInitialization = .plain
    try reader.require("hidden_act", isOneOf: ["silu"])
    try reader.requireFalse("attention_bias")
    try reader.requireFalse("mlp_bias")
    try reader.requireNothing("rope_scaling")
    return config
  }

  /// `rope_theta`, or since transformers 5 `rope_parameters` with the type "default".
  private static func rotaryBase(_ reader: Reader) throws -> Double {
    guard let parameters = reader.json["rope_parameters"], parameters != .null else {
      return try reader.number("rope_theta", else: 10_000)
    }
    let inner = Reader(json: parameters, place: reader.place)
    try inner.require("rope_type", isOneOf: ["default"])
    return try inner.number("rope_theta", else: 10_000)
  }

  private static func readGPT2(_ reader: Reader) throws -> ModelConfig {
    var config = ModelConfig()
    config.family = .gpt2
    config.vocabularySize = try reader.integer("vocab_size")
    config.contextLength = try reader.integer("n_positions")
    config.width = try reader.integer("n_embd")
    config.layers = try reader.integer("n_layer")
    config.attention.heads = try reader.integer("n_head")
    config.attention.keyValueHeads = config.attention.heads
    config.feedForwardWidth = try reader.integer("n_inner", else: 4 * config.width)
    config.tiedEmbeddings = try reader.boolean("tie_word_embeddings", else: true)
    config.normEpsilon = try reader.number("layer_norm_epsilon", else: 1e-5)
    config.initialDeviation = try reader.number("initializer_range", else: 0.02)
    try reader.require("activation_function", isOneOf: ["gelu_new", "gelu_pytorch_tanh"])
    try reader.requireFalse("scale_attn_by_inverse_layer_idx")
    try reader.requireFalse("add_cross_attention")
    guard try reader.boolean("scale_attn_weights", else: true) else {
      throw reader.error("scale_attn_weights", "false is not supported")
    }
    return config
  }

  /// The object that `transformers` reads.
  /// - Parameter endOfText: the id that ends a document.
  public static func write(_ config: ModelConfig, endOfText: Int) -> JSONValue {
    let shared: [(key: String, value: JSONValue)] = [
      ("vocab_size", .integer(config.vocabularySize)), ("tie_word_embeddings", .bool(config.tiedEmbeddings)),
      ("initializer_range", .number(config.initialDeviation)), ("bos_token_id", .integer(endOfText)),
      ("eos_token_id", .integer(endOfText)), ("torch_dtype", "float32"), ("use_cache", true),
    ]
    switch config.family {
    case .llama:
      return .object(
        [
          ("architectures", ["LlamaForCausalLM"]), ("model_type", "llama"),
          ("hidden_size", .integer(config.width)), ("intermediate_size", .integer(config.feedForwardWidth)),
          ("num_hidden_layers", .integer(config.layers)), ("num_attention_heads", .integer(config.attention.heads)),
          ("num_key_value_heads", .integer(config.attention.keyValueHeads)), ("head_dim", .integer(config.headWidth)),
          ("max_position_embeddings", .integer(config.contextLength)), ("rms_norm_eps", .number(config.normEpsilon)),
          ("rope_theta", .number(config.rotaryBase)), ("hidden_act", "silu"), ("attention_bias", false),
          ("mlp_bias", false), ("attention_dropout", .number(config.dropout)),
        ] + shared)
    case .gpt2:
      return .object(
        [
          ("architectures", ["GPT2LMHeadModel"]), ("model_type", "gpt2"), ("n_embd", .integer(config.width)),
          ("n_inner", .integer(config.feedForwardWidth)), ("n_layer", .integer(config.layers)),
          ("n_head", .integer(config.attention.heads)), ("n_positions", .integer(config.contextLength)),
          ("layer_norm_epsilon", .number(config.normEpsilon)), ("activation_function", "gelu_new"),
          ("attn_pdrop", .number(config.dropout)), ("embd_pdrop", .number(config.dropout)),
          ("resid_pdrop", .number(config.dropout)),
        ] + shared)
    }
  }
}

/// Fields of a JSON object, with errors that name the key.
private struct Reader {
  let json: JSONValue
  let place: String

  func error(_ key: String, _ problem: String) -> GroveError { GroveError(.format, place, "\(key) \(problem)") }

  /// The value of a key; nil if it is missing or null.
  private func value(_ key: String) -> JSONValue? {
    let value = json[key]
    return value == .null ? nil : value
  }

  func integer(_ key: String, else missing: Int? = nil) throws -> Int {
    guard let value = value(key) else {
      guard let missing else { throw error(key, "is missing") }
      return missing
    }
    guard let integer = value.integerValue, (0...(1 << 31)).contains(integer) else {
      throw error(key, "\(value.text) is not a whole number from 0 to 2147483648")
    }
    return integer
  }

  func number(_ key: String, else missing: Double) throws -> Double {
    guard let value = value(key) else { return missing }
    guard let number = value.numberValue else { throw error(key, "\(value.text) is not a number") }
    return number
  }

  func boolean(_ key: String, else missing: Bool) throws -> Bool {
    guard let value = value(key) else { return missing }
    guard let flag = value.boolValue else { throw error(key, "\(value.text) is not true or false") }
    return flag
  }

  func require(_ key: String, isOneOf allowed: [String]) throws {
    guard let value = value(key) else { return }
    guard let text = value.stringValue, allowed.contains(text) else {
      throw error(key, "\(value.text) is not supported; only \(allowed.joined(separator: ", "))")
    }
  }

  func requireFalse(_ key: String) throws {
    if try boolean(key, else: false) { throw error(key, "true is not supported") }
  }

  func requireNothing(_ key: String) throws {
    if let value = value(key) { throw error(key, "\(value.text.prefix(80)) is not supported") }
  }
}
