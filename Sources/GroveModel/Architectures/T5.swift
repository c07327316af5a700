import GroveCore
public import GroveTensor

/// T5 v1.0 and v1.1 (Raffel et al. 2019, arXiv:1910.10683 §2.1): an encoder that reads a text in both directions, and a
/// decoder that writes another, with RMSNorm before each part and distances instead of positions.
public struct T5: Module {
  public let config: EncoderDecoderConfig
  let embedding: Embedding
  let encoderBias: DistanceBias
  let encoder: [TransformerBlock]
  let encoderNorm: Norm
  let decoderBias: DistanceBias
  let decoder: [T5DecoderBlock]
  let decoderNorm: Norm
  /// `[V, C]`: the token embedding itself where the config ties the two.
  public let outputWeight: Parameter
  let dropout: Dropout

  /// - Throws: `GroveError` that names what is wrong in the config.
  public init(_ config: EncoderDecoderConfig, weights: InitialWeights) throws {
    try config.validated()
    self.config = config
    let shape = config.shape
    var encoderShape = shape
    encoderShape.routing = config.routing
    func norm() throws -> Norm { try Norm(.rootMeanSquare, width: config.width, epsilon: config.normEpsilon) }
    embedding = try Embedding(
      count: config.vocabularySize, width: config.width, deviation: config.initialFactor,
      weights: weights.split("embedding"))
    encoderBias = try DistanceBias(config, isCausal: false, weights.split("encoder distances"))
    encoder = try (0..<config.layers).map {
      try TransformerBlock(encoderShape, names: .t5Encoder, weights: weights.split("encoder").split($0))
    }
    encoderNorm = try norm()
    decoderBias = try DistanceBias(config, isCausal: true, weights.split("decoder distances"))
    decoder = try (0..<config.decoderLayers).map {
      try T5DecoderBlock(
        shape, crossKeyValueHeads: config.crossKeyValueHeads, weights: weights.split("decoder").split($0))
    }
    decoderNorm = try norm()
    outputWeight =
      config.tiedEmbeddings
      ? embedding.weight
      : try weights.split("output").matrix(
        [config.vocabularySize, config.width], deviation: config.initialFactor, role: .embedding)
    dropout = Dropout(rate: config.dropout)
  }

  /// What the encoder makes of ids `[B, S]`: `[B, S, C]`, in the working precision.
  /// - Parameter hook: sees the activations of the encoder's blocks.
  public func encoded(_ tokens: Tensor, _ mode: Mode, hook: ActivationHook? = nil) throws -> Tensor {
    let (_, s) = try tokens.sizes("tokens", as: "B T")
    let isRouted = config.routing.kind != .none
    let mask: AttentionMask = try isRouted ? .none : encoderBias.mask(s, as: outputWeight.dtype)
    var x = try dropout(embedding(tokens), mode, "encoder embedding")  // [B, S, C]
    for (index, block) in encoder.enumerated() {
      var context = LayerContext(mode: mode.split(index), mask: mask)
      if isRouted { context.distance = encoderBias }
      (context.layer, context.hook) = (index, hook)
      x = try block(x, context)
    }
    return try dropout(encoderNorm(x, as: outputWeight.dtype), mode, "encoder output")
  }

  /// Scores of the tokens behind each position of a decoder's ids `[B, T]`, given the encoder's states `[B, S, C]`:
  /// `[B, T, V]`, float32.
  public func logits(_ tokens: Tensor, reading states: Tensor, _ mode: Mode) throws -> Tensor {
    let (_, t) = try tokens.sizes("tokens", as: "B T")
    let mask = try decoderBias.mask(t, as: outputWeight.dtype)
    var x = try dropout(embedding(tokens), mode, "decoder embedding")  // [B, T, C]
    for (index, block) in decoder.enumerated() {
      x = try block(x, reading: states, LayerContext(mode: mode.split(config.layers + index), mask: mask))
    }
    var hidden = try dropout(decoderNorm(x, as: outputWeight.dtype), mode, "decoder output")
    if config.scalesOutput { hidden = try (hidden * (1 / Double(config.width).squareRoot())).cast(to: hidden.dtype) }
    return try outputWeight.product(hidden).cast(to: .float32)
  }

  /// Mean negative log-likelihood of the targets `[B, T]` in nats, where those equal to `ignoredTarget` count nothing.
  public func loss(_ source: Tensor, decoding tokens: Tensor, targets: Tensor, _ mode: Mode) throws -> Tensor {
    let scores = try logits(tokens, reading: encoded(source, mode), mode)
    return try crossEntropy(
      scores.reshaped(-1, config.vocabularySize), targets.reshaped(-1), reduction: .meanOverTokens,
      ignoring: ignoredTarget)
  }

