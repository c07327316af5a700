import GroveCore
public import GroveTensor

/// The decoder of all families: token vectors, blocks, norm, scores. What differs between families is its
/// `Architecture`.
public struct Transformer: LanguageModel {
  public let config: ModelConfig
  let embedding: Embedding
  let embeddingNorm: Norm?
  /// A vector for each position; nil for models that know positions otherwise.
  let positions: Embedding?
  /// From the width of token vectors to that of the stream, and back; nil where they are the same.
  let projections: (input: Linear, output: Linear)?
  /// Added to the scores of all layers; nil for models without.
  let distanceBias: DistanceBias?
  let blocks: [TransformerBlock]
  let norm: Norm?
  /// `[V, E]`: the token embedding itself where the config ties the two.
  public let outputWeight: Parameter
  public let outputBias: Parameter?
  let dropout: Dropout
  private let architecture: Architecture
  private let names: CheckpointNames

  /// - Precondition: the config is valid, and its vocabulary's size is filled in; neither is checked here.
  public init(_ config: ModelConfig, weights: InitialWeights) throws {
    let parts = config.architecture
    self.config = config
    architecture = parts
    names = config.family.form.names(config)
    let (deviation, width) = (config.initialDeviation, config.tokenWidth)
    embedding = try Embedding(
      count: config.vocabularySize, width: width, deviation: deviation, weights: weights.split("embedding"))
    embeddingNorm = parts.embeddingNorm ? try Norm(parts.norm, width: width, epsilon: config.normEpsilon) : nil
    positions =
      parts.positions == .learned
      ? try Embedding(
        count: config.contextLength + parts.positionOffset, width: config.width, deviation: deviation,
        weights: weights.split("positions")) : nil
    func projection(_ from: Int, _ to: Int, _ name: String) throws -> Linear {
      try Linear(from: from, to: to, bias: false, deviation: deviation, weights: weights.split(name))
    }
    projections =
      width == config.width
      ? nil : (try projection(width, config.width, "input"), try projection(config.width, width, "output projection"))
    distanceBias =
      parts.positions == .buckets
      ? try DistanceBias(
        buckets: config.positions.buckets, longest: config.positions.longestDistance, heads: config.attention.heads,
        deviation: deviation, isCausal: true, weights: weights.split("distances")) : nil
    blocks = try (0..<config.layers).map {
      try TransformerBlock(config, weights: weights.split("blocks").split($0))
    }
    norm = parts.finalNorm ? try Norm(parts.norm, width: config.width, epsilon: config.normEpsilon) : nil
    outputWeight =
      config.tiedEmbeddings
      ? embedding.weight
      : try weights.split("output").matrix([config.vocabularySize, width], deviation: deviation, role: .embedding)
    outputBias = parts.outputBias ? Parameter(try .zeros([config.vocabularySize], .float32), role: .vector) : nil
    dropout = Dropout(rate: config.dropout)
  }

  public func hiddenStates(_ tokens: Tensor, _ pass: ForwardPass) throws -> Tensor {
    let (_, t, start) = try checkedSizes(tokens, pass)
    let device = tokens.device
    let range = start..<start + t
    let rotary = architecture.isRotary ? try Rotary(config, positions: range, windowed: false, device: device) : nil
    let windowedRotary =
      architecture.isRotary && config.positions.windowedRotaryBase > 0
      ? try Rotary(config, positions: range, windowed: true, device: device) : rotary
    let masks = try AttentionMasks(
      config, positions: start, t, bias: distanceBias?(t, of: start + t),
      isDense: pass.cache != nil || pass.hook?.sites.contains(.attentionWeights) ?? false, dtype: outputWeight.dtype,
      device: device)
    var x = try dropout(embedded(tokens, range), pass.mode, "embedding")  // [B, T, C]
    for (index, block) in blocks.enumerated() {
      var context = LayerContext(mode: pass.mode.split(index), mask: .causal)
      (context.layer, context.hook, context.cache) = (index, pass.hook, pass.cache?[index])
      context.rotary = config.attention.window(layer: index) == nil ? rotary : windowedRotary
      masks.apply(to: &context)
      x = try pass.recomputes && pass.hook == nil ? block.recomputed(x, context) : block(x, context)  // [B, T, C]
    }
    pass.cache?.advance(by: t)
    let hidden = try norm?(x, as: outputWeight.dtype) ?? x.cast(to: outputWeight.dtype)
    return try projections?.output(hidden) ?? hidden
  }

  /// What the first block reads, `[B, T, C]`, float32.
  private func embedded(_ tokens: Tensor, _ range: Range<Int>) throws -> Tensor {
    var x = try embedding(tokens)  // [B, T, E]
    if architecture.embeddingScale != 1 { x = try x * architecture.embeddingScale }
    if let embeddingNorm { x = try embeddingNorm(x) }
    if let projections { x = try projections.input(x).cast(to: .float32) }
    if let positions {
      let places = try Tensor.range(range.upperBound + architecture.positionOffset, .int64, on: tokens.device)
        .narrowed(0, from: range.lowerBound + architecture.positionOffset, count: range.count)  // [T]
      x = try x + positions(places)
    }
    if architecture.positions == .sinusoidal {
      x = try x + sinusoids(range, width: config.width, base: config.positions.rotaryBase, device: tokens.device)
    }
    return x
  }

  public func visit(_ visitor: inout some ParameterVisitor) throws {
    let base = names.base
    try visitor.tensor("\(base)\(names.embedding).weight", embedding.weight)
    if let positions, let name = names.positions { try visitor.tensor("\(base)\(name).weight", positions.weight) }
    if let embeddingNorm, let name = names.embeddingNorm { try visitor.norm("\(base)\(name)", embeddingNorm) }
    if let projections {
      try visitor.linear("\(base)\(names.projectIn)", projections.input)
      try visitor.linear("\(base)\(names.projectOut)", projections.output)
    }
    if let distanceBias { try visitor.tensor("\(base)relative_attention_bias.weight", distanceBias.weight) }
    for (index, block) in blocks.enumerated() { try visitor.child("\(base)\(names.layers).\(index)", block) }
    if let norm { try visitor.norm("\(base)\(names.finalNorm)", norm) }
    if !config.tiedEmbeddings { try visitor.tensor("\(names.head).weight", outputWeight) }
    if let outputBias { try visitor.tensor("\(names.head).bias", outputBias) }
  }
}

/// Sines of the positions in the first half of the width and cosines in the second, `[T, C]` (Vaswani et al. 2017,
/// arXiv:1706.03762, §3.5, where they alternate: the order of places does not matter to what is learned).
private func sinusoids(_ positions: Range<Int>, width: Int, base: Double, device: Device) throws -> Tensor {
  var values: [Float] = []
  let half = (width + 1) / 2
  for position in positions {
    for place in 0..<width {
      let angle = Float(position) / Float.power(Float(base), Float(place % half) / Float(half))
      values.append(place < half ? Float.sine(angle) : Float.cosine(angle))
    }
  }
  return try Tensor(values, [positions.count, width]).moved(to: device)
}
