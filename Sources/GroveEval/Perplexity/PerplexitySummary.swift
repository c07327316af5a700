public import GroveCore

/// Document losses put together, per domain and over all.
///
/// Documents without text have no bytes to share their loss among; they are left out.
public struct PerplexitySummary: Sendable {
  /// The documents of one domain together.
  public struct Row: Sendable {
    /// "all" in the row over all documents.
    public let domain: String
    /// How many have text; the others are left out.
    public let documents: Int
    /// Of all documents together: Σ nats / Σ bytes / ln 2.
    public let bitsPerByte: Double
    /// Of the bits per byte: 95%, percentile bootstrap over documents. Nil for a single document, which tells nothing of
    /// the spread.
    public let interval: Interval?
    /// Of all documents together: Σ nats / Σ tokens, each end-of-text included.
    public let natsPerToken: Double
  }

  /// By name.
  public let domains: [Row]
  /// Over all documents.
  public let all: Row
  /// Every domain counts the same.
  public var meanOverDomains: Double { domains.reduce(0) { $0 + $1.bitsPerByte } / Double(domains.count) }

  /// - Parameter random: of the bootstrap; the same key gives the same intervals.
  /// - Throws: `GroveError` if no document has text, or a loss is not a number.
  public init(_ losses: [DocumentLoss], random: RandomKey) throws {
    if let wrong = losses.first(where: { !$0.nats.isFinite }) {
      throw GroveError(
        .mismatch, wrong.id, "the loss of the document is \(wrong.nats)", remedy: "The model's weights are not sound.")
    }
    let losses = losses.filter { $0.bytes > 0 }
    guard !losses.isEmpty else { throw GroveError(.argument, "documents", "there is none with text") }
    let groups = Dictionary(grouping: losses, by: \.domain).sorted { $0.key < $1.key }
    domains = try groups.map { try PerplexitySummary.row($0.key, $0.value, random.split($0.key)) }
    all = try PerplexitySummary.row("all", losses, random.split("all"))
  }

  private static func row(_ name: String, _ losses: [DocumentLoss], _ random: RandomKey) throws -> Row {
    func bitsPerByte(_ indices: [Int]) -> Double {
      DocumentLoss.bitsPerByte(
        nats: indices.reduce(0) { $0 + losses[$1].nats }, bytes: indices.reduce(0) { $0 + losses[$1].bytes })
    }
    let interval = try losses.count > 1 ? Bootstrap(key: random).interval(count: losses.count, bitsPerByte) : nil
    let nats = losses.reduce(0) { $0 + $1.nats }
    let tokens = losses.reduce(0) { $0 + $1.tokens }
    return Row(
      domain: name, documents: losses.count, bitsPerByte: bitsPerByte(Array(losses.indices)), interval: interval,
      natsPerToken: nats / Double(max(tokens, 1)))
  }
}
