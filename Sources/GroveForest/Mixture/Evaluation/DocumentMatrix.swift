import GroveCore
import GroveCorpus
import GroveEval
import GroveModel

/// Some documents with what each of their tokens costs each expert.
final class DocumentMatrix {
  let documents: [TokenizedDocument]
  let windows: [EvaluationWindow]
  let expertCount: Int
  /// −log p, token by token and E to a token; NaN where nobody asked.
  private(set) var losses: [[Float]]
  /// Squared, before each token; the same layout. Empty where no rule needs them.
  let distances: [[Double]]

  init(
    _ documents: [TokenizedDocument], _ evaluator: PerplexityEvaluator, expertCount: Int, distances: ExpertDistances?
  ) {
    self.documents = documents
    self.expertCount = expertCount
    windows = documents.indices.flatMap { evaluator.windows(of: documents[$0], document: $0) }
    losses = documents.map { [Float](repeating: .nan, count: $0.tokens.count * expertCount) }
    self.distances = distances.map { distances in documents.map { DocumentMatrix.walk($0, distances) } } ?? []
  }

  /// Fills an expert's losses in some windows.
  /// - Throws: `GroveError` with code `.format` that names the expert and the document if a loss is not a number.
  func score(
    _ expert: Int, _ windows: [EvaluationWindow], _ pool: ExpertPool, _ evaluator: PerplexityEvaluator,
    onProgress: (Int) -> Void
  ) throws {
    var unsound: Int?
    try pool.withExpert(expert) { model in
      try evaluator.forEachWindow(windows, of: documents, under: model, device: pool.device, onProgress: onProgress) {
        window, values in
        for (token, loss) in zip(window.scored, values) {
          losses[window.document][token * expertCount + expert] = loss
          if loss.isNaN { unsound = unsound ?? window.document }
        }
      }
    }
    if let unsound {
      throw GroveError(
        .format, pool.experts[expert].folder.path,
        "the expert '\(pool.experts[expert].name)' gives the document '\(documents[unsound].id)' a loss that is not a "
          + "number", remedy: "Its weights are not sound: take an earlier checkpoint.")
    }
  }

  /// The distances before a token of a document; empty where there are none.
  func distances(_ document: Int, _ token: Int) -> ArraySlice<Double> {
    distances.isEmpty ? [] : distances[document][token * expertCount..<(token + 1) * expertCount]
  }

  private static func walk(_ document: TokenizedDocument, _ distances: ExpertDistances) -> [Double] {
    var walk = ExpertDistances.Walk(distances)
    var all: [Double] = []
    all.reserveCapacity(document.tokens.count * distances.clusters.count)
    for token in document.tokens {
      all += walk.squaredDistances()
      walk.append(token: Int(token))
    }
    return all
  }
}

/// Which windows each expert must read, for all rules together.
struct MatrixNeeds {
  /// For each window and expert the end of the last token that a rule keeps the expert for; 0 for none.
  private var ends: [[Int]]
  private let all: [EvaluationWindow]

  init(_ matrix: DocumentMatrix) {
    all = matrix.windows
    ends = all.map { _ in [Int](repeating: 0, count: matrix.expertCount) }
  }

  /// Adds what a rule needs.
  /// - Parameter starts: the log weights before each document.
  /// - Returns: for each expert the positions that the rule alone would have it read.
  mutating func note(_ plan: MixturePlan, _ starts: ArraySlice<[Double]>, _ matrix: DocumentMatrix) -> [Int] {
    var positions = [Int](repeating: 0, count: matrix.expertCount)
    for (index, window) in all.enumerated() {
      let start = starts[starts.startIndex + window.document]
      for (expert, end) in MatrixNeeds.ends(plan, start, window, matrix).enumerated() where end > 0 {
        positions[expert] += end - window.start
        ends[index][expert] = max(ends[index][expert], end)
      }
    }
    return positions
  }

  /// The windows that an expert reads, each up to the last token that needs it.
  func windows(of expert: Int) -> [EvaluationWindow] {
    zip(all, ends).compactMap { $1[expert] > 0 ? $0.ending(before: $1[expert]) : nil }
  }

  /// Tokens that are scored, over all experts.
  var scoredTokens: Int {
    zip(all, ends).reduce(0) { sum, entry in
      entry.1.reduce(sum) { $1 > 0 ? $0 + entry.0.ending(before: $1).scored.count : $0 }
    }
  }

  private static func ends(
    _ plan: MixturePlan, _ start: [Double], _ window: EvaluationWindow, _ matrix: DocumentMatrix
  ) -> [Int] {
    if plan.readsAlways { return start.map { $0 > -.infinity ? window.scored.upperBound : 0 } }
    var ends = [Int](repeating: 0, count: matrix.expertCount)
    let state = MixtureState(plan, logStart: start)
    var weights = start
    for token in window.scored {
      state.weigh(matrix.distances(window.document, token), into: &weights)
      for expert in ends.indices where weights[expert] > -.infinity { ends[expert] = token + 1 }
    }
    return ends
  }
}
