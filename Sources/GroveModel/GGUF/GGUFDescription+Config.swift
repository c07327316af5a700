import GroveCore

extension GGUFDescription {
  /// The shape of the model.
  /// - Throws: `GroveError` with code `.format` that names the key.
  func config() throws -> ModelConfig {
    var config = ModelConfig()
    config.family = architecture.family
    config.residualInitialization = .plain
    guard let embedding = shape("token_embd.weight"), embedding.count == 2 else {
      throw GroveError(.format, place, "has no tensor token_embd.weight of two axes")
    }
    config.vocabularySize = embedding[0]
    config.tiedEmbeddings = shape("output.weight") == nil
    config.contextLength = try integer("context_length")
    config.width = try integer("embedding_length")
    config.layers = try integer("block_count")
    guard config.layers <= HuggingFaceConfig.mostLayers else {
      throw error(key("block_count"), "is \(config.layers), more than \(HuggingFaceConfig.mostLayers)")
    }
    config.feedForwardWidth = try integer("feed_forward_length")
    config.attention.heads = try integer("attention.head_count")
    config.attention.keyValueHeads = try integer("attention.head_count_kv", else: config.attention.heads)
    config.normEpsilon = try number(epsilonField)
    try requireZero("expert_count")
    if architecture.isRotary {
      try readHeadWidth(&config)
      config.positions.rotaryBase = try number("rope.freq_base", else: 10_000)
      try readScaling(&config)
    }
    try readFamily(&config)
    if let issue = config.issues().first {
      throw GroveError(.format, place, "describes a model that cannot be: \(issue)")
    }
    return config
  }

  var epsilonField: String {
    architecture.usesRootMeanSquare ? "attention.layer_norm_rms_epsilon" : "attention.layer_norm_epsilon"
  }

  private func readHeadWidth(_ config: inout ModelConfig) throws {
    let (usual, heads) = (config.width / max(config.attention.heads, 1), config.attention.heads)
    let width = try integer("attention.key_length", else: usual)
    guard try integer("attention.value_length", else: usual) == width else {
      throw error(key("attention.value_length"), "is not attention.key_length \(width)")
    }
    config.attention.headWidth = width == usual && usual * heads == config.width ? 0 : width
    let turned = try integer("rope.dimension_count", else: width)
    guard turned > 0, turned <= width else {
      throw error(key("rope.dimension_count"), "is \(turned), outside 1...\(width)")
    }
    let share = Double(turned) / Double(width)
    // Rounding must not lose a place.
    config.positions.rotaryShare = Int(Double(width) * share) < turned ? share.nextUp : share
  }

  private func readFamily(_ config: inout ModelConfig) throws {
    switch architecture {
    case .llama:
      if shape("blk.0.attn_q.bias") != nil { config.attention.bias = .all }
      if shape("blk.0.ffn_up.bias") != nil { config.feedForward.bias = .yes }
    case .neoX: if try !boolean("use_parallel_residual", else: true) { config.norm.placement = .before }
    case .gemma3: try readGemma(&config)
    case .qwen2, .qwen3, .gpt2, .bloom, .starCoder2, .phi: break
    }
  }

  /// What the file leaves out is what llama.cpp takes for Gemma 3.
  private func readGemma(_ config: inout ModelConfig) throws {
    try requireZero("final_logit_softcapping")
    try requireZero("attn_logit_softcapping")
    let window = try integer("attention.sliding_window", else: 0)
    if config.layers == GGUFDescription.gemma27BLayers {
      // The 27B model's scale is that of its width over its heads.
      config.attention.scale = 1 / (Double(config.width) / Double(max(config.attention.heads, 1))).squareRoot()
    }
    guard window > 0 else { return }
    config.attention.window = window
    let pattern = try integer("attention.sliding_window_pattern", else: GGUFDescription.gemmaPattern)
    config.attention.fullLayers = GGUFDescription.fullLayers(config.layers, pattern: pattern)
    config.positions.windowedRotaryBase = try number("rope.freq_base_swa", else: 10_000)
  }

  static let gemmaPattern = 6
  static let gemma27BLayers = 62

  /// Every so manieth layer has no window; with 0 all have one.
  static func fullLayers(_ layers: Int, pattern: Int) -> [Int] {
    layers <= HuggingFaceConfig.mostLayers && pattern > 0
      ? (0..<layers).filter { ($0 + 1).isMultiple(of: pattern) } : []
  }

