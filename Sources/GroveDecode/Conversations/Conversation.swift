import Foundation
public import GroveCore
public import GroveTokenizer

/// A conversation with a model, in the words of its chat template. Keys and values stay from turn to turn, so that a turn
/// costs its own tokens only.
///
/// A turn goes on from the very tokens that were generated, as long as the template writes an answer as it was given and
/// marks its end by a special token; otherwise the conversation is read anew. Either way an answer is what the model says to
/// the whole conversation.
///
/// ```swift
/// let conversation = try Conversation(ModelScorer(model), tokenizer, settings)
/// let answer = try conversation.answer(to: "Hello!") { show($0) }
/// ```
public final class Conversation {
  /// How answers are made.
  public struct Settings: Sendable {
    public var sampler: Sampler
    /// The key of the draws.
    public var random: RandomKey
    /// Tokens of an answer at most; nil for as many as the context has.
    public var maximumTokens: Int?
    /// Positions of the whole conversation.
    public var context: Int
    /// Strings that end an answer.
    public var stops: [String] = []
    /// Ids that end an answer, besides the one that the template puts behind answers and the tokenizer's end.
    public var stopTokens: Set<Int> = []
    /// What the template may name besides the messages.
    public var variables: [(key: String, value: JSONValue)] = []
    /// What the template takes for today.
    public var date: TemplateDate

    /// Settings without stop strings or variables.
    public init(sampler: Sampler, random: RandomKey, maximumTokens: Int?, context: Int, date: TemplateDate) {
      (self.sampler, self.random, self.maximumTokens) = (sampler, random, maximumTokens)
      (self.context, self.date) = (context, date)
    }
  }

  /// What the model said.
  public struct Answer: Sendable, Equatable {
    public let text: String
    public let finish: FinishReason
    /// Tokens of the answer.
    public let tokenCount: Int
    /// Tokens of the conversation before the answer.
    public let promptCount: Int
    /// Positions that were computed for this turn, of prompt and answer.
    public let computedCount: Int
  }

  /// Everything that was said so far.
  public private(set) var messages: [ChatMessage]
  /// Ids that end an answer.
  public let stopTokens: Set<Int>
  private let tokenizer: Tokenizer
  private let settings: Settings
  private let scorer: KeptScorer
  private var encoder: TokenEncoder
  /// The text and the tokens up to the end of the last answer, where the next turn can go on from them.
  private var past: (text: String, tokens: [Int])?

  /// Begins a conversation, or goes on with one.
  /// - Parameters:
  ///   - scorer: nobody else feeds it from then on.
  ///   - tokenizer: with a chat template.
  ///   - messages: what was said already: a system message, or a whole transcript.
  /// - Throws: `GroveError` if there is no template, if it refuses the messages, or for a context that cannot be.
  public init(
    _ scorer: any NextTokenScorer, _ tokenizer: Tokenizer, _ settings: Settings, messages: [ChatMessage] = []
  ) throws {
    let limit = scorer.positionLimit ?? .max
    guard (2...max(limit, 2)).contains(settings.context) else {
      throw GroveError(.argument, "context", "\(settings.context) is outside 2...\(limit), the positions of the model")
    }
    (self.tokenizer, self.settings, self.messages) = (tokenizer, settings, messages)
    self.scorer = KeptScorer(scorer, capacity: settings.context)
    encoder = tokenizer.encoder(specialTokens: .recognizing, malformed: .replacing)
    stopTokens = settings.stopTokens.union(try Conversation.endTokens(tokenizer, settings))
  }

  /// Says something and gives the answer, piece by piece as it is made.
  /// - Throws: `GroveError` with code `.argument` where the conversation does not fit in the context, or the errors of the
  ///   template and of the model; then nothing was said. What `show` throws ends the answer in the same way.
  /// - Complexity: a forward pass over the new tokens, and one for each token of the answer.
  public func answer(to text: String, _ show: (String) throws -> Void) throws -> Answer {
    let said = messages + [ChatMessage(role: "user", content: text)]
    let prompt = try self.prompt(said)
    let tokens = tokens(of: prompt)
    guard tokens.count < settings.context else {
      throw GroveError(
        .argument, "conversation",
        "\(tokens.count) tokens leave no room for an answer in a context of \(settings.context)",
        remedy: "Begin a new conversation, or give a longer context if the model has one.")
    }
    past = nil  // a turn that fails leaves nothing to go on from
    let computed = scorer.computedCount
    let session = try GenerationSession(
      scorer, prompt: tokens, sampler: settings.sampler, random: settings.random,
      limits: GenerationLimits(
        maximumTokens: settings.maximumTokens ?? settings.context, context: settings.context, stopTokens: stopTokens))
    let (answer, generated) = try run(session, show)
    let finish = session.finish ?? .maximumTokens
    messages = said + [ChatMessage(role: "assistant", content: answer)]
    // What a stop string took away is among the tokens, but not in the text.
    if finish != .stopString { past = (prompt + answer, tokens + generated) }
    return Answer(
      text: answer, finish: finish, tokenCount: generated.count, promptCount: tokens.count,
      computedCount: scorer.computedCount - computed)
  }

  private func run(
    _ session: GenerationSession, _ show: (String) throws -> Void
  ) throws -> (text: String, tokens: [Int]) {
    let generation = try TextGeneration(session, stops: settings.stops) { [tokenizer] id in
      tokenizer.isSpecial(UInt32(id)) ? [] : tokenizer.bytes(of: UInt32(id)).map { Array($0) } ?? []
    }
    var answer = ""
    var tokens: [Int] = []
    while let piece = try generation.next() {
      answer += piece.text
      if let token = piece.token { tokens.append(token.id) }
      if !piece.text.isEmpty { try show(piece.text) }
    }
    return (answer, tokens)
  }

  private func prompt(_ messages: [ChatMessage]) throws -> String {
    try tokenizer.prompt(
      messages: .array(messages.map(\.json)), addsGenerationPrompt: true, variables: settings.variables,
      date: settings.date)
  }

  /// The tokens of a prompt: those of the last turn and of what follows it, where it does so behind a special token.
  private func tokens(of prompt: String) -> [Int] {
    if let past, prompt.utf8.starts(with: past.text.utf8) {
      let rest = encoder.encode(String(decoding: prompt.utf8.dropFirst(past.text.utf8.count), as: UTF8.self))
      if let first = rest.first, tokenizer.isSpecial(first) { return past.tokens + rest.map { Int($0) } }
    }
    return encoder.encode(prompt).map { Int($0) }
  }

  /// The tokenizer's end, and the special token that the template writes behind an answer.
  private static func endTokens(_ tokenizer: Tokenizer, _ settings: Settings) throws -> Set<Int> {
    var ends = Set(tokenizer.roles[.ending].map { [Int($0)] } ?? [])
    let mark = "an answer"
    let messages = [ChatMessage(role: "user", content: "a question"), ChatMessage(role: "assistant", content: mark)]
    let text = try tokenizer.prompt(
      messages: .array(messages.map(\.json)), addsGenerationPrompt: false, variables: settings.variables,
      date: settings.date)
    guard let range = text.range(of: mark, options: .backwards) else { return ends }
    var encoder = tokenizer.encoder(specialTokens: .recognizing, malformed: .replacing)
    if let first = encoder.encode(String(text[range.upperBound...])).first, tokenizer.isSpecial(first) {
      ends.insert(Int(first))
    }
    return ends
  }
}
