import GroveCore
public import GroveTensor

/// One block of a decoder: attention and a feed-forward layer, with norms where the architecture has them.
public struct TransformerBlock: Module {
  let attentionNorm: Norm
  let attentionPostNorm: Norm?
  let attention: any TokenMixer
  let feedForwardNorm: Norm?
  let feedForwardPostNorm: Norm?
  let feedForward: any FeedForwardLayer
  let dropout: Dropout
  private let placement: NormConfig.Placement
  private let addsToNormed: Bool
  /// What the stream is multiplied by before a part adds to it.
  private let streamScale: Double
  private let names: CheckpointNames
  private let layout: RotaryLayout

  /// - Parameter names: those of a checkpoint, if they are not the family's.
  init(_ config: ModelConfig, names: CheckpointNames? = nil, weights: InitialWeights) throws {
    let parts = config.architecture
    func norm() throws -> Norm { try Norm(parts.norm, width: config.width, epsilon: config.normEpsilon) }
    (placement, addsToNormed) = (parts.placement, parts.addsToNormed)
    self.names = names ?? config.family.form.names(config)
    layout = RotaryLayout(config)
    streamScale = placement == .deep ? config.streamScale : 1
    attention = try config.makeMixer(weights: weights.split("attention"))
    feedForward = try config.makeFeedForward(weights: weights.split("feedForward"))
    attentionNorm = try norm()
    feedForwardNorm = placement == .shared ? nil : try norm()
    attentionPostNorm = placement == .around ? try norm() : nil
    feedForwardPostNorm = placement == .around ? try norm() : nil
    dropout = Dropout(rate: config.dropout)
  }

  /// Maps the residual stream `[B, T, C]` to `[B, T, C]`.
  public func callAsFunction(_ x: Tensor, _ context: LayerContext) throws -> Tensor {
    try context.passed(.block, mapped(x, context))
  }

  /// The same, keeping nothing for the backward pass but the stream.
  func recomputed(_ x: Tensor, _ context: LayerContext) throws -> Tensor {
    var inputs = [x]
    // A learned bias lies outside of what is computed again, so its gradient leaves through an input.
    if case .added(let bias) = context.mask, bias.requiresGradient { inputs.append(bias) }
    return try GroveModel.recomputed(inputs, reading: parameters().map(\.parameter)) { inputs in
      var context = context
      if inputs.count > 1 { context.mask = .added(inputs[1]) }
      return try self(inputs[0], context)
    }
  }

  private func mapped(_ x: Tensor, _ context: LayerContext) throws -> Tensor {
    let dtype = attention.dtype
    guard placement != .after, placement != .deep else {
      let h = try attentionNorm(residualSum(scaled(x), attended(x.cast(to: dtype), context)))
      return try feedForwardNorm?(residualSum(scaled(h), fed(h.cast(to: dtype), context))) ?? h
    }
    let normed = try attentionNorm(x, as: dtype)
    let a = try attended(normed, context)
    guard let feedForwardNorm else { return try residualSum(residualSum(x, a), fed(normed, context)) }
    if placement == .parallel {
      return try residualSum(residualSum(x, a), fed(feedForwardNorm(x, as: dtype), context))
    }
    if let attentionPostNorm, let feedForwardPostNorm {
      let h = try x + attentionPostNorm(a.cast(to: .float32))
      return try h + feedForwardPostNorm(fed(feedForwardNorm(h, as: dtype), context).cast(to: .float32))
    }
    if addsToNormed {
      let (_, normed) = try feedForwardNorm(attentionNorm(x), adding: a)
      return try residualSum(normed.cast(to: .float32), fed(normed, context))
    }
    let (h, next) = try feedForwardNorm(x, adding: a)
    return try residualSum(h, fed(next, context))
  }

  /// What attention adds to the stream.
  private func attended(_ x: Tensor, _ context: LayerContext) throws -> Tensor {
    let out = try attention(context.passed(.attentionInput, x), context)
    return try context.passed(.attentionOutput, dropout(out, context.mode, "attention"))
  }

  /// What the feed-forward layer adds to the stream.
  private func fed(_ x: Tensor, _ context: LayerContext) throws -> Tensor {
    let out = try feedForward(context.passed(.feedForwardInput, x))
    return try context.passed(.feedForwardOutput, dropout(out, context.mode, "feedForward"))
  }

  private func scaled(_ x: Tensor) throws -> Tensor { try streamScale == 1 ? x : x * streamScale }

  public func visit(_ visitor: inout some ParameterVisitor) throws {
    let isBehind = placement == .after || placement == .deep
    if !isBehind { try visitor.norm(names.attentionNorm, attentionNorm) }
    if let norm = attentionPostNorm, let name = names.attentionPostNorm { try visitor.norm(name, norm) }
    try attention.visit(&visitor, names, layout)
    if isBehind {
      try visitor.norm(names.attentionNorm, attentionNorm)
    } else {
      try visitSecondNorm(&visitor)
    }
    try feedForward.visit(&visitor, names)
    if isBehind { try visitSecondNorm(&visitor) }
    if let norm = feedForwardPostNorm, let name = names.feedForwardPostNorm { try visitor.norm(name, norm) }
  }

  private func visitSecondNorm(_ visitor: inout some ParameterVisitor) throws {
    if let norm = feedForwardNorm, let name = names.feedForwardNorm { try visitor.norm(name, norm) }
  }
}