  // MARK: How rotary positions reach further

  private func readScaling(_ config: inout ModelConfig) throws {
    if let shape = shape("rope_freqs.weight") {
      guard shape.count == 1, shape[0] <= ModelConfig.largestSize else {
        throw GroveError(.format, place, "tensor rope_freqs.weight has the shape \(shape), not one axis")
      }
      return config.positions.scaling = try llama3Scaling(config, numbers("rope_freqs.weight"))
    }
    var scaling = RotaryScalingConfig()
    let type = try text("rope.scaling.type") ?? (has("rope.scale_linear") ? "linear" : "none")
    switch type {
    case "none": return
    case "linear":
      scaling.kind = .linear
      scaling.factor = try number("rope.scaling.factor", else: number("rope.scale_linear", else: 1))
      if scaling.factor == 1 { return }
    case "yarn":
      scaling.kind = .yarn
      scaling.factor = try number("rope.scaling.factor")
      let original = try integer("rope.scaling.original_context_length", else: 0)
      scaling.originalContextLength = original == config.contextLength ? 0 : original
      scaling.fastTurns = try number("rope.scaling.yarn_beta_fast", else: 32)
      scaling.slowTurns = try number("rope.scaling.yarn_beta_slow", else: 1)
      try requireZero("rope.scaling.yarn_log_multiplier")
      for field in ["rope.scaling.attn_factor", "rope.scaling.yarn_attn_factor"] where try number(field, else: 1) != 1 {
        throw error(key(field), "is not 1, which is not supported")
      }
    default: throw error(key("rope.scaling.type"), "\"\(type.prefix(40))\" is not supported; only none, linear, yarn")
    }
    config.positions.scaling = scaling
  }

  /// Files hold what LLaMA 3's scaling makes of each pair of places, not its parameters: those of the published models, or
  /// of a file that Grove wrote, are tried, and must give these numbers.
  private func llama3Scaling(_ config: ModelConfig, _ factors: [Float]) throws -> RotaryScalingConfig {
    guard factors.contains(where: { $0 != 1 }) else { return RotaryScalingConfig() }
    var scaling = RotaryScalingConfig()
    scaling.kind = .llama3
    scaling.factor = factors.max().flatMap { Double("\($0)") } ?? 1
    scaling.lowFrequencyFactor = value(GGUFKeys.lowFrequencyFactor)?.numberValue ?? 1
    scaling.highFrequencyFactor = value(GGUFKeys.highFrequencyFactor)?.numberValue ?? 4
    scaling.originalContextLength = value(GGUFKeys.originalContextLength)?.integerValue ?? 8192
    if let factor = value(GGUFKeys.scalingFactor)?.numberValue { scaling.factor = factor }
    var scaled = config
    scaled.positions.scaling = scaling
    guard scaling.issues().isEmpty, scaling.originalContextLength > 0 else {
      throw GroveError(.format, place, "the keys under grove.rope describe no scaling that can be")
    }
    let expected = GGUFRotary.factors(scaled)
    guard expected.count == factors.count,
      zip(expected, factors).allSatisfy({ abs($0 - $1) <= 1e-4 * abs($0) })
    else {
      throw GroveError(
        .format, place, "tensor rope_freqs.weight is not LLaMA 3's scaling of rotary positions",
        remedy: "Only that one is read, with the parameters of LLaMA 3.1 to 3.3.")
    }
    return scaling
  }
}

/// Keys of Grove's own, which llama.cpp passes over.
enum GGUFKeys {
  static let scalingFactor = "grove.rope.factor"
  static let lowFrequencyFactor = "grove.rope.low_frequency_factor"
  static let highFrequencyFactor = "grove.rope.high_frequency_factor"
  static let originalContextLength = "grove.rope.original_context_length"
}

enum GGUFRotary {
  /// What the frequency of each pair of places is divided by: `rope_freqs.weight`.
  static func factors(_ config: ModelConfig) -> [Float] {
    func frequencies(_ scaling: RotaryScalingConfig) -> [Float] {
      RotaryFrequencies(
        width: config.rotaryWidth, base: config.positions.rotaryBase, scaling: scaling,
        contextLength: config.contextLength, length: 0
      ).frequencies
    }
    return zip(frequencies(RotaryScalingConfig()), frequencies(config.positions.scaling)).map { $0 / $1 }
  }
}
