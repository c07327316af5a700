import GroveCore
public import GroveCorpus
public import GroveEval
import GroveModel

/// Scores documents under mixtures of experts: p(x_t | x_<t) = Σ_j w_j p_j(x_t | x_<t).
///
/// The experts go over the documents one after the other, so that one in memory is enough, and once for all rules. What is
/// kept is −log p of every token under every expert, for as many documents as `matrixBytes` holds; then every rule
/// combines the same numbers. An expert reads only the windows in which some rule keeps it, up to the last such token.
///
/// A document starts after an end-of-text and from the prior. The posterior and the distance take in all its tokens, those
/// of earlier windows too, although the experts see their window alone.
public struct MixtureEvaluator {
  let pool: ExpertPool
  let windows: PerplexityEvaluator
  let distances: ExpertDistances?
  /// Memory for the losses, and the distances where a rule needs them, of a group of documents. Each group takes every
  /// expert once from its folder if they do not all stay in the pool.
  public let matrixBytes: Int

  /// - Parameters:
  ///   - windows: cuts documents, as for a single model.
  ///   - distances: for rules that need them.
  ///   - matrixBytes: 256 MiB hold a million tokens of 64 experts without distances. A document larger than that is
  ///     taken alone.
  public init(
    _ pool: ExpertPool, windows: PerplexityEvaluator, distances: ExpertDistances? = nil, matrixBytes: Int = 256 << 20
  ) throws {
    guard matrixBytes > 0 else { throw GroveError(.argument, "matrixBytes", "\(matrixBytes) is not positive") }
    self.pool = pool
    self.windows = windows
    self.distances = distances
    self.matrixBytes = matrixBytes
  }

  /// What each rule pays, in the order of the rules.
  /// - Parameters:
  ///   - documents: their order counts for a prior that is updated.
  ///   - traced: ids of documents whose weights are wanted token by token.
  ///   - onProgress: called with the number of token losses computed so far, over all experts, and the number known to be
  ///     needed so far: the second grows with every group of documents.
  /// - Throws: `GroveError` if a rule does not fit the experts, or an expert is missing.
  /// - Complexity: a forward pass for every window that an expert is needed in; then O(tokens · experts · rules).
  public func evaluate(
    _ documents: [TokenizedDocument], rules: [MixtureRule], tracing traced: Set<String> = [],
    onProgress: (_ done: Int, _ total: Int) -> Void = { _, _ in }
  ) throws -> [MixtureResult] {
    var tallies = try rules.map { rule in
      MixtureTally(
        try MixturePlan(rule, experts: pool.names, distances: distances), experts: pool.names, traced: traced)
    }
    let starts = try tallies.map { tally in
      try documents.map { try tally.plan.start(domain: $0.domain, at: $0.id) }
    }
    let needsDistances = tallies.contains { $0.plan.distance != nil }
    var progress = (done: 0, total: 0)
    for (number, group) in groups(documents, needsDistances).enumerated() {
      let matrix = DocumentMatrix(
        Array(documents[group]), windows, expertCount: pool.experts.count,
        distances: needsDistances ? distances : nil)
      var needs = MatrixNeeds(matrix)
      for (index, tally) in tallies.enumerated() {
        tallies[index].passes.add(needs.note(tally.plan, starts[index][group], matrix))
      }
      progress.total += needs.scoredTokens
      // Back and forth, so that the expert that was used last is used first.
      let order = number.isMultiple(of: 2) ? Array(pool.experts.indices) : pool.experts.indices.reversed()
      for expert in order {
        let needed = needs.windows(of: expert)
        if needed.isEmpty { continue }
        try matrix.score(expert, needed, pool, windows) { onProgress(progress.done + $0, progress.total) }
        progress.done += needed.reduce(0) { $0 + $1.scored.count }
      }
      for index in tallies.indices { tallies[index].take(matrix, starts[index][group]) }
    }
    return tallies.map { $0.result(pool) }
  }

  /// Estimates a prior on development documents, as Li et al. 2022 (arXiv:2208.03306, §4) do on at most 100 sequences: the
  /// exponential moving average of the posteriors after the last one.
  /// - Parameter share: of each new posterior; 0.3 in the paper.
  /// - Throws: `GroveError` with code `.argument` without a document; as `evaluate`.
  public func cachedPrior(on documents: [TokenizedDocument], share: Double = 0.3) throws -> CachedPrior {
    guard !documents.isEmpty else {
      throw GroveError(.argument, "documents", "there is none to estimate a prior on")
    }
    let rule = try MixtureRule(.posterior(prior: .updating(share: share), evidence: .wholeText))
    let prior = try evaluate(documents, rules: [rule])[0].finalPrior
    return CachedPrior(
      weights: Dictionary(uniqueKeysWithValues: zip(pool.names, prior)), documents: documents.count, share: share)
  }

  /// Runs of documents whose matrices fit.
  private func groups(_ documents: [TokenizedDocument], _ needsDistances: Bool) -> [Range<Int>] {
    let perToken =
      pool.experts.count * (MemoryLayout<Float>.stride + (needsDistances ? MemoryLayout<Double>.stride : 0))
    var groups: [Range<Int>] = []
    var start = 0
    var bytes = 0
    for (index, document) in documents.enumerated() {
      let size = document.tokens.count * perToken
      if index > start, bytes + size > matrixBytes {
        groups.append(start..<index)
        (start, bytes) = (index, 0)
      }
      bytes += size
    }
    if start < documents.count { groups.append(start..<documents.count) }
    return groups
  }
}