  public func visit(_ visitor: inout some ParameterVisitor) throws {
    try visitor.tensor("shared.weight", embedding.weight)
    for (index, block) in encoder.enumerated() { try visitor.child("encoder.block.\(index)", block) }
    let distances = "layer.0.SelfAttention.relative_attention_bias.weight"
    try visitor.tensor("encoder.block.0.\(distances)", encoderBias.weight)
    try visitor.norm("encoder.final_layer_norm", encoderNorm)
    for (index, block) in decoder.enumerated() { try visitor.child("decoder.block.\(index)", block) }
    try visitor.tensor("decoder.block.0.\(distances)", decoderBias.weight)
    try visitor.norm("decoder.final_layer_norm", decoderNorm)
    if !config.tiedEmbeddings { try visitor.tensor("lm_head.weight", outputWeight) }
  }
}

/// A block of T5's decoder: attention to itself, attention to the encoder, and a feed-forward layer.
struct T5DecoderBlock: Module {
  let attentionNorm: Norm
  let attention: Attention
  let crossNorm: Norm
  let crossAttention: CrossAttention
  let feedForwardNorm: Norm
  let feedForward: FeedForward
  let dropout: Dropout
  private let layout: RotaryLayout

  init(_ config: ModelConfig, crossKeyValueHeads: Int, weights: InitialWeights) throws {
    func norm() throws -> Norm { try Norm(.rootMeanSquare, width: config.width, epsilon: config.normEpsilon) }
    attention = try Attention(config, weights: weights.split("attention"))
    var crossing = config
    if crossKeyValueHeads > 0 { crossing.attention.keyValueHeads = crossKeyValueHeads }
    crossAttention = try CrossAttention(crossing, weights: weights.split("cross attention"))
    feedForward = try FeedForward(config, weights: weights.split("feedForward"))
    (attentionNorm, crossNorm, feedForwardNorm) = (try norm(), try norm(), try norm())
    dropout = Dropout(rate: config.dropout)
    layout = RotaryLayout(config)
  }

  /// Maps the residual stream `[B, T, C]` to `[B, T, C]`, reading the encoder's `[B, S, C]`.
  func callAsFunction(_ x: Tensor, reading states: Tensor, _ context: LayerContext) throws -> Tensor {
    let dtype = attention.dtype
    let attended = try dropout(attention(attentionNorm(x, as: dtype), context), context.mode, "attention")
    let (h, crossInput) = try crossNorm(x, adding: attended)
    let read = try dropout(
      crossAttention(crossInput, reading: states, mask: .none), context.mode, "cross attention")
    let (g, feedForwardInput) = try feedForwardNorm(h, adding: read)
    return try residualSum(g, dropout(feedForward(feedForwardInput), context.mode, "feedForward"))
  }

  func visit(_ visitor: inout some ParameterVisitor) throws {
    let names = CheckpointNames.t5(feedForwardLayer: 2)
    try visitor.norm("layer.0.layer_norm", attentionNorm)
    try attention.visit(&visitor, names, layout)
    try visitor.norm("layer.1.layer_norm", crossNorm)
    try crossAttention.visit(&visitor, "layer.1.EncDecAttention")
    try visitor.norm("layer.2.layer_norm", feedForwardNorm)
    try feedForward.visit(&visitor, names)
  }
}

extension DistanceBias {
  fileprivate init(_ config: EncoderDecoderConfig, isCausal: Bool, _ weights: InitialWeights) throws {
    try self.init(
      buckets: config.buckets, longest: config.longestDistance, heads: config.heads,
      deviation: config.shape.initialDeviation, isCausal: isCausal, weights: weights)
  }
}

extension CheckpointNames {
  fileprivate static let t5Encoder = t5(feedForwardLayer: 1)

  fileprivate static func t5(feedForwardLayer layer: Int) -> CheckpointNames {
    var names = CheckpointNames()
    (names.attentionNorm, names.feedForwardNorm) = ("layer.0.layer_norm", "layer.\(layer).layer_norm")
    let own = "layer.0.SelfAttention"
    names.attention = .separate("\(own).q", "\(own).k", "\(own).v")
    names.attentionOutput = "\(own).o"
    let dense = "layer.\(layer).DenseReluDense"
    (names.gate, names.up, names.plainUp, names.down) = (
      "\(dense).wi_0", "\(dense).wi_1", "\(dense).wi", "\(dense).wo"
    )
    return names
  }
}
