import GroveCore
public import GroveTensor

/// BERT (Devlin et al. 2018, arXiv:1810.04805) and RoBERTa (Liu et al. 2019, arXiv:1907.11692): token, position and segment
/// embeddings, norm, bidirectional blocks. A text is one segment.
public struct BERT: Module {
  public let config: EncoderConfig
  let embedding: Embedding
  let positions: Embedding
  /// Nil for a model without.
  let segments: Embedding?
  let norm: Norm
  let blocks: [TransformerBlock]
  /// Behind the last block; nil where each part has a norm behind it.
  let finalNorm: Norm?
  let dropout: Dropout

  /// - Throws: `GroveError` that names what is wrong in the config.
  public init(_ config: EncoderConfig, weights: InitialWeights) throws {
    try config.validated()
    self.config = config
    let shape = config.shape
    embedding = try Embedding(
      count: config.vocabularySize, width: config.width, deviation: config.initialDeviation,
      weights: weights.split("embedding"))
    positions = try Embedding(
      count: config.contextLength + config.positionOffset, width: config.width, deviation: config.initialDeviation,
      weights: weights.split("positions"))
    segments =
      config.segments > 0
      ? try Embedding(
        count: config.segments, width: config.width, deviation: config.initialDeviation,
        weights: weights.split("segments")) : nil
    norm = try Norm(.layer, width: config.width, epsilon: config.normEpsilon)
    blocks = try (0..<config.layers).map {
      try TransformerBlock(shape, names: .bert, weights: weights.split("blocks").split($0))
    }
    finalNorm =
      shape.architecture.finalNorm ? try Norm(.layer, width: config.width, epsilon: config.normEpsilon) : nil
    dropout = Dropout(rate: config.dropout)
  }

  /// Maps ids `[B, T]` to the last hidden states `[B, T, C]`.
  /// - Parameter attended: `[B, T]`, bool, false at padding, which no position then sees; nil where there is none.
  public func hiddenStates(_ tokens: Tensor, attended: Tensor?, _ mode: Mode) throws -> Tensor {
    let (b, t) = try tokens.sizes("tokens", as: "B T")
    guard t <= config.contextLength else {
      throw GroveError(.argument, "tokens", "\(t) positions do not fit in \(config.contextLength)")
    }
    let mask: AttentionMask = try attended.map { .allowed(try $0.reshaped(b, 1, 1, t)) } ?? .none
    var sum = try embedding(tokens) + positions(places(of: tokens))  // [B, T, C]
    if let segments {
      sum = try sum + segments(Tensor([0] as [Int64], [1]).moved(to: tokens.device))
    }
    var x = try dropout(norm(sum), mode, "embedding")
    for (index, block) in blocks.enumerated() {
      x = try block(x, LayerContext(mode: mode.split(index), mask: mask))  // [B, T, C]
    }
    return try finalNorm?(x) ?? x
  }

  /// The rows of the position table for ids `[B, T]`. RoBERTa's positions count the tokens that are not padding, and
  /// padding has a row of its own.
  private func places(of tokens: Tensor) throws -> Tensor {
    guard config.countsText else { return try Tensor.range(tokens.size(1), .int64, on: tokens.device) }  // [T]
    let isText = try tokens.equals(Double(config.paddingToken)).cast(to: .int64) * -1 + 1  // [B, T]
    return try (isText.cumulativeSum(1) * isText + Double(config.paddingToken)).cast(to: .int64)
  }

  public func visit(_ visitor: inout some ParameterVisitor) throws {
    try visitor.tensor("embeddings.word_embeddings.weight", embedding.weight)
    try visitor.tensor("embeddings.position_embeddings.weight", positions.weight)
    if let segments { try visitor.tensor("embeddings.token_type_embeddings.weight", segments.weight) }
    try visitor.norm("embeddings.LayerNorm", norm)
    for (index, block) in blocks.enumerated() { try visitor.child("encoder.layer.\(index)", block) }
    if let finalNorm { try visitor.norm("encoder.final_norm", finalNorm) }
  }
}

extension CheckpointNames {
  /// Of the blocks of BERT.
  fileprivate static let bert: CheckpointNames = {
    var names = CheckpointNames()
    (names.attentionNorm, names.feedForwardNorm) = ("attention.output.LayerNorm", "output.LayerNorm")
    names.attention = .separate("attention.self.query", "attention.self.key", "attention.self.value")
    (names.attentionOutput, names.up, names.down) = (
      "attention.output.dense", "intermediate.dense", "output.dense"
    )
    (names.attentionInnerNorm, names.feedForwardInnerNorm) = ("attention.output.inner_norm", "output.inner_norm")
    return names
  }()
}

/// BERT with the head that guesses masked tokens (Devlin et al. 2018 §3.1, task 1); the output matrix is the embedding.
public struct MaskedLanguageModel: Module {
  /// What pre-training hands on to a `TextClassifier`.
  public let encoder: BERT
  let transform: Linear
  let norm: Norm
  let outputBias: Parameter

  public var config: EncoderConfig { encoder.config }

