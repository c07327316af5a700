public import GroveCorpus

/// What a model paid for one document.
public struct DocumentLoss: Equatable, Sendable {
  public let id: String
  /// The domain that `PerplexitySummary` counts the document to.
  public let domain: String
  /// Sum of −log p over the document's tokens and the end-of-text after it, in nats.
  public let nats: Double
  /// Tokens that were predicted, the end-of-text included.
  public let tokens: Int
  /// UTF-8 bytes of the text; the end-of-text has none.
  public let bytes: Int

  public init(id: String, domain: String, nats: Double, tokens: Int, bytes: Int) {
    self.id = id
    self.domain = domain
    self.nats = nats
    self.tokens = tokens
    self.bytes = bytes
  }

  /// What a document cost whose tokens were all scored.
  public init(_ document: TokenizedDocument, nats: Double) {
    self.init(
      id: document.id, domain: document.domain, nats: nats, tokens: document.tokens.count, bytes: document.byteCount)
  }

  /// Bits per UTF-8 byte: comparable between tokenizers.
  public var bitsPerByte: Double { DocumentLoss.bitsPerByte(nats: nats, bytes: bytes) }

  /// ln 2
  public static let natsPerBit = 0.693_147_180_559_945_3

  /// nats / bytes / ln 2; not finite without bytes.
  public static func bitsPerByte(nats: Double, bytes: Int) -> Double {
    nats / (Double(bytes) * natsPerBit)
  }
}
