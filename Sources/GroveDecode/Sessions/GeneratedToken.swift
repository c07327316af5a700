/// A token that a model has continued a text with.
public struct GeneratedToken: Sendable, Equatable {
  /// In 0..<V.
  public let id: Int
  /// The natural log of the token's probability under the model alone, whatever the sampler made of it.
  public let logProbability: Double

  /// A token with its log-probability in nats, at most 0.
  public init(id: Int, logProbability: Double) {
    self.id = id
    self.logProbability = logProbability
  }
}

/// Why a text is at its end. Raw values are what `--json` writes.
public enum FinishReason: String, Codable, Sendable, CaseIterable {
  /// The model chose a stop token. It is not part of the text.
  case stopToken
  /// The text came to a stop string. It is not part of the text.
  case stopString
  /// As many tokens as were asked for.
  case maximumTokens
  /// Prompt and text fill the context.
  case contextFull
}
