import Foundation
public import GroveCore

/// The shape of a decoder and how it is initialised.
public struct ModelConfig: Config {
  /// The architectures that Grove knows, named as Hugging Face's `model_type`.
  public enum Family: String, Codable, Sendable, CaseIterable {
    case llama, mistral, qwen2, qwen3
    case gemma3 = "gemma3_text"
    case gpt2
    case neoX = "gpt_neox"
    case bloom, opt, phi
    case bigCode = "gpt_bigcode"
    case starCoder2 = "starcoder2"
    /// No model of others: any of the parts together, in checkpoints that Grove alone reads.
    case grove
  }
  /// How the matrices that write into the residual stream are drawn.
  public enum ResidualInitialization: String, Codable, Sendable, CaseIterable {
    /// As all others.
    case plain
    /// With the deviation divided by √(2·layers) (Radford et al. 2019, §2.3).
    case scaled
  }

  /// The architecture: it decides the layers, and how checkpoints name their tensors.
  public var family = Family.llama
  /// Ids 0..<vocabularySize have an embedding. 0 takes the tokenizer's.
  public var vocabularySize = 0
  /// Positions that the model is trained on, T.
  public var contextLength = 256
  /// Width of the residual stream, C.
  public var width = 192
  /// Blocks, L.
  public var layers = 4
  /// Heads and their width.
  public var attention = AttentionConfig()
  /// Hidden width of the feed-forward layers, F.
  public var feedForwardWidth = 512
  /// What else the feed-forward layers are.
  public var feedForward = FeedForwardConfig()
  /// How a token's place is known.
  public var positions = PositionConfig()
  /// The norms, and where they stand.
  public var norm = NormConfig()
  /// Width of the vectors of tokens, E, which a matrix then brings to C; 0 is C.
  public var embeddingWidth = 0
  /// The output matrix is the embedding.
  public var tiedEmbeddings = true
  /// Added to the variance in norms.
  public var normEpsilon = 1e-5
  /// Share of elements dropped after embedding, attention and feed-forward, in training only.
  public var dropout = 0.0
  /// Standard deviation of the initial weights.
  public var initialDeviation = 0.02
  /// Of the output matrices of attention and of the feed-forward layers.
  public var residualInitialization = ResidualInitialization.scaled

  public init() {}

  /// No size of a model is larger, so that products of two cannot overflow.
  static let largestSize = 1 << 24
  /// The most trained numbers that a shape may have.
  static let mostParameters = 1e15

  /// Width of a head, D.
  public var headWidth: Int { attention.headWidth > 0 ? attention.headWidth : width / max(attention.heads, 1) }
  /// Places of a head that rotary positions turn, an even number.
  public var rotaryWidth: Int { Int(Double(headWidth) * positions.rotaryShare) }
  /// Width of the vectors of tokens, E.
  public var tokenWidth: Int { embeddingWidth > 0 ? embeddingWidth : width }
  /// The parts of the model: those of its family, as the config changes them.
  public var architecture: Architecture { family.form.architecture(self).changed(by: self) }
  /// Positions that a text can have at most: learned ones end with their table; nil for others, which go on.
  public var positionLimit: Int? { architecture.positions == .learned ? contextLength : nil }

  public func issues() -> [ConfigIssue] {
    // What follows multiplies.
    let tooLarge = sizeIssues()
    if !tooLarge.isEmpty { return tooLarge }
    var issues: [ConfigIssue] = []
    if vocabularySize < 0 { issues.append(ConfigIssue("vocabularySize", "\(vocabularySize) is negative")) }
    if embeddingWidth < 0 { issues.append(ConfigIssue("embeddingWidth", "\(embeddingWidth) is negative")) }
    for (field, value) in [
      ("contextLength", contextLength), ("width", width), ("layers", layers), ("feedForwardWidth", feedForwardWidth),
    ] where value <= 0 {
      issues.append(ConfigIssue(field, "\(value) is not positive"))
    }
    issues += attention.issues().under("attention") + positions.issues().under("positions") + headIssues()
    if let layer = attention.fullLayers.first(where: { $0 >= layers }) {
      issues.append(ConfigIssue("attention.fullLayers", "there is no layer \(layer); the last is \(layers - 1)"))
    }
    if !(0..<1).contains(dropout) { issues.append(ConfigIssue("dropout", "\(dropout) is outside [0, 1)")) }
    if !(normEpsilon > 0) { issues.append(ConfigIssue("normEpsilon", "\(normEpsilon) is not positive")) }
    if !(initialDeviation >= 0) { issues.append(ConfigIssue("initialDeviation", "\(initialDeviation) is negative")) }
    let parameters = approximateParameters
    if issues.isEmpty, parameters > ModelConfig.mostParameters {
      let count = String(format: "%.3g parameters, more than %.0g", parameters, ModelConfig.mostParameters)
      let shape = "\(layers) of width \(width) and feedForwardWidth \(feedForwardWidth)"
      issues.append(ConfigIssue("layers", "\(shape) are \(count)"))
    }
    return issues.isEmpty ? family.form.issues(self) : issues
  }

