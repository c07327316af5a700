import GroveCore

/// A tree of languages by single linkage: the two nearest groups join, again and again, until one is left.
///
/// - Source: X-ELM (Blevins et al. 2024, arXiv:2401.10440) §3: cosine distances of lang2vec's syntax features. We
///   differ: features that are unknown of a language are left out of its distances.
public struct LanguageTree: Sendable {
  /// The leaves, in the order of the table.
  public let names: [String]
  /// In the order in which groups joined, the nearest first: one less than leaves.
  public let joins: [Join]
  private let distances: [[Double]]

  /// Two groups that became one.
  public struct Join: Equatable, Sendable {
    /// Leaves of the two, sorted by name.
    public var first: [String]
    public var second: [String]
    /// Cosine distance of their nearest members.
    public var distance: Double
  }

  /// How groups are cut.
  public enum Cut: String, CaseIterable, Sendable {
    /// In rounds: the nearest two groups of those that have not joined in this round join. Groups have like sizes: what
    /// X-ELM does to get 8, 4 and 2 groups of 16 languages.
    case paired
    /// The tree without its last joins. Groups have the sizes that they have.
    case tree
  }

  /// The tree of all rows of a table, or of some.
  /// - Throws: `GroveError` if a language is not in the table, or there are fewer than two.
  public init(_ table: FeatureTable, languages: [String]? = nil) throws {
    let chosen = languages ?? table.names
    guard Set(chosen).count == chosen.count, chosen.count > 1 else {
      throw GroveError(.argument, "languages", "a tree needs two different languages at least, got \(chosen)")
    }
    let rows = try chosen.map { try LanguageTree.row($0, table) }
    names = chosen
    let distances = rows.map { a in rows.map { a == $0 ? 0 : table.distance(a, $0) } }
    self.distances = distances
    var groups = chosen.indices.map { [$0] }
    var joins: [Join] = []
    while groups.count > 1 {
      let (first, second, distance) = LanguageTree.nearestPair(groups, distances)
      joins.append(
        Join(
          first: groups[first].map { chosen[$0] }.sorted(), second: groups[second].map { chosen[$0] }.sorted(),
          distance: distance))
      groups[first] += groups[second]
      groups.remove(at: second)
    }
    self.joins = joins
  }

  private static func row(_ language: String, _ table: FeatureTable) throws -> Int {
    guard let row = table.names.firstIndex(of: language) else {
      throw GroveError(
        .argument, "languages", "'\(language)' is not in the table; \(NearestName.advice(language, among: table.names))"
      )
    }
    return row
  }

  /// The languages in some groups, each sorted by name, the groups by their first.
  /// - Throws: `GroveError` with code `.argument` if there are fewer languages than groups.
  public func groups(_ count: Int, _ cut: Cut) throws -> [[String]] {
    guard 1...names.count ~= count else {
      throw GroveError(.argument, "groups", "\(count) is outside 1...\(names.count), the number of languages")
    }
    var groups = names.indices.map { [$0] }
    var isFresh = groups.map { _ in true }
    while groups.count > count {
      var open = cut == .tree ? Array(groups.indices) : groups.indices.filter { isFresh[$0] }
      if open.count < 2 {
        isFresh = groups.map { _ in true }
        open = Array(groups.indices)
      }
      let pair = LanguageTree.nearestPair(open.map { groups[$0] }, distances)
      let (first, second) = (open[pair.first], open[pair.second])
      groups[first] += groups[second]
      groups.remove(at: second)
      isFresh[first] = false
      isFresh.remove(at: second)
    }
    return groups.map { $0.map { names[$0] }.sorted() }.sorted { $0[0] < $1[0] }
  }

  /// The language of some that joins with this one first, and the distance at which it does; of those that join
  /// together the one of smallest own distance. It is the parent that a new expert begins from.
  /// - Throws: `GroveError` if a language is not in the tree, or there is no other.
  public func nearest(to language: String, among others: [String]) throws -> (name: String, distance: Double) {
    func leaf(_ name: String) throws -> Int {
      guard let index = names.firstIndex(of: name) else {
        throw GroveError(
          .argument, "languages", "'\(name)' is not in the tree; \(NearestName.advice(name, among: names))")
      }
      return index
    }
    let own = try leaf(language)
    let candidates = try others.filter { $0 != language }.map { name in
      let joined = joins.first {
        $0.first.contains(language) && $0.second.contains(name)
          || $0.first.contains(name) && $0.second.contains(language)
      }
      return (name: name, joined: joined?.distance ?? .infinity, own: distances[own][try leaf(name)])
    }
    guard let best = candidates.min(by: { ($0.joined, $0.own, $0.name) < ($1.joined, $1.own, $1.name) }) else {
      throw GroveError(.argument, "languages", "there is no other language than '\(language)'")
    }
    return (best.name, best.joined)
  }

  /// The two groups whose nearest members are nearest; of equal ones the first.
  private static func nearestPair(
    _ groups: [[Int]], _ distances: [[Double]]
  ) -> (first: Int, second: Int, distance: Double) {
    var best = (first: 0, second: 1, distance: Double.infinity)
    for first in groups.indices {
      for second in groups.indices where second > first {
        for a in groups[first] {
          for b in groups[second] where distances[a][b] < best.distance { best = (first, second, distances[a][b]) }
        }
      }
    }
    return best
  }
}
