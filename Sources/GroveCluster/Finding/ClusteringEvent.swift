public import GroveCorpus

/// What a search for domains tells while it runs.
public enum ClusteringEvent: Sendable {
  /// Documents and bytes whose words were counted so far.
  case counted(documents: Int, bytes: Int)
  /// Documents whose vectors were made so far.
  case vectorized(documents: Int)
  /// A pass of the projection is done.
  case projected(pass: Int, of: Int)
  /// A pass of k-means is done; the cost is the mean squared distance to the own centre.
  case moved(iteration: Int, of: Int, cost: Double)
  /// A line of the corpus that is no document.
  case problem(ReadingProblem)
}
