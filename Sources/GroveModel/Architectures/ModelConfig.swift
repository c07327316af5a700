import Foundation
public import GroveCore

/// The shape of a decoder and how it is initialised.
public struct ModelConfig: Config {
  /// The architectures that Grove knows, named as Hugging Face's `model_type`.
  public enum Family: String, Codable, Sendable, CaseIterable {
    /// RMSNorm, rotary positions, SwiGLU, grouped queries, no biases (Touvron et al. 2023, arXiv:2302.13971).
    case llama
    /// LayerNorm, learned positions, GELU, biases (Radford et al. 2019).
    case gpt2
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
  /// The output matrix is the embedding.
  public var tiedEmbeddings = true
  /// Added to the variance in norms.
  public var normEpsilon = 1e-5
  /// Longest wavelength of the rotary positions, over 2π. Not used by gpt2.
  public var rotaryBase = 10_000.0
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

  public func issues() -> [ConfigIssue] {
    // What follows multiplies.
    let tooLarge = sizeIssues()
    if !tooLarge.isEmpty { return tooLarge }
    var issues: [ConfigIssue] = []
    func positive(_ field: String, _ value: Int) {
      if value <= 0 { issues.append(ConfigIssue(field, "\(value) is not positive")) }
    }
    if vocabularySize < 0 { issues.append(ConfigIssue("vocabularySize", "\(vocabularySize) is negative")) }
    positive("contextLength", contextLength)
    positive("width", width)
    positive("layers", layers)
    positive("feedForwardWidth", feedForwardWidth)
    issues += attention.issues().under("attention")
    if attention.headWidth == 0, attention.heads > 0, !width.isMultiple(of: attention.heads) {
      issues.append(
        ConfigIssue(
          "width", "\(width) is not a multiple of attention.heads \(attention.heads); set attention.headWidth"))
    }
    if family == .llama, headWidth % 2 != 0 {
      issues.append(ConfigIssue("attention.headWidth", "\(headWidth) is odd; rotary positions turn pairs"))
    }
    if family == .gpt2, attention.keyValueHeads != attention.heads {
      issues.append(ConfigIssue("attention.keyValueHeads", "gpt2 has as many as heads, \(attention.heads)"))
    }
    if family == .gpt2, headWidth * attention.heads != width {
      issues.append(ConfigIssue("attention.headWidth", "gpt2 needs heads · headWidth = width \(width)"))
    }
    if !(0..<1).contains(dropout) { issues.append(ConfigIssue("dropout", "\(dropout) is outside [0, 1)")) }
    if !(normEpsilon > 0) { issues.append(ConfigIssue("normEpsilon", "\(normEpsilon) is not positive")) }
    if !(rotaryBase > 0) { issues.append(ConfigIssue("rotaryBase", "\(rotaryBase) is not positive")) }
    if !(initialDeviation >= 0) { issues.append(ConfigIssue("initialDeviation", "\(initialDeviation) is negative")) }
    let parameters = approximateParameters
    if issues.isEmpty, parameters > ModelConfig.mostParameters {
      let count = String(format: "%.3g parameters, more than %.0g", parameters, ModelConfig.mostParameters)
      let shape = "\(layers) of width \(width) and feedForwardWidth \(feedForwardWidth)"
      issues.append(ConfigIssue("layers", "\(shape) are \(count)"))
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
    ]
    return sizes.compactMap { field, value, limit in
      value > limit ? ConfigIssue(field, "\(value) is more than \(limit)") : nil
    }
  }

  /// `parameterCount` without biases and norms, for sizes whose count no integer holds.
  private var approximateParameters: Double {
    let heads = Double(2 * (attention.heads + attention.keyValueHeads)) * Double(headWidth)
    let feedForward = (family == .llama ? 3 : 2) * Double(feedForwardWidth)
    let embeddings = Double(vocabularySize) * (tiedEmbeddings ? 1 : 2) + Double(family == .gpt2 ? contextLength : 0)
    return Double(width) * (Double(layers) * (heads + feedForward) + embeddings)
  }

  /// Trained numbers, from the shape alone.
  public var parameterCount: Int {
    let heads = attention.heads * headWidth
    let keyValues = attention.keyValueHeads * headWidth
    let matrices = width * (heads + 2 * keyValues) + heads * width
    let perLayer: Int
    let rest: Int
    switch family {
    case .llama:
      perLayer = matrices + 3 * width * feedForwardWidth + 2 * width
      rest = width
    case .gpt2:
      perLayer = matrices + 3 * width + width + 2 * width * feedForwardWidth + feedForwardWidth + width + 4 * width
      rest = 2 * width + contextLength * width
    }
    return layers * perLayer + rest + vocabularySize * width * (tiedEmbeddings ? 1 : 2)
  }

  /// Floating-point operations of one training token: 6 for each weight of a product and 12·L·C·T for attention
  /// (Chowdhery et al. 2022, arXiv:2204.02311, appendix B). An embedding that is only looked up costs nothing.
  public var trainingOperationsPerToken: Double {
    let lookedUp = (tiedEmbeddings ? 0 : vocabularySize * width) + (family == .gpt2 ? contextLength * width : 0)
    return 6 * Double(parameterCount - lookedUp)
      + 12 * Double(layers * attention.heads * headWidth) * Double(contextLength)
  }

  /// Floating-point operations of the forward pass of one token, a third of those of training: two for each weight of a
  /// product, and attention over a whole context.
  public var inferenceOperationsPerToken: Double { trainingOperationsPerToken / 3 }
}

/// The heads of attention.
public struct AttentionConfig: Config {
  /// Query heads per layer, H. Must be a multiple of `keyValueHeads`.
  public var heads = 6
  /// Key/value heads, G, each shared by `heads / keyValueHeads` query heads (Ainslie et al. 2023, arXiv:2305.13245).
  public var keyValueHeads = 6
  /// Width of a head, D; 0 is width / heads.
  public var headWidth = 0

  public init() {}

  public func issues() -> [ConfigIssue] {
    var issues: [ConfigIssue] = []
    if !(keyValueHeads > 0 && heads > 0 && heads.isMultiple(of: max(keyValueHeads, 1))) {
      issues.append(ConfigIssue("heads", "\(heads) is not a positive multiple of keyValueHeads \(keyValueHeads)"))
    }
    if headWidth < 0 { issues.append(ConfigIssue("headWidth", "\(headWidth) is negative")) }
    return issues
  }
}
