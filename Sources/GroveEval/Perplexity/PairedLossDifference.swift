public import GroveCore

/// How much more one model pays than another for the same documents, in bits per byte; below 0 it is better.
public struct PairedLossDifference: Sendable {
  /// By domain, with a paired 95% interval over documents; none for a domain of one document.
  public let domains: [(domain: String, difference: Double, interval: Interval?)]
  /// Of the mean over the domains: documents are drawn again within their domain.
  public let mean: Interval

  /// - Parameter key: of the bootstrap; the same key gives the same intervals.
  /// - Precondition: both have the same documents in the same order, and every domain has bytes.
  /// - Throws: `GroveError` with code `.argument` without documents.
  /// - Complexity: O(resamples · documents).
  public init(
    _ losses: [DocumentLoss], minus others: [DocumentLoss], key: RandomKey = RandomKey(seed: 0)
  ) throws {
    precondition(losses.map(\.id) == others.map(\.id), "losses of other documents")
    guard !losses.isEmpty else { throw GroveError(.argument, "documents", "there is none to compare on") }
    let groups = Dictionary(grouping: losses.indices) { losses[$0].domain }.sorted { $0.key < $1.key }
    func difference(_ indices: some Sequence<Int>) -> Double {
      var (nats, bytes) = (0.0, 0)
      for index in indices {
        nats += losses[index].nats - others[index].nats
        bytes += losses[index].bytes
      }
      return DocumentLoss.bitsPerByte(nats: nats, bytes: bytes)
    }
    domains = try groups.map { domain, members in
      let interval =
        try members.count > 1
        ? Bootstrap(key: key.split(domain)).interval(count: members.count) { difference($0.map { members[$0] }) } : nil
      return (domain: domain, difference: difference(members), interval: interval)
    }
    mean = try Bootstrap(key: key).interval(strata: groups.map(\.value.count)) { draws in
      zip(groups, draws).reduce(0) { sum, entry in
        sum + difference(entry.1.lazy.map { entry.0.value[$0] })
      } / Double(groups.count)
    }
  }
}
