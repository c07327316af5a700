public import GroveCore
public import GroveModel

/// One text that a model, or a mixture of models, continues, token by token: `next()` gives the next one, until `finish` says why there is none.
///
/// Keys and values of the text are kept, so that a token costs one position. The text is a function of model, prompt,
/// sampler and key: a session whose prompt is another's text so far goes on as that one does.
///
/// ```swift
/// let session = try GenerationSession(model, prompt: ids, sampler: .greedy, random: key, limits: limits)
/// while let token = try session.next() { tokens.append(token.id) }
/// ```
public final class GenerationSession {
  private let batch: GenerationBatch

  /// Checks the request and takes the memory of the cache.
  /// - Parameters:
  ///   - model: prepared, and used by this thread alone.
  ///   - prompt: at least one token, for example end-of-text.
  ///   - random: the text's own key; give each text of a batch another one.
  /// - Throws: `GroveError` with code `.argument` for a prompt or limits that cannot be; `TorchError` without memory.
  public convenience init(
    _ model: any LanguageModel, prompt: [Int], sampler: Sampler, random: RandomKey, limits: GenerationLimits
  ) throws {
    try self.init(ModelScorer(model), prompt: prompt, sampler: sampler, random: random, limits: limits)
  }

  /// As for a model, for all that scores tokens.
  /// - Parameter scorer: begins anew; nobody else feeds it until the text is at its end.
  public init(
    _ scorer: any NextTokenScorer, prompt: [Int], sampler: Sampler, random: RandomKey, limits: GenerationLimits
  ) throws {
    batch = try GenerationBatch(scorer, prompts: [prompt], sampler: sampler, randoms: [random], limits: limits)
  }

  /// Why the text is at its end; nil while it is not.
  public var finish: FinishReason? { batch.finishes[0] }
  /// Tokens generated so far.
  public private(set) var tokenCount = 0

  /// The next token; nil at the end of the text, and from then on.
  /// - Throws: `TorchError` if a forward pass fails; `GroveError` if its scores are not numbers.
  /// - Complexity: one forward pass over one position; the first call reads the prompt.
  public func next() throws -> GeneratedToken? {
    guard let token = try batch.next()[0] else { return nil }
    tokenCount += 1
    return token
  }

  /// Ends the text for a reason that the session does not see, a stop string.
  func end(_ reason: FinishReason) { batch.end(0, reason) }
}
