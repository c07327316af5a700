public import GroveCore
import GroveCorpus
public import GroveDecode

/// A text that a mixture of experts continues, which names the expert behind each token.
///
/// ```swift
/// let generation = try MixtureGeneration(
///   MixtureScorer(pool, rule: rule), pool, prompt: "The", sampler: .greedy, random: key, maximumTokens: 64)
/// while let piece = try generation.next() { show(piece.text, piece.expert) }
/// ```
public final class MixtureGeneration {
  /// A token, the text that has become certain with it, and who spoke.
  public struct Piece: Equatable, Sendable {
    /// Nil for the last piece, if it is text that had been held back.
    public let token: GeneratedToken?
    /// Empty while a character or a possible stop string is incomplete.
    public let text: String
    /// The expert with the largest weight in the token's prediction.
    public let expert: String?
    /// Of each expert in the token's prediction, in the order of the pool; empty without a token.
    public let weights: [Double]
  }

  /// For each expert that led at least once, the tokens at which it did, the most first.
  public var leaders: [(expert: String, tokens: Int)] {
    led.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { ($0.key, $0.value) }
  }
  private var led: [String: Int] = [:]
  private let scorer: MixtureScorer
  private let generation: TextGeneration

  /// A text that goes on after a prompt, as a document of the training data would: after an end-of-text.
  /// - Parameters:
  ///   - scorer: a mixture of the pool's experts, which nobody else feeds meanwhile.
  ///   - maximumTokens: the text ends earlier where the shortest context of the experts does.
  ///   - stops: strings that end the text.
  /// - Throws: `GroveError` for a request that cannot be.
  public init(
    _ scorer: MixtureScorer, _ pool: ExpertPool, prompt: String, sampler: Sampler, random: RandomKey,
    maximumTokens: Int, stops: [String] = []
  ) throws {
    self.scorer = scorer
    generation = try TextGeneration(
      scorer, pool.tokenizer, endOfText: TokenizerIdentity(pool.tokenizer).endOfText, prompt: prompt, sampler: sampler,
      random: random, maximumTokens: maximumTokens, stops: stops)
  }

  /// Why the text is at its end; nil while it is not.
  public var finish: FinishReason? { generation.finish }

  /// The next piece; nil at the end. The joined texts are the text.
  /// - Throws: as `MixtureScorer.read`.
  public func next() throws -> Piece? {
    guard let piece = try generation.next() else { return nil }
    guard let token = piece.token else { return Piece(token: nil, text: piece.text, expert: nil, weights: []) }
    let expert = scorer.leader()
    led[expert, default: 0] += 1
    return Piece(token: token, text: piece.text, expert: expert, weights: scorer.weights())
  }
}
