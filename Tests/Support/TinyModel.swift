import GroveCore
public import GroveModel

/// Models of a few thousand parameters, ready for inference: the same seed gives the same one.
public enum TinyModel {
  /// The shape of both families: vocabulary 64, context 48, width 32, 2 layers, 4 heads.
  public static func config(_ family: ModelConfig.Family) -> ModelConfig {
    var config = ModelConfig()
    config.family = family
    config.vocabularySize = 64
    config.contextLength = 48
    config.width = 32
    config.layers = 2
    config.attention.heads = 4
    config.attention.keyValueHeads = family == .llama ? 2 : 4
    config.feedForwardWidth = 48
    // Larger than in training, so that attention and scores are far from uniform without any.
    config.initialDeviation = 0.3
    config.residualInitialization = .plain
    return config
  }

  /// Rotary positions, and two query heads to each key/value head.
  public static func llama(seed: UInt64) throws -> any LanguageModel { try make(.llama, seed: seed) }

  /// Learned positions and biases.
  public static func gpt2(seed: UInt64) throws -> any LanguageModel { try make(.gpt2, seed: seed) }

  /// A model of either family.
  public static func make(_ family: ModelConfig.Family, seed: UInt64) throws -> any LanguageModel {
    let model = try makeModel(config(family), weights: .random(RandomKey(seed: seed)))
    try model.prepare(.float32, training: false, device: .cpu)
    return model
  }
}
