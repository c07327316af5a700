import GroveCore

/// What one process measured while it generated: Grove's or a peer's, in the same JSON.
public struct DecodingMeasurement: Codable, Equatable, Sendable {
  /// "grove 0.1.0, libtorch 2.13.0", "transformers 5.23.0", "llama.cpp 0.3.16".
  public var engine: String
  /// Of the weights, as the engine calls it.
  public var precision: String
  /// Trained numbers, those of tied matrices once.
  public var parameters: Int
  public var threads: Int
  /// Texts side by side.
  public var batchSize: Int
  /// Of each text.
  public var promptTokens: Int
  /// Of each text.
  public var newTokens: Int
  /// From the model's files to weights in the precision that is measured; for Grove libtorch is loaded on the way.
  public var readySeconds: Double
  /// Until every text had its first new token.
  public var firstTokenSeconds: Double
  /// For all the others.
  public var restSeconds: Double
  /// The new tokens of the first text.
  public var ids: [Int]
  /// The most memory that the process ever held, code and libraries included.
  public var peakResidentBytes: Int
  /// Tensor memory asked for at a token after the first; nil where the engine does not count it.
  public var allocationsPerToken: Double?
  /// Of those of all tokens, the ones that went to the system; nil where the engine does not count them.
  public var systemAllocations: Int?

  /// New tokens a second after the first one, of all texts together.
  public var tokensPerSecond: Double { Double(batchSize * (newTokens - 1)) / restSeconds }

  /// Checks that a peer was asked for the same.
  /// - Throws: `GroveError` with code `.mismatch`.
  public func requireSameWork(as peer: DecodingMeasurement) throws {
    func numbers(_ of: DecodingMeasurement) -> [Int] {
      [of.parameters, of.threads, of.batchSize, of.promptTokens, of.newTokens, of.ids.count]
    }
    guard numbers(peer) == numbers(self) else {
      throw GroveError(
        .mismatch, peer.engine,
        "parameters, threads, texts, prompt and new tokens are \(numbers(peer)), those of \(engine) \(numbers(self))")
    }
  }

  /// New tokens at the beginning of the first text that a peer has too. With random weights the scores are close to
  /// each other, so that rounding decides sooner or later; and from there on the texts have nothing in common.
  public func commonTokens(with peer: DecodingMeasurement) -> Int { zip(ids, peer.ids).prefix { $0 == $1 }.count }
}
