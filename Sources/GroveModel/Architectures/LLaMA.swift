import GroveCore
public import GroveTensor

/// Pre-norm decoder block (Touvron et al. 2023, arXiv:2302.13971 §2.2); no biases.
public struct LLaMABlock: Module {
  let attentionNorm: RMSNorm
  let attention: Attention
  let feedForwardNorm: RMSNorm
  let feedForward: GatedFeedForward
  let dropout: Dropout

  public init(_ config: ModelConfig, weights: InitialWeights) throws {
    let deviation = config.residualDeviation
    attentionNorm = try RMSNorm(width: config.width, epsilon: config.normEpsilon)
    attention = try Attention(config, bias: false, outputDeviation: deviation, weights: weights.split("attention"))
    feedForwardNorm = try RMSNorm(width: config.width, epsilon: config.normEpsilon)
    feedForward = try GatedFeedForward(config, outputDeviation: deviation, weights: weights.split("feedForward"))
    dropout = Dropout(rate: config.dropout)
  }

  /// Maps the residual stream `[B, T, C]` to `[B, T, C]`.
  public func callAsFunction(_ x: Tensor, _ context: LayerContext) throws -> Tensor {
    let attended = try attention(attentionNorm(x, as: attention.dtype), context)
    let (h, normed) = try feedForwardNorm(x, adding: dropout(attended, context.mode, "attention"))
    try context.observe?(.feedForwardInput, normed)
    return try residualSum(h, dropout(feedForward(normed), context.mode, "feedForward"))
  }

  public func visit(_ visitor: inout some ParameterVisitor) throws {
    try visitor.tensor("input_layernorm.weight", attentionNorm.weight)
    try visitor.tensor("self_attn.q_proj.weight", attention.projection.weight, rows: attention.queryRows)
    try visitor.tensor("self_attn.k_proj.weight", attention.projection.weight, rows: attention.keyRows)
    try visitor.tensor("self_attn.v_proj.weight", attention.projection.weight, rows: attention.valueRows)
    try visitor.tensor("self_attn.o_proj.weight", attention.output.weight)
    try visitor.tensor("post_attention_layernorm.weight", feedForwardNorm.weight)
    try visitor.tensor("mlp.gate_proj.weight", feedForward.gateAndUp.weight, rows: feedForward.gateRows)
    try visitor.tensor("mlp.up_proj.weight", feedForward.gateAndUp.weight, rows: feedForward.upRows)
    try visitor.tensor("mlp.down_proj.weight", feedForward.down.weight)
  }
}

/// LLaMA (Touvron et al. 2023, arXiv:2302.13971): embedding, blocks, norm, output.
public struct LLaMA: LanguageModel {
  public let config: ModelConfig
  let embedding: Embedding
  let blocks: [LLaMABlock]
  let norm: RMSNorm
  /// `[V, C]`: the token embedding itself where the config ties the two.
  public let outputWeight: Parameter
  let dropout: Dropout

  /// - Precondition: the config is valid, and its vocabulary's size is filled in; neither is checked here.
  public init(_ config: ModelConfig, weights: InitialWeights) throws {
    self.config = config
    embedding = try Embedding(
      count: config.vocabularySize, width: config.width, deviation: config.initialDeviation,
      weights: weights.split("embedding"))
    blocks = try (0..<config.layers).map { try LLaMABlock(config, weights: weights.split("blocks").split($0)) }
    norm = try RMSNorm(width: config.width, epsilon: config.normEpsilon)
    outputWeight = try config.makeOutputWeight(tiedTo: embedding, weights: weights.split("output"))
    dropout = Dropout(rate: config.dropout)
  }

  public func hiddenStates(_ tokens: Tensor, _ pass: ForwardPass) throws -> Tensor {
    let (_, t, start) = try checkedSizes(tokens, pass)
    let rotary = try Rotary(
      positions: start..<start + t, headWidth: config.headWidth, base: config.rotaryBase, device: tokens.device)
    var x = try dropout(embedding(tokens), pass.mode, "embedding")  // [B, T, C]
    for (index, block) in blocks.enumerated() {
      let context = LayerContext(
        mode: pass.mode.split(index), rotary: rotary, mask: .causal, cache: pass.cache?[index],
        observe: pass.observer.map { observer in { try observer(index, $0, $1) } })
      x = try block(x, context)  // [B, T, C]
    }
    pass.cache?.advance(by: t)
    return try norm(x, as: outputWeight.dtype)
  }

  public func visit(_ visitor: inout some ParameterVisitor) throws {
    try visitor.tensor("model.embed_tokens.weight", embedding.weight)
    for (index, block) in blocks.enumerated() { try visitor.child("model.layers.\(index)", block) }
    try visitor.tensor("model.norm.weight", norm.weight)
    if !config.tiedEmbeddings { try visitor.tensor("lm_head.weight", outputWeight) }
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

  func makeOutputWeight(tiedTo embedding: Embedding, weights: InitialWeights) throws -> Parameter {
    if tiedEmbeddings { return embedding.weight }
    return try weights.matrix([vocabularySize, width], deviation: initialDeviation, role: .embedding)
  }
}
