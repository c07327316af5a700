extension ModelConfig {
  /// The config with all choices made, and without what no checkpoint keeps: two configs of the same tensors and
  /// arithmetic are equal in this form.
  public var resolved: ModelConfig {
    var config = self
    let parts = architecture
    (config.norm.kind, config.norm.placement) = (parts.norm, parts.placement)
    config.norm.embedding = parts.embeddingNorm ? .yes : .no
    config.positions.kind = parts.positions
    (config.attention.bias, config.attention.headNorm) = (parts.attentionBias, parts.headNorm)
    (config.feedForward.form, config.feedForward.activation) = (parts.feedForward, parts.activation)
    config.feedForward.bias = parts.feedForwardBias ? .yes : .no
    config.attention.headWidth = headWidth
    config.embeddingWidth = tokenWidth
    if attention.window == 0 || Set(attention.fullLayers).isSuperset(of: 0..<layers) {
      (config.attention.window, config.attention.fullLayers) = (0, [])
    }
    config.attention.fullLayers.sort()
    if attention.pattern != .full { config.attention.fullLayers = Array(Set(attention.fullLayers)).sorted() }
    let isOneBase = positions.scaling.kind == .none && positions.windowedRotaryBase == positions.rotaryBase
    if config.attention.window == 0 || isOneBase { config.positions.windowedRotaryBase = 0 }
    config.dropout = 0
    (config.initialization, config.residualInitialization) = (.normal, .plain)
    // What is held at 0 is stored as 0.
    config.linear.sparsity = 0
    return config
  }
}
