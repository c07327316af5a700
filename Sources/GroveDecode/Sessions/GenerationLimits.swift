/// Where a text ends, and in what portions its prompt is read.
public struct GenerationLimits: Sendable, Equatable {
  /// Tokens that are generated at most.
  public var maximumTokens: Int
  /// Positions of prompt and text together. A model with learned positions has no more than its `contextLength`.
  public var context: Int
  /// Ids that end the text, end-of-text for example. They are not part of it.
  public var stopTokens: Set<Int>
  /// Prompt positions of one forward pass. Smaller portions take less memory and more time, and change nothing else.
  public var prefill: Int

  public init(maximumTokens: Int, context: Int, stopTokens: Set<Int> = [], prefill: Int = 512) {
    self.maximumTokens = maximumTokens
    self.context = context
    self.stopTokens = stopTokens
    self.prefill = prefill
  }
}
