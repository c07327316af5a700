/// Where a text ends, and in what portions its prompt is read.
public struct GenerationLimits: Sendable, Equatable {
  /// Tokens that are generated at most.
  public var maximumTokens: Int
  /// Positions of prompt and text together. A model with learned positions has no more than its `contextLength`; one with
  /// rotary positions goes on beyond the length that it was trained on, as well as it can.
  public var context: Int
  /// Ids that end the text, end-of-text for example. They are not part of it.
  public var stopTokens: Set<Int>
  /// Prompt positions of one forward pass. Smaller portions take less memory and more time; the scores
  /// agree to the last digits.
  public var prefill: Int

  /// Limits as given; `GenerationSession` checks them against its model and prompt.
  public init(maximumTokens: Int, context: Int, stopTokens: Set<Int> = [], prefill: Int = 512) {
    self.maximumTokens = maximumTokens
    self.context = context
    self.stopTokens = stopTokens
    self.prefill = prefill
  }
}
