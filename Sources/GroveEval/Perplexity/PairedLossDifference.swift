import GroveCore

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
    // A place of the resample stays in its domain: the draw chooses among the documents of that domain.
    let places = groups.reduce(0) { $0 + $1.value.count }
    let interval = try Bootstrap(key: key).interval(count: places) { draws in
      var place = 0
      var sum = 0.0
      for (_, members) in groups {
        sum += difference((place..<place + members.count).map { members[draws[$0] * members.count / places] })
        place += members.count
      }
      return sum / Double(groups.count)
    }
    let estimate = domains.reduce(0) { $0 + $1.difference } / Double(domains.count)
    mean = Interval(estimate: estimate, lower: interval.lower, upper: interval.upper, level: interval.level)
  }
}
