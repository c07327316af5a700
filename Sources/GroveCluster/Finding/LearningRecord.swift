/// How a search went.
public struct LearningRecord: Codable, Equatable, Sendable {
  /// Mean squared distance to the own centre after each pass of k-means.
  public var costs: [Double]
  /// Clusters that lost all documents and began anew elsewhere; never with `balanced`.
  public var reseeded: Int
  /// A term with more occurrences is never missing from the counts; 0 says that all counts are exact.
  public var countingBound: Int
  /// Documents of the sample without a known word, which were not learned from.
  public var documentsWithoutTerms: Int
  /// Of the projection, from the largest to the smallest.
  public var singularValues: [Double]
}