  /// - Throws: `GroveError` that names what is wrong in the config.
  public init(_ config: EncoderConfig, weights: InitialWeights) throws {
    encoder = try BERT(config, weights: weights.split("bert"))
    transform = try Linear(
      from: config.width, to: config.width, bias: true, deviation: config.initialDeviation,
      weights: weights.split("transform"))
    norm = try Norm(.layer, width: config.width, epsilon: config.normEpsilon)
    outputBias = Parameter(try .zeros([config.vocabularySize], .float32), role: .vector)
  }

  /// Mean negative log-likelihood of the masked tokens, in nats; for texts without padding.
  /// - Parameters:
  ///   - tokens: ids with masks in them, `[B, T]`.
  ///   - places: flat positions b·T + t that count, `[M]`, int64.
  ///   - targets: their ids, `[M]`, int64.
  public func loss(_ tokens: Tensor, places: Tensor, targets: Tensor, _ mode: Mode) throws -> Tensor {
    let scores = try logits(tokens, attended: nil, places: places, mode)  // [M, V]
    return try crossEntropy(scores, targets, reduction: .meanOverTokens, ignoring: ignoredTarget)
  }

  /// Scores of all tokens at some positions: ids `[B, T]` and flat positions `[M]` to `[M, V]`, float32.
  /// - Parameter attended: `[B, T]`, bool, false at padding; nil where there is none.
  public func logits(_ tokens: Tensor, attended: Tensor?, places: Tensor, _ mode: Mode) throws -> Tensor {
    let hidden = try encoder.hiddenStates(tokens, attended: attended, mode)  // [B, T, C]
    return try scores(hidden.reshaped(-1, encoder.config.width).indexed(0, places))
  }

  /// Scores of all tokens at every position: ids `[B, T]` to `[B, T, V]`, float32.
  /// - Parameter attended: `[B, T]`, bool, false at padding; nil where there is none.
  public func logits(_ tokens: Tensor, attended: Tensor?, _ mode: Mode) throws -> Tensor {
    try scores(encoder.hiddenStates(tokens, attended: attended, mode))
  }

  private func scores(_ hidden: Tensor) throws -> Tensor {
    // RoBERTa's head has the exact GELU whatever its layers have.
    let activation = config.countsText ? .gelu : config.activation
    let features = try norm(transform(hidden).activated(activation).cast(to: .float32))  // […, C]
    let weight = encoder.embedding.weight.working
    let scores = try linear(features.cast(to: weight.dtype), weight: weight, bias: nil).cast(to: .float32)
    return try scores + outputBias.working
  }

  public func visit(_ visitor: inout some ParameterVisitor) throws {
    let isBERT = !config.countsText
    try visitor.child(isBERT ? "bert" : "roberta", encoder)
    try visitor.linear(isBERT ? "cls.predictions.transform.dense" : "lm_head.dense", transform)
    try visitor.norm(isBERT ? "cls.predictions.transform.LayerNorm" : "lm_head.layer_norm", norm)
    try visitor.tensor(isBERT ? "cls.predictions.bias" : "lm_head.bias", outputBias)
  }
}

/// BERT with a class for a whole text, read at its first position (Devlin et al. 2018 §4.1) or from the mean of all.
public struct TextClassifier: Module {
  public let encoder: BERT
  let pooler: Linear
  let classifier: Linear

  /// - Parameter classes: K, how many there are to choose from.
  /// - Throws: `GroveError` that names what is wrong in the config.
  public init(_ config: EncoderConfig, classes: Int, weights: InitialWeights) throws {
    encoder = try BERT(config, weights: weights.split("bert"))
    pooler = try Linear(
      from: config.width, to: config.width, bias: true, deviation: config.initialDeviation,
      weights: weights.split("pooler"))
    classifier = try Linear(
      from: config.width, to: classes, bias: true, deviation: config.initialDeviation,
      weights: weights.split("classifier"))
  }

  /// Scores of the classes: ids `[B, T]` to `[B, K]`, float32.
  public func logits(_ tokens: Tensor, attended: Tensor?, _ mode: Mode) throws -> Tensor {
    let states = try encoder.hiddenStates(tokens, attended: attended, mode)  // [B, T, C]
    return try classifier(pooler(pooled(states, attended)).hyperbolicTangent()).cast(to: .float32)
  }

  /// One state for each text, `[B, C]`.
  private func pooled(_ states: Tensor, _ attended: Tensor?) throws -> Tensor {
    guard encoder.config.parts.pooling == .mean else { return try states.selected(1, 0) }
    guard let attended else { return try states.mean(1, axis: .removed) }
    let counted = try attended.cast(to: .float32).withNewAxis(at: 2)  // [B, T, 1]
    return try (states * counted).sum(1, axis: .removed) / counted.sum(1, axis: .removed)
  }

  public func visit(_ visitor: inout some ParameterVisitor) throws {
    try visitor.child("bert", encoder)
    try visitor.linear("bert.pooler.dense", pooler)
    try visitor.linear("classifier", classifier)
  }
}
