import GroveCore
public import GroveTokenizer

/// The distances of a growing text to the centres of clusters.
///
/// The same bytes must give the same distances, however they are cut.
public protocol DistanceContext {
  /// More bytes of the text.
  mutating func append(_ bytes: some Sequence<UInt8>)
  /// To every centre, squared.
  func squaredDistances() -> [Double]
}

/// Which cluster each expert stands for, and how the distances of a text to the clusters come about.
public struct ExpertDistances: Sendable {
  /// For each expert, in the order of its pool, the cluster that it was trained on.
  public let clusters: [Int]
  private let tokenBytes: @Sendable (Int) -> ArraySlice<UInt8>
  private let makeContext: @Sendable () -> any DistanceContext

  /// - Parameters:
  ///   - clusters: for each expert; several experts may share one, and a cluster may have none.
  ///   - clusterCount: that contexts give distances for.
  ///   - tokenizer: turns tokens into the bytes that were clustered; special tokens have none.
  ///   - makeContext: an empty text.
  /// - Throws: `GroveError` with code `.mismatch` for a cluster that is not there.
  public init(
    clusters: [Int], clusterCount: Int, tokenizer: Tokenizer,
    makeContext: @escaping @Sendable () -> any DistanceContext
  ) throws {
    for (expert, cluster) in clusters.enumerated() where !(0..<clusterCount).contains(cluster) {
      throw GroveError(
        .mismatch, "experts[\(expert)]", "its cluster \(cluster) is outside 0..<\(clusterCount)",
        remedy: "Is the clusterer the one that the forest was grown with?")
    }
    self.clusters = clusters
    self.makeContext = makeContext
    let special = Set(tokenizer.addedTokens.filter(\.isSpecial).map { Int($0.id) })
    tokenBytes = { special.contains($0) ? [] : tokenizer.bytes(of: UInt32($0)) ?? [] }
  }

  /// The distances of one text, token by token.
  struct Walk {
    private let distances: ExpertDistances
    private var context: any DistanceContext

    init(_ distances: ExpertDistances) {
      self.distances = distances
      context = distances.makeContext()
    }

    mutating func append(token: Int) {
      let bytes = distances.tokenBytes(token)
      if !bytes.isEmpty { context.append(bytes) }
    }

    /// Of the text so far, squared, to the cluster of each expert.
    func squaredDistances() -> [Double] {
      let all = context.squaredDistances()
      return distances.clusters.map { all[$0] }
    }
  }
}
