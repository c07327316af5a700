public import GroveCore

/// How domains are found in a corpus.
public struct ClusteringConfig: Config {
  /// Clusters to find.
  public var clusters = 8
  /// How documents are divided while centres are sought.
  public var method = ClusteringMethod.balanced
  /// Numbers in a document's vector: 100 in c-BTM.
  public var dimensions = 100
  /// The most frequent terms that count; c-BTM takes all. Memory of the projection is about 700 bytes a term.
  public var vocabulary = 200_000
  /// Terms that are counted at once; above it the rarest are forgotten, with a bound that the report states.
  public var countedTerms = 4_000_000
  /// Documents that projection and centres are learned from, drawn by their ids; all are counted. Memory is 8 bytes for
  /// each different word of each.
  public var learnedDocuments = 250_000
  /// Longest piece of a text that is learned from as a whole, in bytes: longer texts are cut, so that `balanced` makes
  /// clusters of like amounts of text. 0 for whole documents, as in c-BTM, which makes them of like numbers of
  /// documents.
  public var pieceBytes = 0
  /// Passes over the learned documents for the projection: six find what scikit-learn's five power iterations find.
  public var passes = 6
  /// The most passes for the centres: 20 in c-BTM.
  public var iterations = 20
  /// Documents that are balanced together: 50,000 in c-BTM.
  public var batchSize = 50_000
  /// Starts of k-means that are compared.
  public var starts = 8
  /// Of every draw.
  public var seed = 0

  /// The values of c-BTM where it has one.
  public init() {}

  public func issues() -> [ConfigIssue] {
    var issues: [ConfigIssue] = []
    func require(_ field: String, _ value: Int, in range: ClosedRange<Int>) {
      if !range.contains(value) { issues.append(ConfigIssue(field, "\(value) is outside \(range)")) }
    }
    require("clusters", clusters, in: 1...4096)
    require("dimensions", dimensions, in: 1...2048)
    require("vocabulary", vocabulary, in: 1...10_000_000)
    require("countedTerms", countedTerms, in: vocabulary...1_000_000_000)
    require("learnedDocuments", learnedDocuments, in: clusters...1_000_000_000)
    require("pieceBytes", pieceBytes, in: 0...1_000_000_000)
    require("passes", passes, in: 1...100)
    require("iterations", iterations, in: 1...10_000)
    require("batchSize", batchSize, in: clusters...10_000_000)
    require("starts", starts, in: 1...1000)
    if seed < 0 { issues.append(ConfigIssue("seed", "\(seed) is negative")) }
    return issues
  }

  /// What a search holds at once at most, in bytes: counters, the projection's matrices, and rows of 500 different
  /// words.
  public var memoryBytes: Int {
    let counters = countedTerms * 100
    let matrices = vocabulary * (dimensions + 16) * 4 * 7
    return counters + matrices + learnedDocuments * (500 * 8 + dimensions * 4 * 3 + 400)
  }
}
