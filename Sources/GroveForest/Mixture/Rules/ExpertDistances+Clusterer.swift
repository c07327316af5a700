public import GroveCluster
public import GroveTokenizer

extension ExpertDistances {
  /// The distances of texts to the centres of a clusterer.
  /// - Parameter clusters: for each expert the cluster that it was trained on.
  /// - Throws: `GroveError` with code `.mismatch` for a cluster that is not there.
  public init(_ clusters: [Int], of clusterer: Clusterer, tokenizer: Tokenizer) throws {
    try self.init(clusters: clusters, clusterCount: clusterer.clusterCount, tokenizer: tokenizer) {
      clusterer.makeContext()
    }
  }
}

extension ClusterContext: DistanceContext {}
