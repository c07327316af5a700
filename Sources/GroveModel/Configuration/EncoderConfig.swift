public import GroveCore

/// The shape of a bidirectional encoder and how it is initialised.
public struct EncoderConfig: Config {
  /// The architectures that Grove knows, named as Hugging Face's `model_type`.
  public enum Family: String, Codable, Sendable, CaseIterable {
    /// Devlin et al. 2018 (arXiv:1810.04805).
    case bert
    /// Positions that count from the padding's id on, and a head with other names (Liu et al. 2019, arXiv:1907.11692).
    case roberta
    /// RoBERTa for a hundred languages (Conneau et al. 2019, arXiv:1911.02116).
    case xlmRoberta = "xlm-roberta"
    /// BERT with other parts, in checkpoints that Grove alone reads.
    case grove = "grove_encoder"
  }

  /// The architecture: how checkpoints name their tensors, and where positions begin.
  public var family = Family.bert
  /// What the family grove does otherwise than BERT.
  public var parts = EncoderPartsConfig()
  /// Ids 0..<vocabularySize have an embedding.
  public var vocabularySize = 0
  /// Positions that a text can have.
  public var contextLength = 128
  /// Kinds of segments that have an embedding, of which every token gets the first; 0 for none.
  public var segments = 0
  /// The id of padding; RoBERTa's positions begin behind it.
  public var paddingToken = 0
  /// Of the feed-forward layers and the head.
  public var activation = FeedForwardConfig.Activation.geluTanh
  /// Width of the residual stream, C.
  public var width = 128
  /// Blocks, L.
  public var layers = 6
  /// Heads of attention, H. Must divide `width`.
  public var heads = 4
  /// Hidden width of the feed-forward layers, F.
  public var feedForwardWidth = 512
  /// Share of elements dropped after embedding, attention and feed-forward, in training only.
  public var dropout = 0.0
  /// Added to the variance in norms.
  public var normEpsilon = 1e-12
  /// Standard deviation of the initial weights.
  public var initialDeviation = 0.02

  public init() {}

  public func issues() -> [ConfigIssue] {
    var issues: [ConfigIssue] = []
    for (field, value) in [
      ("vocabularySize", vocabularySize), ("contextLength", contextLength), ("width", width), ("layers", layers),
      ("feedForwardWidth", feedForwardWidth),
    ] where value <= 0 { issues.append(ConfigIssue(field, "\(value) is not positive")) }
    for (field, value) in [("segments", segments), ("paddingToken", paddingToken)]
    where !(0...ModelConfig.largestSize).contains(value) {
      issues.append(ConfigIssue(field, "\(value) is outside 0...\(ModelConfig.largestSize)"))
    }
    if activation == .family { issues.append(ConfigIssue("activation", "name one")) }
    if heads <= 0 || width % max(heads, 1) != 0 {
      issues.append(ConfigIssue("heads", "\(heads) does not divide width \(width)"))
    }
    if !(0..<1).contains(dropout) { issues.append(ConfigIssue("dropout", "\(dropout) is outside [0, 1)")) }
    if !(normEpsilon > 0) { issues.append(ConfigIssue("normEpsilon", "\(normEpsilon) is not positive")) }
    if !(initialDeviation >= 0) { issues.append(ConfigIssue("initialDeviation", "\(initialDeviation) is negative")) }
    issues += parts.issues().under("parts")
    if family != .grove, parts != EncoderPartsConfig() {
      issues.append(ConfigIssue("parts", "\(family.rawValue) has none to choose; the family grove_encoder takes any"))
    }
    return issues
  }

  /// Whether positions count the tokens that are not padding, behind the padding's id.
  var countsText: Bool { family == .roberta || family == .xlmRoberta }

  /// The embedding of the first position is this row of its table.
  var positionOffset: Int { countsText ? paddingToken + 1 : 0 }

  /// Trained numbers of the encoder without a head.
  public var parameterCount: Int {
    // The blocks of a decoder of this shape without its vectors of tokens and positions.
    var blocks = shape
    (blocks.vocabularySize, blocks.contextLength, blocks.norm.placement) = (0, contextLength, parts.placement)
    let inBlocks = blocks.parameterCount - contextLength * width
    return (vocabularySize + contextLength + positionOffset + segments + 2) * width + inBlocks
  }

  /// Floating-point operations of one training token in the blocks: 6 for each weight and 12·L·C·T for attention.
  public func trainingOperationsPerToken(context: Int) -> Double {
    let block = 4 * width * width + 2 * width * feedForwardWidth
    return Double(layers) * (6 * Double(block) + 12 * Double(width * context))
  }

  /// What the shared blocks read: GPT-2's parts, with norms behind each of them.
  var shape: ModelConfig {
    var shape = ModelConfig()
    shape.family = .gpt2
    shape.norm.placement = parts.placement
    (shape.attention.kind, shape.attention.free) = (parts.attention, parts.free)
    shape.initialization = parts.initialization
    shape.feedForward.activation = activation
    shape.vocabularySize = vocabularySize
    shape.contextLength = contextLength
    shape.width = width
    shape.layers = layers
    shape.attention.heads = heads
    shape.attention.keyValueHeads = heads
    shape.feedForwardWidth = feedForwardWidth
    shape.dropout = dropout
    shape.normEpsilon = normEpsilon
    shape.initialDeviation = initialDeviation
    shape.residualInitialization = .plain
    return shape
  }
}

/// The parts of an encoder that papers change.
public struct EncoderPartsConfig: Config {
  /// How the states of a text become one, for its class.
  public enum Pooling: String, Codable, Sendable, CaseIterable {
    /// That of the first position, through a layer of its own (Devlin et al. 2018, §4.1).
    case first
    /// The mean over the positions that are not padding, through the same.
    case mean
  }

  /// Where the norms stand. Where they do not follow each part, one stands behind the last block.
  public var placement = NormConfig.Placement.after
  /// How positions are mixed.
  public var attention = AttentionConfig.Kind.softmax
  /// What attention without queries' products is.
  public var free = AttentionFreeConfig()
  /// How the matrices of the blocks start.
  public var initialization = ModelConfig.Initialization.normal
  public var pooling = Pooling.first

  public init() {}

  public func issues() -> [ConfigIssue] {
    let known: [NormConfig.Placement] = [.before, .after, .deep, .within]
    let names = known.map(\.rawValue).joined(separator: ", ")
    return
      (known.contains(placement)
      ? [] : [ConfigIssue("placement", "\(placement.rawValue) is none of \(names)")])
      + free.issues().under("free")
  }
}
