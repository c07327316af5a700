import GroveCore
public import GroveModel

/// Models of a few thousand parameters, ready for inference: the same seed gives the same one.
public enum TinyModel {
  /// The shape of all families: vocabulary 64, context 48, width 32, 2 layers, 4 heads, and what makes each of them hard.
  public static func config(_ family: ModelConfig.Family) -> ModelConfig {
    var config = ModelConfig()
    config.family = family
    config.vocabularySize = 64
    config.contextLength = 48
    config.width = 32
    config.layers = 2
    config.attention.heads = 4
    config.attention.keyValueHeads = [.gpt2, .neoX, .bloom, .opt].contains(family) ? 4 : 2
    config.feedForwardWidth = family == .bloom ? 128 : 48
    // Larger than in training, so that attention and scores are far from uniform without any.
    config.initialDeviation = 0.3
    config.residualInitialization = .plain
    adapt(&config)
    return config
  }

  private static func adapt(_ config: inout ModelConfig) {
    switch config.family {
    case .mistral, .starCoder2: config.attention.window = 7
    case .qwen2: (config.attention.window, config.attention.fullLayers) = (5, [0])
    case .gemma3:
      (config.attention.window, config.attention.fullLayers) = (5, [1])
      config.positions.windowedRotaryBase = 500
      config.attention.scale = 0.5
    case .neoX, .phi: config.positions.rotaryShare = 0.5
    case .bigCode: config.attention.keyValueHeads = 1
    case .grove:
      config.norm.placement = .around
      config.norm.kind = .layer
      config.norm.embedding = .yes
      config.positions.kind = .alibi
      config.attention.window = 9
      config.attention.headNorm = .rootMeanSquare
      config.attention.bias = .inputs
      config.feedForward.activation = .relu
      config.embeddingWidth = 24
    case .llama, .qwen3, .gpt2, .bloom, .opt: break
    }
  }

  /// Rotary positions, and two query heads to each key/value head.
  public static func llama(seed: UInt64) throws -> any LanguageModel { try make(.llama, seed: seed) }

  /// Learned positions and biases.
  public static func gpt2(seed: UInt64) throws -> any LanguageModel { try make(.gpt2, seed: seed) }

  /// A model of any family.
  public static func make(_ family: ModelConfig.Family, seed: UInt64) throws -> any LanguageModel {
    let model = try makeModel(config(family), weights: .random(RandomKey(seed: seed)))
    try model.prepare(.float32, training: false, device: .cpu)
    return model
  }
}
