import GroveCore
public import GroveTensor

/// Pre-norm decoder block of GPT-2 (Radford et al. 2019, §2.3), with biases.
public struct GPT2Block: Module {
  let attentionNorm: LayerNorm
  let attention: Attention
  let feedForwardNorm: LayerNorm
  let feedForward: PlainFeedForward
  let dropout: Dropout

  public init(_ config: ModelConfig, weights: InitialWeights) throws {
    let deviation = config.residualDeviation
    attentionNorm = try LayerNorm(width: config.width, epsilon: config.normEpsilon)
    attention = try Attention(config, bias: true, outputDeviation: deviation, weights: weights.split("attention"))
    feedForwardNorm = try LayerNorm(width: config.width, epsilon: config.normEpsilon)
    feedForward = try PlainFeedForward(config, outputDeviation: deviation, weights: weights.split("feedForward"))
    dropout = Dropout(rate: config.dropout)
  }

  /// Maps the residual stream `[B, T, C]` to `[B, T, C]`.
  public func callAsFunction(_ x: Tensor, _ context: LayerContext) throws -> Tensor {
    let attended = try attention(attentionNorm(x, as: attention.dtype), context)
    let (h, normed) = try feedForwardNorm(x, adding: dropout(attended, context.mode, "attention"))
    try context.observe?(.feedForwardInput, normed)
    return try residualSum(h, dropout(feedForward(normed), context.mode, "feedForward"))
  }

  /// GPT-2's checkpoints hold its matrices as `[in, out]`.
  public func visit(_ visitor: inout some ParameterVisitor) throws {
    func linear(_ name: String, _ part: Linear, _ visitor: inout some ParameterVisitor) throws {
      try visitor.tensor("\(name).weight", part.weight, transposed: true)
      if let bias = part.bias { try visitor.tensor("\(name).bias", bias) }
    }
    func norm(_ name: String, _ part: LayerNorm, _ visitor: inout some ParameterVisitor) throws {
      try visitor.tensor("\(name).weight", part.weight)
      try visitor.tensor("\(name).bias", part.bias)
    }
    try norm("ln_1", attentionNorm, &visitor)
    try linear("attn.c_attn", attention.projection, &visitor)
    try linear("attn.c_proj", attention.output, &visitor)
    try norm("ln_2", feedForwardNorm, &visitor)
    try linear("mlp.c_fc", feedForward.up, &visitor)
    try linear("mlp.c_proj", feedForward.down, &visitor)
  }
}

/// GPT-2 (Radford et al. 2019): token and position embeddings, blocks, norm, output.
public struct GPT2: LanguageModel {
  public let config: ModelConfig
  let embedding: Embedding
  let positions: Embedding
  let blocks: [GPT2Block]
  let norm: LayerNorm
  /// `[V, C]`: the token embedding itself where the config ties the two.
  public let outputWeight: Parameter
  let dropout: Dropout

  /// - Precondition: the config is valid, and its vocabulary's size is filled in; neither is checked here.
  public init(_ config: ModelConfig, weights: InitialWeights) throws {
    self.config = config
    embedding = try Embedding(
      count: config.vocabularySize, width: config.width, deviation: config.initialDeviation,
      weights: weights.split("embedding"))
    positions = try Embedding(
      count: config.contextLength, width: config.width, deviation: config.initialDeviation,
      weights: weights.split("positions"))
    blocks = try (0..<config.layers).map { try GPT2Block(config, weights: weights.split("blocks").split($0)) }
    norm = try LayerNorm(width: config.width, epsilon: config.normEpsilon)
    outputWeight = try config.makeOutputWeight(tiedTo: embedding, weights: weights.split("output"))
    dropout = Dropout(rate: config.dropout)
  }

  public func hiddenStates(_ tokens: Tensor, _ pass: ForwardPass) throws -> Tensor {
    let (_, t, start) = try checkedSizes(tokens, pass)
    let places = try Tensor.range(start + t, .int64, on: tokens.device).narrowed(0, from: start, count: t)  // [T]
    var x = try dropout(embedding(tokens) + positions(places), pass.mode, "embedding")  // [B, T, C]
    for (index, block) in blocks.enumerated() {
      let context = LayerContext(
        mode: pass.mode.split(index), rotary: nil, mask: .causal, cache: pass.cache?[index],
        observe: pass.observer.map { observer in { try observer(index, $0, $1) } })
      x = try block(x, context)  // [B, T, C]
    }
    pass.cache?.advance(by: t)
    return try norm(x, as: outputWeight.dtype)
  }

  public func visit(_ visitor: inout some ParameterVisitor) throws {
    try visitor.tensor("transformer.wte.weight", embedding.weight)
    try visitor.tensor("transformer.wpe.weight", positions.weight)
    for (index, block) in blocks.enumerated() { try visitor.child("transformer.h.\(index)", block) }
    try visitor.tensor("transformer.ln_f.weight", norm.weight)
    try visitor.tensor("transformer.ln_f.bias", norm.bias)
    if !config.tiedEmbeddings { try visitor.tensor("lm_head.weight", outputWeight) }
  }
}
