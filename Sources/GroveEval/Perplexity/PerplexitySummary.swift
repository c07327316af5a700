public import GroveCore

/// Document losses put together, per domain and over all.
public struct PerplexitySummary: Sendable {
  /// The documents of one domain together.
  public struct Row: Sendable {
    public let domain: String
    public let documents: Int
    /// Of all documents together: Σ nats / Σ bytes / ln 2.
    public let bitsPerByte: Double
    /// Of the bits per byte: 95%, percentile bootstrap over documents.
    public let interval: Interval
    public let natsPerToken: Double
  }

  /// By name.
  public let domains: [Row]
  /// Over all documents.
  public let all: Row
  /// Every domain counts the same.
  public var meanOverDomains: Double { domains.reduce(0) { $0 + $1.bitsPerByte } / Double(domains.count) }

  /// - Parameter random: of the bootstrap; the same key gives the same intervals.
  /// - Throws: `GroveError` if there is no document, or one without bytes.
  public init(_ losses: [DocumentLoss], random: RandomKey) throws {
    let groups = Dictionary(grouping: losses, by: \.domain).sorted { $0.key < $1.key }
    domains = try groups.map { try PerplexitySummary.row($0.key, $0.value, random.split($0.key)) }
    all = try PerplexitySummary.row("all", losses, random.split("all"))
  }

  private static func row(_ name: String, _ losses: [DocumentLoss], _ random: RandomKey) throws -> Row {
    let interval = try Bootstrap(key: random).bitsPerByte(nats: losses.map(\.nats), bytes: losses.map(\.bytes))
    let nats = losses.reduce(0) { $0 + $1.nats }
    let tokens = losses.reduce(0) { $0 + $1.tokens }
    return Row(
      domain: name, documents: losses.count, bitsPerByte: interval.estimate, interval: interval,
      natsPerToken: nats / Double(max(tokens, 1)))
  }
}
