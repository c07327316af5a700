/// Some positions of a document that a model reads at once: inputs `start..<start + count` of the end-of-text and the
/// document's tokens.
public struct EvaluationWindow: Equatable, Sendable {
  /// Its place among the documents.
  public let document: Int
  /// The first input: 0 is the end-of-text, i the document's token i − 1.
  public let start: Int
  /// Inputs, T.
  public let count: Int
  /// Positions before it were scored by the window before.
  public let firstScored: Int

  /// The document's tokens that the window scores, at positions `firstScored..<count`.
  public var scored: Range<Int> { start + firstScored..<start + count }

  /// The window without what comes after a token: what is left has the same scores, since no token sees a later one.
  /// - Precondition: `end` is above the first scored token, and no further than the window.
  public func ending(before end: Int) -> EvaluationWindow {
    precondition(end > scored.lowerBound && end <= scored.upperBound, "\(end) is not an end of \(scored)")
    return EvaluationWindow(document: document, start: start, count: end - start, firstScored: firstScored)
  }
}
