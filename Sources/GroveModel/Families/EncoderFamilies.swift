import GroveCore

/// The `config.json` of BERT, RoBERTa and XLM-RoBERTa, to and from an `EncoderConfig`.
extension EncoderConfig {
  init(_ reader: HuggingFaceReader, family: Family) throws {
    self.init()
    self.family = family
    vocabularySize = try reader.integer("vocab_size")
    width = try reader.integer("hidden_size")
    layers = try reader.integer("num_hidden_layers")
    heads = try reader.integer("num_attention_heads")
    feedForwardWidth = try reader.integer("intermediate_size")
    segments = try reader.integer("type_vocab_size", else: 2)
    paddingToken = try reader.integer("pad_token_id", else: countsText ? 1 : 0)
    contextLength = try reader.integer("max_position_embeddings", else: 512) - positionOffset
    normEpsilon = try reader.number("layer_norm_eps", else: 1e-12)
    initialDeviation = try reader.number("initializer_range", else: 0.02)
    activation = try reader.activation("hidden_act", else: .gelu)
    try reader.require("position_embedding_type", isOneOf: ["absolute"])
    if family == .grove {
      guard let own = try reader.object("grove") else { throw reader.error("grove", "is missing") }
      parts = try EncoderPartsConfig.load(yaml: own.json.text, at: "\(reader.place): grove")
    }
    try reader.require("is_decoder", is: false)
    try reader.require("tie_word_embeddings", is: true)
    if let issue = issues().first {
      throw GroveError(.format, reader.place, "describes a model that cannot be: \(issue)")
    }
  }

  /// The object that `transformers` reads.
  var huggingFace: JSONValue {
    let name =
      switch family {
      case .bert: "BertForMaskedLM"
      case .roberta: "RobertaForMaskedLM"
      case .xlmRoberta: "XLMRobertaForMaskedLM"
      case .grove: "GroveForMaskedLM"
      }
    let own: [(key: String, value: JSONValue)] = family == .grove ? [("grove", (try? parts.json()) ?? .null)] : []
    let shared: JSONValue = [
      "architectures": [.string(name)], "model_type": .string(family.rawValue),
      "vocab_size": .integer(vocabularySize), "hidden_size": .integer(width), "num_hidden_layers": .integer(layers),
      "num_attention_heads": .integer(heads), "intermediate_size": .integer(feedForwardWidth),
      "type_vocab_size": .integer(family == .grove ? segments : max(segments, 1)),
      "pad_token_id": .integer(paddingToken),
      "max_position_embeddings": .integer(contextLength + positionOffset), "layer_norm_eps": .number(normEpsilon),
      "initializer_range": .number(initialDeviation), "hidden_act": activation.huggingFaceName,
      "hidden_dropout_prob": .number(dropout), "attention_probs_dropout_prob": .number(dropout),
      "tie_word_embeddings": true, "torch_dtype": "float32",
    ]
    return .object((shared.objectValue ?? []) + own)
  }
}

/// The `config.json` of T5, to and from an `EncoderDecoderConfig`.
extension EncoderDecoderConfig {
  init(_ reader: HuggingFaceReader) throws {
    self.init()
    vocabularySize = try reader.integer("vocab_size")
    width = try reader.integer("d_model", else: 512)
    headWidth = try reader.integer("d_kv", else: 64)
    feedForwardWidth = try reader.integer("d_ff", else: 2048)
    layers = try reader.integer("num_layers", else: 6)
    decoderLayers = try reader.integer("num_decoder_layers", else: layers)
    heads = try reader.integer("num_heads", else: 8)
    buckets = try reader.integer("relative_attention_num_buckets", else: 32)
    longestDistance = try reader.integer("relative_attention_max_distance", else: 128)
    normEpsilon = try reader.number("layer_norm_epsilon", else: 1e-6)
    initialFactor = try reader.number("initializer_factor", else: 1)
    tiedEmbeddings = try reader.boolean("tie_word_embeddings", else: true)
    scalesOutput = tiedEmbeddings
    if let own = try reader.object("grove_routing") {
      routing = try RoutingConfig.load(yaml: own.json.text, at: "\(reader.place): grove_routing")
    }
    crossKeyValueHeads = try reader.integer("grove_cross_key_value_heads", else: 0)
    try readFeedForward(reader)
    if let issue = issues().first {
      throw GroveError(.format, reader.place, "describes a model that cannot be: \(issue)")
    }
  }

  /// "relu", or "gated-gelu", which means GELU by tanh.
  private mutating func readFeedForward(_ reader: HuggingFaceReader) throws {
    let name = try reader.text("feed_forward_proj") ?? "relu"
    let parts = name.split(separator: "-", omittingEmptySubsequences: false)
    guard parts.count == 1 || parts.count == 2 && parts[0] == "gated" else {
      throw reader.error("feed_forward_proj", "\"\(name)\" is not an activation, alone or behind gated-")
    }
    feedForward.form = parts.count == 2 ? .gated : .plain
    let plain = HuggingFaceReader(
      json: ["feed_forward_proj": .string(String(parts[parts.count - 1]))], place: reader.place)
    let activation = try plain.activation("feed_forward_proj", else: .relu)
    feedForward.activation = name == "gated-gelu" ? .geluTanh : activation
  }

  /// The object that `transformers` reads.
  var huggingFace: JSONValue {
    let isGated = feedForward.form == .gated
    let activation = feedForward.activation == .family ? .relu : feedForward.activation
    let name = isGated && activation == .geluTanh ? "gelu" : activation.huggingFaceName.stringValue ?? "relu"
    let isT5 = routing.kind == .none && crossKeyValueHeads == 0
    let own: [(key: String, value: JSONValue)] =
      isT5
      ? [("architectures", ["T5ForConditionalGeneration"]), ("model_type", "t5")]
      : [
        ("architectures", ["GroveForConditionalGeneration"]), ("model_type", "grove_t5"),
        ("grove_routing", (try? routing.json()) ?? .null),
        ("grove_cross_key_value_heads", .integer(crossKeyValueHeads)),
      ]
    let shared: JSONValue = [
      "vocab_size": .integer(vocabularySize),
      "d_model": .integer(width), "d_kv": .integer(headWidth), "d_ff": .integer(feedForwardWidth),
      "num_layers": .integer(layers), "num_decoder_layers": .integer(decoderLayers), "num_heads": .integer(heads),
      "relative_attention_num_buckets": .integer(buckets),
      "relative_attention_max_distance": .integer(longestDistance), "dropout_rate": .number(dropout),
      "layer_norm_epsilon": .number(normEpsilon), "initializer_factor": .number(initialFactor),
      "feed_forward_proj": .string((isGated ? "gated-" : "") + name), "is_encoder_decoder": true,
      "tie_word_embeddings": .bool(tiedEmbeddings), "decoder_start_token_id": 0, "pad_token_id": 0,
      "eos_token_id": 1, "torch_dtype": "float32",
    ]
    return .object(own + (shared.objectValue ?? []))
  }
}
