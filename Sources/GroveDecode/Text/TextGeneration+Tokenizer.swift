public import GroveCore
public import GroveModel
public import GroveTokenizer

extension TextGeneration {
  /// A text that goes on after a prompt, as a document of the training data would: after what its tokenizer puts in front
  /// of texts, or after an end-of-text where that is nothing.
  /// - Parameters:
  ///   - endOfText: ends the text, and may stand before the prompt.
  ///   - maximumTokens: the text ends earlier where the model's context does.
  ///   - stops: strings that end the text.
  public convenience init(
    _ model: any LanguageModel, _ tokenizer: Tokenizer, endOfText: Int, prompt: String, sampler: Sampler,
    random: RandomKey, maximumTokens: Int, stops: [String]
  ) throws {
    try self.init(
      ModelScorer(model), tokenizer, endOfText: endOfText, prompt: prompt, sampler: sampler, random: random,
      maximumTokens: maximumTokens, stops: stops)
  }

  /// As for a model, for all that scores tokens.
  public convenience init(
    _ scorer: any NextTokenScorer, _ tokenizer: Tokenizer, endOfText: Int, prompt: String, sampler: Sampler,
    random: RandomKey, maximumTokens: Int, stops: [String]
  ) throws {
    var encoder = tokenizer.encoder(specialTokens: .recognizing, malformed: .replacing)
    let start = tokenizer.startTokens.map { Int($0) }
    let session = try GenerationSession(
      scorer, prompt: (start.isEmpty ? [endOfText] : start) + encoder.encode(prompt).map { Int($0) },
      sampler: sampler, random: random,
      limits: GenerationLimits(
        maximumTokens: maximumTokens, context: scorer.contextLength, stopTokens: [endOfText]))
    try self.init(session, stops: stops) { id in
      tokenizer.isSpecial(UInt32(id)) ? [] : tokenizer.bytes(of: UInt32(id)).map { Array($0) } ?? []
    }
  }
}
