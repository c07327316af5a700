public import GroveCore
public import GroveModel

/// Texts that a model, or a mixture of models, continues side by side, from prompts of one length: `next()` gives each its
/// next token.
///
/// Keys and values of the texts are kept in memory that is taken once, so that a token costs one position. Every text has
/// the tokens that it would have alone, but where two scores are equal to the last digits; one that is at its end costs
/// as much as before until all are.
public final class GenerationBatch {
  /// Why a text is at its end; nil while it is not.
  public private(set) var finishes: [FinishReason?]
  /// How often all texts have gone on.
  private var tokenCount = 0
  private let scorer: any NextTokenScorer
  private let limits: GenerationLimits
  private let promptCount: Int
  private var choosers: [TokenChooser]
  /// Tokens of each text that the model has not seen yet, as many for each.
  private var unread: [[Int]]

  /// Checks the request and takes the memory of the cache.
  /// - Parameters:
  ///   - model: prepared, and used by this thread alone.
  ///   - prompts: of one length, each with at least one token, for example end-of-text.
  ///   - randoms: a key for each text.
  /// - Throws: `GroveError` with code `.argument` for a prompt or limits that cannot be; `TorchError` without memory.
  public convenience init(
    _ model: any LanguageModel, prompts: [[Int]], sampler: Sampler, randoms: [RandomKey], limits: GenerationLimits
  ) throws {
    try self.init(ModelScorer(model), prompts: prompts, sampler: sampler, randoms: randoms, limits: limits)
  }

  /// As for a model, for all that scores tokens.
  /// - Parameter scorer: begins anew; nobody else feeds it until these texts are at their end.
  public init(
    _ scorer: any NextTokenScorer, prompts: [[Int]], sampler: Sampler, randoms: [RandomKey], limits: GenerationLimits
  ) throws {
    precondition(prompts.count == randoms.count && !prompts.isEmpty, "\(prompts.count) prompts, \(randoms.count) keys")
    try limits.check(prompts, scorer)
    self.scorer = scorer
    self.limits = limits
    promptCount = prompts[0].count
    try scorer.begin(texts: prompts.count, capacity: limits.capacity(afterPrompt: promptCount))
    choosers = zip(prompts, randoms).map { prompt, random in
      var chooser = TokenChooser(sampler, random: random)
      chooser.note(prompt)
      return chooser
    }
    finishes = prompts.map { _ in nil }
    unread = prompts
  }

  /// Whether every text is at its end.
  public var isFinished: Bool { finishes.allSatisfy { $0 != nil } }

  /// The next token of each text; nil for one that is at its end.
  /// - Throws: `TorchError` if a forward pass fails; `GroveError` if its scores are not numbers.
  /// - Complexity: one forward pass over one position of each; the first call reads the prompts.
  public func next() throws -> [GeneratedToken?] {
    let position = promptCount + tokenCount
    if tokenCount >= limits.maximumTokens { endAll(.maximumTokens) }
    if position >= limits.context { endAll(.contextFull) }
    if isFinished { return finishes.map { _ in nil } }
    let logits = try scorer.read(unread, portion: limits.prefill)
    let vocabulary = logits.size(1)
    let tokens = try logits.withBytes { bytes in
      let scores = bytes.assumingMemoryBound(to: Float.self)
      return try choosers.indices.map { text in
        let row = UnsafeBufferPointer(rebasing: scores[text * vocabulary..<(text + 1) * vocabulary])
        return try next(of: text, row, at: position)
      }
    }
    tokenCount += 1
    return tokens
  }

  /// Ends a text for a reason that the batch does not see, a stop string.
  func end(_ text: Int, _ reason: FinishReason) { finishes[text] = finishes[text] ?? reason }

  private func endAll(_ reason: FinishReason) { for text in finishes.indices { end(text, reason) } }

  private func next(
    of text: Int, _ scores: UnsafeBufferPointer<Float>, at position: Int
  ) throws -> GeneratedToken? {
    // A text that is at its end repeats its last token, which nobody reads.
    unread[text] = [unread[text][unread[text].count - 1]]
    if finishes[text] != nil { return nil }
    let token = try choosers[text].choose(scores, at: position)
    if limits.stopTokens.contains(token.id) {
      finishes[text] = .stopToken
      return nil
    }
    unread[text] = [token.id]
    choosers[text].note(unread[text])
    return token
  }
}
