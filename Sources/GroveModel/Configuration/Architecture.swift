/// What a decoder is made of, with nothing left open: what its family does, as its config changes it.
public struct Architecture: Equatable, Sendable {
  public var norm: NormConfig.Kind
  public var placement: NormConfig.Placement
  public var embeddingNorm: Bool
  public var positions: PositionConfig.Kind
  /// The learned vector of position 0 is this row of its table.
  public var positionOffset: Int
  public var attentionBias: AttentionConfig.Bias
  public var headNorm: AttentionConfig.HeadNorm
  public var feedForward: FeedForwardConfig.Form
  public var activation: FeedForwardConfig.Activation
  public var feedForwardBias: Bool
  /// What the vectors of tokens are multiplied by.
  public var embeddingScale: Double
  /// Whether the scores of the tokens have a bias.
  public var outputBias: Bool
  /// Whether the stream is normed after the last block.
  public var finalNorm: Bool
  /// The stream that attention adds to is the normed one (BLOOM's `apply_residual_connection_post_layernorm`).
  public var addsToNormed: Bool

  /// Whether queries and keys are turned.
  var isRotary: Bool { positions == .rotary || positions == .xpos }
  /// Whether norms stand behind each part, which leaves nothing to norm at the end.
  var normsBehind: Bool { placement == .after || placement == .deep }

  /// The decoder of LLaMA, from which families differ.
  static let llama = Architecture(
    norm: .rootMeanSquare, placement: .before, embeddingNorm: false, positions: .rotary, positionOffset: 0,
    attentionBias: .none, headNorm: .none, feedForward: .gated, activation: .silu, feedForwardBias: false,
    embeddingScale: 1, outputBias: false, finalNorm: true, addsToNormed: false)

  /// The decoder of GPT-2, from which families differ.
  static let gpt2 = Architecture(
    norm: .layer, placement: .before, embeddingNorm: false, positions: .learned, positionOffset: 0,
    attentionBias: .all, headNorm: .none, feedForward: .plain, activation: .geluTanh, feedForwardBias: true,
    embeddingScale: 1, outputBias: false, finalNorm: true, addsToNormed: false)

  /// This one with some fields changed.
  func with(_ change: (inout Architecture) -> Void) -> Architecture {
    var copy = self
    change(&copy)
    return copy
  }

  /// This one as the choices of a config change it.
  func changed(by config: ModelConfig) -> Architecture {
    with {
      if config.norm.kind != .family { $0.norm = config.norm.kind }
      if config.norm.placement != .family {
        $0.placement = config.norm.placement
        $0.finalNorm = !$0.normsBehind
      }
      $0.embeddingNorm = config.norm.embedding.or($0.embeddingNorm)
      if config.positions.kind != .family { $0.positions = config.positions.kind }
      if config.attention.bias != .family { $0.attentionBias = config.attention.bias }
      if config.attention.headNorm != .family { $0.headNorm = config.attention.headNorm }
      if config.feedForward.form != .family { $0.feedForward = config.feedForward.form }
      if config.feedForward.activation != .family { $0.activation = config.feedForward.activation }
      $0.feedForwardBias = config.feedForward.bias.or($0.feedForwardBias)
    }
  }
}
