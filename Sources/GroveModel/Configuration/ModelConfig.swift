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
  /// How the matrices of the blocks are drawn.
  public enum Initialization: String, Codable, Sendable, CaseIterable {
    /// With `initialDeviation`.
    case normal
    /// With √(2 / (in + out)) (Glorot and Bengio 2010), times what the norms' placement derives for values, attention's output
    /// and the feed-forward layers: (8L)^−¼ where it is deep (Wang et al. 2022, arXiv:2203.00555, figure 2), √(ln 2L) where it is
    /// within (Wang et al. 2022, arXiv:2210.06423, figure 2).
    case xavier
  }
  /// How the matrices that write into the residual stream are drawn, where the others have `initialDeviation`.
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
  /// What the matrices of attention and of the feed-forward layers are made of.
  public var linear = LinearConfig()
  /// How a token's place is known.
  public var positions = PositionConfig()
  /// Branches for a few positions, in encoders.
  public var routing = RoutingConfig()
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
  /// How the matrices of the blocks start.
  public var initialization = Initialization.normal
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
  public var rotaryWidth: Int {
    // What is no share is refused elsewhere.
    (0...1).contains(positions.rotaryShare) ? Int(Double(headWidth) * positions.rotaryShare) : 0
  }
  /// Width of the vectors of tokens, E.
  public var tokenWidth: Int { embeddingWidth > 0 ? embeddingWidth : width }
  /// The parts of the model: those of its family, as the config changes them.
  public var architecture: Architecture { family.form.architecture(self).changed(by: self) }
  /// Positions that a text can have at most: learned ones end with their table; nil for others, which go on.
  public var positionLimit: Int? {
    let hasTable = attention.kind == .attentionFree && (attention.free.form == .full || attention.free.form == .local)
    if architecture.positions == .learned || hasTable { return contextLength }
    // Beyond, the decay of the shortest wavelength is no number of 32 bits.
    return architecture.positions == .xpos ? Int(64 * positions.decayLength) : nil
  }

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
    issues += linear.issues().under("linear")
    if routing.kind != .none {
      issues.append(ConfigIssue("routing.kind", "positions are chosen by the whole text; routing is for encoders"))
    }
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
    if attention.kind == .holographic {
      issues.append(ConfigIssue("attention.kind", "holographic attention sees the whole text; it is for encoders"))
    }
    if attention.pattern != .full, architecture.positions == .buckets {
      issues.append(ConfigIssue("positions.kind", "buckets are for attention of the pattern full"))
    }
    if attention.kind != .softmax, architecture.isRotary || [.alibi, .buckets].contains(architecture.positions) {
      let kind = attention.kind.rawValue
      issues.append(
        ConfigIssue(
          "positions.kind", "\(architecture.positions.rawValue) is for products of queries and keys, not \(kind)"))
    }
    guard architecture.isRotary else { return issues }
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
      ("attention.window", attention.window, limit), ("attention.block", attention.block, limit),
      ("embeddingWidth", embeddingWidth, limit), ("linear.rank", linear.rank, limit),
      ("positions.scaling.originalContextLength", positions.scaling.originalContextLength, limit),
    ]
    return sizes.compactMap { field, value, limit in
      value > limit ? ConfigIssue(field, "\(value) is more than \(limit)") : nil
    }
  }
}
