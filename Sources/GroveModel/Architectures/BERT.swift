import GroveCore
public import GroveTensor

/// BERT (Devlin et al. 2018, arXiv:1810.04805): token and position embeddings, norm, bidirectional blocks.
///
/// We differ: no segment embeddings, since a text is one segment, and the tanh form of GELU.
public struct BERT: Module {
  public let config: EncoderConfig
  let embedding: Embedding
  let positions: Embedding
  let norm: Norm
  let blocks: [TransformerBlock]
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
      count: config.contextLength, width: config.width, deviation: config.initialDeviation,
      weights: weights.split("positions"))
    norm = try Norm(.layer, width: config.width, epsilon: config.normEpsilon)
    blocks = try (0..<config.layers).map {
      try TransformerBlock(shape, names: .bert, weights: weights.split("blocks").split($0))
    }
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
    let places = try Tensor.range(t, .int64, on: tokens.device)  // [T]
    var x = try dropout(norm(embedding(tokens) + positions(places)), mode, "embedding")  // [B, T, C]
    for (index, block) in blocks.enumerated() {
      let context = LayerContext(mode: mode.split(index), rotary: nil, mask: mask, cache: nil, observe: nil)
      x = try block(x, context)  // [B, T, C]
    }
    return x
  }

  public func visit(_ visitor: inout some ParameterVisitor) throws {
    try visitor.tensor("embeddings.word_embeddings.weight", embedding.weight)
    try visitor.tensor("embeddings.position_embeddings.weight", positions.weight)
    try visitor.norm("embeddings.LayerNorm", norm)
    for (index, block) in blocks.enumerated() { try visitor.child("encoder.layer.\(index)", block) }
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

  /// - Throws: `GroveError` that names what is wrong in the config.
  public init(_ config: EncoderConfig, weights: InitialWeights) throws {
    encoder = try BERT(config, weights: weights.split("bert"))
    transform = try Linear(
      from: config.width, to: config.width, bias: true, deviation: config.initialDeviation,
      weights: weights.split("transform"))
    norm = try Norm(.layer, width: config.width, epsilon: config.normEpsilon)
    outputBias = Parameter(try .zeros([config.vocabularySize], .float32), role: .vector)
  }

  /// Mean negative log-likelihood of the masked tokens, in nats.
  /// - Parameters:
  ///   - tokens: ids with masks in them, `[B, T]`.
  ///   - places: flat positions b·T + t that count, `[M]`, int64.
  ///   - targets: their ids, `[M]`, int64.
  public func loss(_ tokens: Tensor, places: Tensor, targets: Tensor, _ mode: Mode) throws -> Tensor {
    let hidden = try encoder.hiddenStates(tokens, attended: nil, mode)  // [B, T, C]
    let chosen = try hidden.reshaped(-1, encoder.config.width).indexed(0, places)  // [M, C]
    let features = try norm(transform(chosen).gelu(.tanh).cast(to: .float32))  // [M, C]
    let weight = encoder.embedding.weight.working
    let logits = try linear(features.cast(to: weight.dtype), weight: weight, bias: nil).cast(to: .float32)
    return try crossEntropy(
      logits + outputBias.working, targets, reduction: .meanOverTokens, ignoring: ignoredTarget)
  }

  public func visit(_ visitor: inout some ParameterVisitor) throws {
    try visitor.child("bert", encoder)
    try visitor.linear("cls.predictions.transform.dense", transform)
    try visitor.norm("cls.predictions.transform.LayerNorm", norm)
    try visitor.tensor("cls.predictions.bias", outputBias)
  }
}

/// BERT with a class for a whole text, read at its first position (Devlin et al. 2018 §4.1).
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
    let first = try encoder.hiddenStates(tokens, attended: attended, mode).selected(1, 0)  // [B, C]
    return try classifier(pooler(first).hyperbolicTangent()).cast(to: .float32)
  }

  public func visit(_ visitor: inout some ParameterVisitor) throws {
    try visitor.child("bert", encoder)
    try visitor.linear("bert.pooler.dense", pooler)
    try visitor.linear("classifier", classifier)
  }
}
