import GroveCore
public import GroveEval

/// A forest in several ways of use and its contenders, on the same documents.
public struct ForestJudgement: Sendable {
  /// The ways of using the forest first, then the contenders, as they were asked for.
  public let entries: [ForestEntry]
  /// Domains that an expert was trained on; the others are out of domain.
  public let ownDomains: Set<String>
  /// Wall time of one pass of the forest, for all ways of use together.
  public let forestSeconds: Double
  /// Wall time of each contender's pass.
  public let contenderSeconds: [String: Double]

  /// Bits per byte of an entry less those of another, on the same documents.
  public struct Difference: Sendable {
    /// By domain, with a paired 95% interval over documents; none for a domain of one document.
    public let domains: [(domain: String, difference: Double, interval: Interval?)]
    /// Of the mean over the domains: documents are drawn again within their domain.
    public let mean: Interval
  }

  /// The entry of a name.
  public func entry(_ name: String) throws -> ForestEntry {
    if let entry = entries.first(where: { $0.name == name }) { return entry }
    throw GroveError(
      .argument, "against", "nothing that was judged is called '\(name)'",
      remedy: "There are: \(entries.map(\.name).joined(separator: ", ")).")
  }

  /// Mean of bits per byte over the domains inside or outside the forest; nil if there is none.
  public func mean(_ entry: ForestEntry, ownDomains isOwn: Bool) -> Double? {
    let rows = entry.summary.domains.filter { ownDomains.contains($0.domain) == isOwn }
    return rows.isEmpty ? nil : rows.reduce(0) { $0 + $1.bitsPerByte } / Double(rows.count)
  }

  /// How much an entry pays more than another; below 0 it is better.
  public func difference(_ entry: ForestEntry, to other: ForestEntry) throws -> Difference {
    precondition(entry.losses.map(\.id) == other.losses.map(\.id), "entries of other documents")
    let groups = Dictionary(grouping: entry.losses.indices) { entry.losses[$0].domain }.sorted { $0.key < $1.key }
    func difference(_ indices: some Sequence<Int>) -> Double {
      var (nats, bytes) = (0.0, 0)
      for index in indices {
        nats += entry.losses[index].nats - other.losses[index].nats
        bytes += entry.losses[index].bytes
      }
      return DocumentLoss.bitsPerByte(nats: nats, bytes: bytes)
    }
    let key = RandomKey(seed: 0)
    let domains = try groups.map { domain, members in
      let interval =
        try members.count > 1
        ? Bootstrap(key: key.split(domain)).interval(count: members.count) { difference($0.map { members[$0] }) } : nil
      return (domain: domain, difference: difference(members), interval: interval)
    }
    // A place of the resample stays in its domain: the draw chooses among the documents of that domain.
    let places = groups.flatMap { group in group.value.map { _ in group.value } }
    let mean = try Bootstrap(key: key).interval(count: places.count) { draws in
      var place = 0
      var sum = 0.0
      for (_, members) in groups {
        sum += difference(
          (place..<place + members.count).map { members[draws[$0] * members.count / places.count] })
        place += members.count
      }
      return sum / Double(groups.count)
    }
    let estimate = domains.reduce(0) { $0 + $1.difference } / Double(domains.count)
    return Difference(
      domains: domains,
      mean: Interval(estimate: estimate, lower: mean.lower, upper: mean.upper, level: mean.level))
  }
}
