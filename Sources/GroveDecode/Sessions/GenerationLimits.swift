import GroveCore

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

  /// Limits as given; a session checks them against its model and prompt.
  public init(maximumTokens: Int, context: Int, stopTokens: Set<Int> = [], prefill: Int = 512) {
    self.maximumTokens = maximumTokens
    self.context = context
    self.stopTokens = stopTokens
    self.prefill = prefill
  }

  /// Positions that texts need memory for, after prompts of a length.
  func capacity(afterPrompt count: Int) -> Int {
    let (wanted, overflow) = count.addingReportingOverflow(maximumTokens)
    return overflow ? context : min(wanted, context)
  }

  /// Checks a request. Several prompts are named by their place.
  func check(_ prompts: [[Int]], _ scorer: any NextTokenScorer) throws {
    let vocabulary = scorer.vocabularySize
    func refuse(_ field: String, _ problem: String, _ remedy: String = "") throws {
      throw GroveError(.argument, field, problem, remedy: remedy)
    }
    for (index, prompt) in prompts.enumerated() {
      let name = prompts.count == 1 ? "prompt" : "prompts[\(index)]"
      if prompt.isEmpty { try refuse(name, "has no token", "Begin with the end-of-text token.") }
      for (position, id) in prompt.enumerated() where !(0..<vocabulary).contains(id) {
        try refuse(name, "id \(id) at position \(position) is outside 0..<\(vocabulary)")
      }
      if prompt.count != prompts[0].count {
        try refuse(
          name, "has \(prompt.count) tokens, the first has \(prompts[0].count)",
          "The prompts of a batch have one length.")
      }
    }
    if maximumTokens < 0 { try refuse("maximumTokens", "\(maximumTokens) is negative") }
    if prefill < 1 { try refuse("prefill", "\(prefill) is not positive") }
    if let limit = scorer.positionLimit, context > limit {
      try refuse("context", "\(context) is more than the \(limit) positions of the model")
    }
    if prompts[0].count > context {
      try refuse(
        "prompt", "\(prompts[0].count) tokens do not fit in a context of \(context)",
        "Shorten the prompt, or give a longer context.")
    }
  }
}
