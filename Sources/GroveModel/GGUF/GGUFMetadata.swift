import GroveCore

/// The metadata that describes a model to llama.cpp and to `GGUFDescription`.
struct GGUFMetadata {
  private let architecture: GGUFArchitecture
  private(set) var fields: [(key: String, value: GGUFValue)] = []

  /// - Throws: `GroveError` with code `.argument` if llama.cpp has no such model: what it could not say is not dropped.
  init(_ config: ModelConfig, place: String) throws {
    guard let architecture = GGUFArchitecture(config.family) else {
      throw GroveError(
        .argument, place, "GGUF has no architecture that Grove maps to \(config.family.rawValue)",
        remedy: "Convert one of \(GGUFArchitecture.allCases.map(\.family.rawValue).joined(separator: ", ")), mistral.")
    }
    self.architecture = architecture
    fields = [("general.architecture", .string(architecture.rawValue)), ("general.type", .string("model"))]
    add("vocab_size", .count(config.vocabularySize))
    add("context_length", .count(config.contextLength))
    add("embedding_length", .count(config.width))
    add("block_count", .count(config.layers))
    add("feed_forward_length", .count(config.feedForwardWidth))
    add("attention.head_count", .count(config.attention.heads))
    add("attention.head_count_kv", .count(config.attention.keyValueHeads))
    let epsilon = architecture.usesRootMeanSquare ? "attention.layer_norm_rms_epsilon" : "attention.layer_norm_epsilon"
    add(epsilon, .float32(Float(config.normEpsilon)))
    if architecture.isRotary { addRotary(config) }
    if architecture == .neoX { add("use_parallel_residual", .bool(config.architecture.placement == .parallel)) }
    if architecture == .gemma3 { addWindow(config) }
    try requireWhole(config, place)
  }

  private mutating func add(_ field: String, _ value: GGUFValue) {
    fields.append(("\(architecture.rawValue).\(field)", value))
  }

  private mutating func addRotary(_ config: ModelConfig) {
    add("attention.key_length", .count(config.headWidth))
    add("attention.value_length", .count(config.headWidth))
    add("rope.dimension_count", .count(config.rotaryWidth))
    add("rope.freq_base", .float32(Float(config.positions.rotaryBase)))
    let scaling = config.positions.scaling
    switch scaling.kind {
    case .linear, .yarn:
      add("rope.scaling.type", .string(scaling.kind.rawValue))
      add("rope.scaling.factor", .float32(Float(scaling.factor)))
      guard scaling.kind == .yarn else { return }
      let original = scaling.originalContextLength > 0 ? scaling.originalContextLength : config.contextLength
      add("rope.scaling.original_context_length", .count(original))
      add("rope.scaling.yarn_beta_fast", .float32(Float(scaling.fastTurns)))
      add("rope.scaling.yarn_beta_slow", .float32(Float(scaling.slowTurns)))
    case .llama3:
      // The file has the frequencies themselves; the parameters are for whoever reads the config back.
      fields += [
        (GGUFKeys.scalingFactor, .float32(Float(scaling.factor))),
        (GGUFKeys.lowFrequencyFactor, .float32(Float(scaling.lowFrequencyFactor))),
        (GGUFKeys.highFrequencyFactor, .float32(Float(scaling.highFrequencyFactor))),
        (
          GGUFKeys.originalContextLength,
          .count(scaling.originalContextLength > 0 ? scaling.originalContextLength : config.contextLength)
        ),
      ]
    case .none, .dynamic: break
    }
  }

  private mutating func addWindow(_ config: ModelConfig) {
    guard config.attention.window > 0 else { return }
    add("attention.sliding_window", .count(config.attention.window))
    let base = config.positions.windowedRotaryBase
    add("rope.freq_base_swa", .float32(Float(base > 0 ? base : config.positions.rotaryBase)))
    let full = config.attention.fullLayers.sorted()
    let pattern = full.first.map { $0 + 1 } ?? GGUFDescription.gemmaPattern
    if pattern != GGUFDescription.gemmaPattern { add("attention.sliding_window_pattern", .count(pattern)) }
  }

  /// Reads the metadata back: a choice that is lost on the way is refused.
  private func requireWhole(_ config: ModelConfig, _ place: String) throws {
    let values = Dictionary(uniqueKeysWithValues: fields.map { ($0.key, $0.value) })
    let description = GGUFDescription(
      place: place, architecture: architecture, value: { values[$0] }, shape: { GGUFMetadata.shape($0, config) },
      numbers: { _ in GGUFRotary.factors(config) })
    var again = try description.config()
    // Mistral is LLaMA with a window, which a file cannot say.
    again.family = config.family
    func comparable(_ config: ModelConfig) throws -> JSONValue {
      var config = config.resolved
      config.initialDeviation = 0
      // Two shares of as many places are the same.
      config.positions.rotaryShare = Double(config.rotaryWidth)
      let scaling = config.positions.scaling
      if scaling.kind != .none, scaling.kind != .linear, scaling.originalContextLength == 0 {
        config.positions.scaling.originalContextLength = config.contextLength
      }
      return try config.json()
    }
    guard let change = try comparable(again).changes(from: comparable(config)).first else { return }
    throw GroveError(
      .argument, place,
      "\(change.path) is \(change.before); llama.cpp's \(architecture.rawValue) would have \(change.now)",
      remedy: "GGUF cannot hold this model.")
  }

  /// The tensors that a config is read from.
  private static func shape(_ name: String, _ config: ModelConfig) -> [Int]? {
    let parts = config.architecture
    switch name {
    case "token_embd.weight": return [config.vocabularySize, config.width]
    case "output.weight": return config.tiedEmbeddings ? nil : [config.vocabularySize, config.width]
    case "blk.0.attn_q.bias": return parts.attentionBias == .none ? nil : [config.attention.heads * config.headWidth]
    case "blk.0.ffn_up.bias": return parts.feedForwardBias ? [config.feedForwardWidth] : nil
    case "rope_freqs.weight": return config.positions.scaling.kind == .llama3 ? [config.rotaryWidth / 2] : nil
    default: return nil
    }
  }
}
