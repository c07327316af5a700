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
  public typealias Difference = PairedLossDifference

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
    try PairedLossDifference(entry.losses, minus: other.losses)
  }
}
