public import GroveCore

/// Document losses put together, per domain and over all.
public struct PerplexitySummary: Sendable {
  /// The documents of one domain together.
  public struct Row: Sendable {
    public let domain: String
    public let documents: Int
    /// Of all documents together: Σ nats / Σ bytes / ln 2.
    public let bitsPerByte: Double
    /// 95%, percentile bootstrap over documents.
    public let interval: ClosedRange<Double>
    public let natsPerToken: Double
  }

  /// By name.
  public let domains: [Row]
  /// Over all documents.
  public let all: Row
  /// Every domain counts the same.
  public var meanOverDomains: Double { domains.reduce(0) { $0 + $1.bitsPerByte } / Double(domains.count) }

  /// - Parameter random: of the bootstrap; the same key gives the same intervals.
  public init(_ losses: [DocumentLoss], random: RandomKey) {
    let groups = Dictionary(grouping: losses, by: \.domain).sorted { $0.key < $1.key }
    domains = groups.map { PerplexitySummary.row($0.key, $0.value, random.split($0.key)) }
    all = PerplexitySummary.row("all", losses, random.split("all"))
  }

  private static func row(_ name: String, _ losses: [DocumentLoss], _ random: RandomKey) -> Row {
    let nats = losses.reduce(0) { $0 + $1.nats }
    let tokens = losses.reduce(0) { $0 + $1.tokens }
    let bits = ratio(losses[...])
    var generator = random.generator()
    let samples = (0..<1000).map { _ in
      ratio((0..<losses.count).map { _ in losses[Int(generator.next() % UInt64(losses.count))] }[...])
    }.sorted()
    let interval = samples.isEmpty || losses.isEmpty ? bits...bits : samples[24]...samples[975]
    return Row(
      domain: name, documents: losses.count, bitsPerByte: bits, interval: interval,
      natsPerToken: nats / Double(max(tokens, 1)))
  }

  private static func ratio(_ losses: ArraySlice<DocumentLoss>) -> Double {
    let nats = losses.reduce(0) { $0 + $1.nats }
    let bytes = losses.reduce(0) { $0 + $1.bytes }
    return nats / (Double(bytes) * 0.693_147_180_559_945_3)
  }
}
