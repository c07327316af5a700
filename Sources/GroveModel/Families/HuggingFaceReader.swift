import GroveCore

/// Fields of the object of a `config.json`, with errors that name the key.
struct HuggingFaceReader {
  let json: JSONValue
  let place: String

  func error(_ key: String, _ problem: String) -> GroveError { GroveError(.format, place, "\(key) \(problem)") }

  /// The value of a key; nil if it is missing or null.
  func value(_ key: String) -> JSONValue? {
    let value = json[key]
    return value == .null ? nil : value
  }

  /// The object under a key; nil if it is missing or null.
  func object(_ key: String) throws -> HuggingFaceReader? {
    guard let value = value(key) else { return nil }
    guard value.objectValue != nil else { throw error(key, "is not an object") }
    return HuggingFaceReader(json: value, place: place)
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

  func text(_ key: String) throws -> String? {
    guard let value = value(key) else { return nil }
    guard let text = value.stringValue else { throw error(key, "\(value.text.prefix(80)) is not a text") }
    return text
  }

  func require(_ key: String, isOneOf allowed: [String]) throws {
    guard let value = value(key) else { return }
    guard let text = value.stringValue, allowed.contains(text) else {
      throw error(key, "\(value.text) is not supported; only \(allowed.joined(separator: ", "))")
    }
  }

  func require(_ key: String, is expected: Bool) throws {
    if try boolean(key, else: expected) != expected { throw error(key, "\(!expected) is not supported") }
  }

  func requireNothing(_ key: String) throws {
    if let value = value(key) { throw error(key, "\(value.text.prefix(80)) is not supported") }
  }

  // MARK: What families share

  /// A config of the family with the sizes under the keys that most families have.
  func base(_ family: ModelConfig.Family) throws -> ModelConfig {
    var config = ModelConfig()
    config.family = family
    config.vocabularySize = try integer("vocab_size")
    config.contextLength = try integer("max_position_embeddings")
    config.width = try integer("hidden_size")
    config.layers = try integer("num_hidden_layers")
    config.attention.heads = try integer("num_attention_heads")
    config.attention.keyValueHeads = try integer("num_key_value_heads", else: config.attention.heads)
    config.feedForwardWidth = try integer("intermediate_size", else: 4 * config.width)
    try read(into: &config)
    return config
  }

  /// What all families write alike.
  func read(into config: inout ModelConfig, tied: Bool = false) throws {
    config.tiedEmbeddings = try boolean("tie_word_embeddings", else: tied)
    config.initialDeviation = try number("initializer_range", else: 0.02)
    config.residualInitialization = .plain
  }

  /// `head_dim`, where it is not width over heads.
  func headWidth(_ config: inout ModelConfig, else missing: Int = 0) throws {
    config.attention.headWidth = try integer("head_dim", else: missing)
    if config.attention.headWidth * config.attention.heads == config.width { config.attention.headWidth = 0 }
  }

  /// The activation under a key, by the names of `transformers`.
  func activation(_ key: String, else missing: FeedForwardConfig.Activation) throws -> FeedForwardConfig.Activation {
    guard let name = try text(key) else { return missing }
    switch name {
    case "gelu": return .gelu
    case "gelu_new", "gelu_pytorch_tanh", "gelu_fast": return .geluTanh
    case "relu": return .relu
    case "silu", "swish": return .silu
    default: throw error(key, "\"\(name)\" is not supported; only gelu, gelu_new, gelu_pytorch_tanh, relu, silu")
    }
  }
}

extension FeedForwardConfig.Activation {
  /// The name in `config.json`.
  var huggingFaceName: JSONValue {
    switch self {
    case .gelu: "gelu"
    case .geluTanh: "gelu_pytorch_tanh"
    case .relu: "relu"
    case .silu, .family: "silu"
    }
  }
}

extension ModelConfig {
  /// The activation as `config.json` names it.
  var activationName: JSONValue { architecture.activation.huggingFaceName }

  /// The sizes under the keys that most families have.
  var baseFields: [(key: String, value: JSONValue)] {
    [
      ("hidden_size", .integer(width)), ("intermediate_size", .integer(feedForwardWidth)),
      ("num_hidden_layers", .integer(layers)), ("num_attention_heads", .integer(attention.heads)),
      ("max_position_embeddings", .integer(contextLength)),
    ]
  }
}
