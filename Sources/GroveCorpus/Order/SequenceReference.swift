/// One training sequence: a window of a domain's tokens.
public struct SequenceReference: Hashable, Sendable {
  /// Position of the domain in the order's (and the dataset's) domains.
  public var domain: Int
  /// The window: it begins at token `index * contextLength` of the domain.
  public var index: Int
  /// How often the order had gone through the data before: through all of it with proportional mixing, through the
  /// domain with weights.
  public var epoch: Int

  /// A reference from its parts.
  public init(domain: Int, index: Int, epoch: Int) {
    self.domain = domain
    self.index = index
    self.epoch = epoch
  }
}

/// The part of a window that comes from one document.
public struct DocumentSpan: Equatable, Sendable {
  /// The id of the document.
  public var id: String
  /// Where it stood in our files.
  public var origin: DocumentOrigin
  /// The domain of the document.
  public var domain: String
  /// Positions in the window, of which there are `contextLength + 1`.
  public var window: Range<Int>
  /// Which token of the document stands first in the span; 0 where the document begins in the window.
  public var tokenOffset: Int
}

/// A document of a dataset with its tokens, for evaluation.
public struct TokenizedDocument: Equatable, Sendable {
  /// The id of the document.
  public var id: String
  /// Where it stood in our files.
  public var origin: DocumentOrigin
  /// The domain of the document.
  public var domain: String
  /// UTF-8 bytes of the text.
  public var byteCount: Int
  /// The ids, the end of text included.
  public var tokens: [Int64]

  public init(id: String, origin: DocumentOrigin, domain: String, byteCount: Int, tokens: [Int64]) {
    self.id = id
    self.origin = origin
    self.domain = domain
    self.byteCount = byteCount
    self.tokens = tokens
  }
}
