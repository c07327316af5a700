public import GroveCore
public import GroveModel
import GroveTensor

/// One text that a model continues, token by token: `next()` gives the next one, until `finish` says why there is none.
///
/// Keys and values of the text are kept, so that a token costs one position. The text is a function of model, prompt,
/// sampler and key: a session whose prompt is another's text so far goes on as that one does.
///
/// ```swift
/// let session = try GenerationSession(model, prompt: ids, sampler: .greedy, random: key, limits: limits)
/// while let token = try session.next() { tokens.append(token.id) }
/// ```
public final class GenerationSession {
  /// Why the text is at its end; nil while it is not.
  public private(set) var finish: FinishReason?
  /// Tokens generated so far.
  public private(set) var tokenCount = 0
  private let model: any LanguageModel
  private let limits: GenerationLimits
  private let promptCount: Int
  private let cache: KeyValueCache
  private var chooser: TokenChooser
  /// Tokens of the text that the model has not seen yet.
  private var unread: [Int]

  /// Checks the request and takes the memory of the cache.
  /// - Parameters:
  ///   - model: prepared, and used by this thread alone.
  ///   - prompt: at least one token, for example end-of-text.
  ///   - random: the text's own key; give each text of a batch another one.
  /// - Throws: `GroveError` with code `.argument` for a prompt or limits that cannot be; `TorchError` without memory.
  public init(
    _ model: any LanguageModel, prompt: [Int], sampler: Sampler, random: RandomKey, limits: GenerationLimits
  ) throws {
    try GenerationSession.check(prompt, limits, model.config)
    let weight = model.outputWeight.working
    guard let precision = Precision.allCases.first(where: { $0.dtype == weight.dtype }) else {
      throw GroveError(.argument, "model", "works in \(weight.dtype)", remedy: "Prepare it in a precision of Grove's.")
    }
    self.model = model
    self.limits = limits
    promptCount = prompt.count
    let (wanted, overflow) = prompt.count.addingReportingOverflow(limits.maximumTokens)
    cache = try KeyValueCache(
      model.config, batch: 1, capacity: overflow ? limits.context : min(wanted, limits.context),
      precision: precision, device: weight.device)
    chooser = TokenChooser(sampler, random: random)
    chooser.note(prompt)
    unread = prompt
  }

  /// The next token; nil at the end of the text, and from then on.
  /// - Throws: `TorchError` if a forward pass fails; `GroveError` if its scores are not numbers.
  /// - Complexity: one forward pass over one position; the first call reads the prompt.
  public func next() throws -> GeneratedToken? {
    if finish != nil { return nil }
    let position = promptCount + tokenCount
    if tokenCount >= limits.maximumTokens {
      finish = .maximumTokens
    } else if position >= limits.context {
      finish = .contextFull
    }
    if finish != nil { return nil }
    let logits = try readOn()
    let token = try logits.withBytes { try chooser.choose($0.assumingMemoryBound(to: Float.self), at: position) }
    if limits.stopTokens.contains(token.id) {
      finish = .stopToken
      return nil
    }
    tokenCount += 1
    unread = [token.id]
    chooser.note(unread)
    return token
  }

  /// Ends the text for a reason that the session does not see, a stop string.
  func end(_ reason: FinishReason) { finish = finish ?? reason }

  /// Feeds what the model has not seen, and gives the scores of the next token: `[1, V]`, on the CPU.
  private func readOn() throws -> Tensor {
    let ids = unread.map { Int64($0) }
    let device = model.outputWeight.working.device
    return try withGradients(.off) {
      var read = 0
      while true {
        let portion = Array(ids[read..<min(read + limits.prefill, ids.count)])
        read += portion.count
        let tokens = try Tensor(portion, [1, portion.count]).moved(to: device)  // [1, T]
        let pass = ForwardPass(.inference, cache: cache)
        if read == ids.count { return try model.nextLogits(tokens, pass).moved(to: .cpu).contiguous() }
        _ = try model.hiddenStates(tokens, pass)
      }
    }
  }

  private static func check(_ prompt: [Int], _ limits: GenerationLimits, _ config: ModelConfig) throws {
    func refuse(_ field: String, _ problem: String, _ remedy: String = "") throws {
      throw GroveError(.argument, field, problem, remedy: remedy)
    }
    if prompt.isEmpty { try refuse("prompt", "has no token", "Begin with the end-of-text token.") }
    for (position, id) in prompt.enumerated() where !(0..<config.vocabularySize).contains(id) {
      try refuse("prompt", "id \(id) at position \(position) is outside 0..<\(config.vocabularySize)")
    }
    if limits.maximumTokens < 0 { try refuse("maximumTokens", "\(limits.maximumTokens) is negative") }
    if limits.prefill < 1 { try refuse("prefill", "\(limits.prefill) is not positive") }
    if config.family == .gpt2, limits.context > config.contextLength {
      try refuse("context", "\(limits.context) is more than the \(config.contextLength) positions of the model")
    }
    if prompt.count > limits.context {
      try refuse(
        "prompt", "\(prompt.count) tokens do not fit in a context of \(limits.context)",
        "Shorten the prompt, or give a longer context.")
    }
  }
}
