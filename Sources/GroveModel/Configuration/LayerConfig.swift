public import GroveCore

/// The norms of a model, and where they stand.
public struct NormConfig: Config {
  /// The arithmetic of a norm.
  public enum Kind: String, Codable, Sendable, CaseIterable {
    /// As the family has it.
    case family
    /// Ba, Kiros, Hinton 2016 (arXiv:1607.06450), with gain and bias.
    case layer
    /// Zhang and Sennrich 2019 (arXiv:1910.07467).
    case rootMeanSquare
    /// The same with a gain of 1 + weight (Gemma).
    case rootMeanSquareFromOne
  }
  /// Where norms stand: x is the residual stream, f attention or a feed-forward layer.
  public enum Placement: String, Codable, Sendable, CaseIterable {
    case family
    /// x + f(norm(x)) (Xiong et al. 2020, arXiv:2002.04745).
    case before
    /// norm(x + f(x)) (Vaswani et al. 2017, arXiv:1706.03762).
    case after
    /// x + norm(f(norm(x))) (Gemma 2 and 3).
    case around
    /// x + attention(norm(x)) + feedForward(norm'(x)): both read the same stream (GPT-J, GPT-NeoX).
    case parallel
    /// The same with one norm for both (Phi).
    case shared
    /// norm(α·x + f(x)) with α = (2L)^¼: DeepNorm of a decoder or an encoder alone (Wang et al. 2022, arXiv:2203.00555, §4).
    case deep
    /// x + f(norm(x)) with a second norm inside f, before its output matrix: Sub-LN (Wang et al. 2022, arXiv:2210.06423, §2).
    case within
  }

  public var kind = Kind.family
  public var placement = Placement.family
  /// Whether the token embeddings are normed (BLOOM; Le Scao et al. 2022, arXiv:2211.05100, §3.4).
  public var embedding = Presence.family
  /// With norms before each part: what the part is added to is the normed stream, not the stream itself.
  public var addsToNormed = false

  public init() {}

  public func issues() -> [ConfigIssue] { [] }
}

/// Whether a part is there.
public enum Presence: String, Codable, Sendable, CaseIterable {
  /// As the family has it.
  case family
  case yes
  case no

  func or(_ family: Bool) -> Bool { self == .family ? family : self == .yes }
}

/// The feed-forward layers.
public struct FeedForwardConfig: Config {
  /// Whether there is a gate.
  public enum Form: String, Codable, Sendable, CaseIterable {
    /// As the family has it.
    case family
    /// down(activation(up(x)))
    case plain
    /// down(activation(gate(x)) · up(x)) (Shazeer 2020, arXiv:2002.05202).
    case gated
  }
  /// What bends the hidden values, or those of the gate.
  public enum Activation: String, Codable, Sendable, CaseIterable {
    case family
    /// Hendrycks and Gimpel 2016 (arXiv:1606.08415), by erf.
    case gelu
    /// Its approximation by tanh.
    case geluTanh
    case relu
    /// x·σ(x); in a gated layer, SwiGLU.
    case silu
  }

  public var form = Form.family
  public var activation = Activation.family
  public var bias = Presence.family

  public init() {}

  public func issues() -> [ConfigIssue] { [] }
}
