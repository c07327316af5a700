/// What a report says about a document that was learned from.
public struct LearnedDocument: Equatable, Sendable {
  /// Unique in the corpus.
  public var id: String
  /// As the source writes it; empty if it does not say.
  public var language: String
  /// Where the text comes from; empty if the source does not say.
  public var source: String
  /// The domain that the corpus gives: hidden from the search, compared with its result.
  public var label: String
  /// UTF-8 bytes of the text.
  public var bytes: Int
  /// How the text begins, in at most `LearnedDocument.excerptBytes`.
  public var excerpt: [UInt8]

  static let excerptBytes = 240
}