  private func headIssues() -> [ConfigIssue] {
    var issues: [ConfigIssue] = []
    if attention.headWidth == 0, attention.heads > 0, !width.isMultiple(of: attention.heads) {
      issues.append(
        ConfigIssue(
          "width", "\(width) is not a multiple of attention.heads \(attention.heads); set attention.headWidth"))
    }
    guard architecture.positions == .rotary else { return issues }
    if headWidth % 2 != 0 {
      issues.append(ConfigIssue("attention.headWidth", "\(headWidth) is odd; rotary positions turn pairs"))
    }
    if headWidth % 2 == 0, rotaryWidth % 2 != 0 || rotaryWidth == 0 {
      issues.append(
        ConfigIssue(
          "positions.rotaryShare", "\(rotaryWidth) of \(headWidth) places is not an even number; pairs are turned"))
    }
    return issues
  }

  private func sizeIssues() -> [ConfigIssue] {
    let limit = ModelConfig.largestSize
    let sizes = [
      ("vocabularySize", vocabularySize, Int(Int32.max)),  // ids are stored in 32 bits
      ("contextLength", contextLength, limit), ("width", width, limit), ("layers", layers, limit),
      ("feedForwardWidth", feedForwardWidth, limit), ("attention.heads", attention.heads, limit),
      ("attention.keyValueHeads", attention.keyValueHeads, limit), ("attention.headWidth", attention.headWidth, limit),
      ("attention.window", attention.window, limit), ("embeddingWidth", embeddingWidth, limit),
      ("positions.scaling.originalContextLength", positions.scaling.originalContextLength, limit),
    ]
    return sizes.compactMap { field, value, limit in
      value > limit ? ConfigIssue(field, "\(value) is more than \(limit)") : nil
    }
  }

  /// `parameterCount` without biases and norms, for sizes whose count no integer holds.
  private var approximateParameters: Double {
    let heads = Double(2 * (attention.heads + attention.keyValueHeads)) * Double(headWidth)
    let feedForward = (architecture.feedForward == .gated ? 3 : 2) * Double(feedForwardWidth)
    return Double(width) * Double(layers) * (heads + feedForward) + Double(tokenWidth) * tokenRows
  }

  /// Vectors that are looked up, and those that score.
  private var tokenRows: Double {
    let learned = architecture.positions == .learned ? contextLength + architecture.positionOffset : 0
    return Double(vocabularySize) * (tiedEmbeddings ? 1 : 2) + Double(learned)
  }

  /// Trained numbers, from the shape alone.
  public var parameterCount: Int {
    let parts = architecture
    let (heads, keyValues) = (attention.heads * headWidth, attention.keyValueHeads * headWidth)
    let norm = parts.norm == .layer ? 2 * width : width
    let matrices = width * (heads + 2 * keyValues) + heads * width
    var perLayer = matrices + (parts.feedForward == .gated ? 3 : 2) * width * feedForwardWidth
    if parts.attentionBias != .none { perLayer += heads + 2 * keyValues }
    if parts.attentionBias == .all { perLayer += width }
    if parts.headNorm == .rootMeanSquare { perLayer += 2 * headWidth }
    if parts.feedForwardBias { perLayer += (parts.feedForward == .gated ? 2 : 1) * feedForwardWidth + width }
    perLayer += norm * (parts.placement == .around ? 4 : parts.placement == .shared ? 1 : 2)
    var rest = (parts.finalNorm ? norm : 0) + vocabularySize * tokenWidth * (tiedEmbeddings ? 1 : 2)
    if parts.embeddingNorm { rest += parts.norm == .layer ? 2 * tokenWidth : tokenWidth }
    if parts.positions == .learned { rest += (contextLength + parts.positionOffset) * width }
    if parts.outputBias { rest += vocabularySize }
    if tokenWidth != width { rest += 2 * tokenWidth * width }
    return layers * perLayer + rest
  }

  /// Floating-point operations of one training token: 6 for each weight of a product and 12·L·C·T for attention
  /// (Chowdhery et al. 2022, arXiv:2204.02311, appendix B). An embedding that is only looked up costs nothing.
  public var trainingOperationsPerToken: Double {
    let learned = architecture.positions == .learned ? (contextLength + architecture.positionOffset) * width : 0
    let lookedUp = (tiedEmbeddings ? 0 : vocabularySize * tokenWidth) + learned
    let seen = (0..<layers).reduce(0) { $0 + min(attention.window(layer: $1) ?? contextLength, contextLength) }
    return 6 * Double(parameterCount - lookedUp) + 12 * Double(attention.heads * headWidth) * Double(seen)
  }

  /// Floating-point operations of the forward pass of one token, a third of those of training: two for each weight of a
  /// product, and attention over a whole context.
  public var inferenceOperationsPerToken: Double { trainingOperationsPerToken / 3 }
}
