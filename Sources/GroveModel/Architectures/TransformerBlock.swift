import GroveCore
public import GroveTensor

/// One block of a decoder: attention and a feed-forward layer, with norms where the architecture has them.
public struct TransformerBlock: Module {
  let attentionNorm: Norm
  let attentionPostNorm: Norm?
  let attention: Attention
  let feedForwardNorm: Norm?
  let feedForwardPostNorm: Norm?
  let feedForward: FeedForward
  let dropout: Dropout
  private let placement: NormConfig.Placement
  private let addsToNormed: Bool
  private let names: CheckpointNames
  private let layout: RotaryLayout

  /// - Parameter names: those of a checkpoint, if they are not the family's.
  init(_ config: ModelConfig, names: CheckpointNames? = nil, weights: InitialWeights) throws {
    let parts = config.architecture
    func norm() throws -> Norm { try Norm(parts.norm, width: config.width, epsilon: config.normEpsilon) }
    (placement, addsToNormed) = (parts.placement, parts.addsToNormed)
    self.names = names ?? config.family.form.names(config)
    layout = RotaryLayout(config)
    let deviation = config.residualDeviation
    attention = try Attention(config, outputDeviation: deviation, weights: weights.split("attention"))
    feedForward = try FeedForward(config, outputDeviation: deviation, weights: weights.split("feedForward"))
    attentionNorm = try norm()
    feedForwardNorm = placement == .shared ? nil : try norm()
    attentionPostNorm = placement == .around ? try norm() : nil
    feedForwardPostNorm = placement == .around ? try norm() : nil
    dropout = Dropout(rate: config.dropout)
  }

  /// Maps the residual stream `[B, T, C]` to `[B, T, C]`.
  public func callAsFunction(_ x: Tensor, _ context: LayerContext) throws -> Tensor {
    func attended(_ x: Tensor) throws -> Tensor { try dropout(attention(x, context), context.mode, "attention") }
    func fed(_ x: Tensor) throws -> Tensor {
      try context.observe?(.feedForwardInput, x)
      return try dropout(feedForward(x), context.mode, "feedForward")
    }
    let dtype = attention.dtype
    guard placement != .after else {
      let h = try attentionNorm(residualSum(x, attended(x.cast(to: dtype))))
      return try feedForwardNorm?(residualSum(h, fed(h.cast(to: dtype)))) ?? h
    }
    let normed = try attentionNorm(x, as: dtype)
    let a = try attended(normed)
    guard let feedForwardNorm else { return try residualSum(residualSum(x, a), fed(normed)) }
    if placement == .parallel {
      return try residualSum(residualSum(x, a), fed(feedForwardNorm(x, as: dtype)))
    }
    if let attentionPostNorm, let feedForwardPostNorm {
      let h = try x + attentionPostNorm(a.cast(to: .float32))
      return try h + feedForwardPostNorm(fed(feedForwardNorm(h, as: dtype)).cast(to: .float32))
    }
    if addsToNormed {
      let (_, normed) = try feedForwardNorm(attentionNorm(x), adding: a)
      return try residualSum(normed.cast(to: .float32), fed(normed))
    }
    let (h, next) = try feedForwardNorm(x, adding: a)
    return try residualSum(h, fed(next))
  }

  public func visit(_ visitor: inout some ParameterVisitor) throws {
    if placement != .after { try visitor.norm(names.attentionNorm, attentionNorm) }
    if let norm = attentionPostNorm, let name = names.attentionPostNorm { try visitor.norm(name, norm) }
    try attention.visit(&visitor, names, layout)
    if placement == .after {
      try visitor.norm(names.attentionNorm, attentionNorm)
    } else {
      try visitSecondNorm(&visitor)
    }
    try feedForward.visit(&visitor, names)
    if placement == .after { try visitSecondNorm(&visitor) }
    if let norm = feedForwardPostNorm, let name = names.feedForwardPostNorm { try visitor.norm(name, norm) }
  }

  private func visitSecondNorm(_ visitor: inout some ParameterVisitor) throws {
    if let norm = feedForwardNorm, let name = names.feedForwardNorm { try visitor.norm(name, norm) }
  }
}

extension ModelConfig {
  /// Deviation of the matrices that write into the residual stream.
  var residualDeviation: Double {
    switch residualInitialization {
    case .plain: initialDeviation
    case .scaled: initialDeviation / (2 * Double(layers)).squareRoot()
    }
  }
}
