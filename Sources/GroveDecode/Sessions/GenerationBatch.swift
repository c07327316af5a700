/// Several texts that go on side by side, each with its own prompt, sampler, key and limits.
///
/// A text does not depend on the others: it is what its session gives alone.
public struct GenerationBatch {
  /// The texts, in their order.
  public let sessions: [GenerationSession]

  /// Texts of any lengths, not necessarily of one model.
  public init(_ sessions: [GenerationSession]) { self.sessions = sessions }

  /// The next token of each text, nil where one has ended; nil when all have.
  /// - Throws: as `GenerationSession.next()`.
  /// - Complexity: one forward pass for each text that goes on.
  public func next() throws -> [GeneratedToken?]? {
    var tokens: [GeneratedToken?] = []
    for session in sessions { tokens.append(try session.next()) }
    return tokens.contains { $0 != nil } ? tokens : nil
  }
}
