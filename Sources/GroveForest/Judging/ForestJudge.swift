import Foundation
import GroveCore
public import GroveCorpus
import GroveEval
import GroveModel
import GroveTensor

/// Scores documents under a forest in several ways and under contenders, and compares them document by document.
public struct ForestJudge {
  /// How far the work has come.
  public enum Event: Sendable {
    /// A new part begins: "forest", or the name of a contender.
    case began(String)
    case progress(done: Int, total: Int)
  }

  let manifest: ForestManifest
  let pool: ExpertPool
  let distances: ExpertDistances?
  let evaluator: PerplexityEvaluator
  /// T of a distance's weights.
  public var temperature = 0.1

  /// - Parameters:
  ///   - pool: of the experts in the order of the manifest.
  ///   - distances: for modes that need them.
  public init(_ manifest: ForestManifest, pool: ExpertPool, distances: ExpertDistances?) throws {
    self.manifest = manifest
    self.pool = pool
    self.distances = distances
    evaluator = try PerplexityEvaluator(
      contextLength: pool.contextLength, stride: pool.contextLength, batchTokens: 16 * pool.contextLength,
      endOfText: TokenizerIdentity(pool.tokenizer).endOfText)
  }

  /// Domains that some expert was trained on.
  public var ownDomains: Set<String> { Set(manifest.experts.flatMap(\.domains)) }

  /// Judges all documents, those of a domain together, domains by name.
  /// - Parameters:
  ///   - documents: held out from all training; those without text count nothing.
  ///   - development: training-side documents by domain, for a cached prior: at most 100 of each are read.
  ///   - modes: ways to use the forest.
  ///   - traced: ids of documents whose weights are wanted token by token, in the first mode that weighs by the text.
  /// - Throws: `GroveError` if a traced document is not among them, a mode cannot be used for these documents, or an
  ///   expert or contender cannot be loaded.
  public func judge(
    _ documents: [TokenizedDocument], development: [String: [TokenizedDocument]] = [:], modes: [ForestMode],
    contenders: [ForestContender], tracing traced: Set<String> = [], onEvent: (Event) -> Void = { _ in }
  ) throws -> ForestJudgement {
    let groups = Dictionary(grouping: documents.filter { $0.byteCount > 0 }, by: \.domain)
    let documents = groups.sorted { $0.key < $1.key }.flatMap(\.value)
    guard !documents.isEmpty else { throw GroveError(.argument, "documents", "there is none with text") }
    if let stranger = traced.subtracting(documents.map(\.id)).min() {
      throw GroveError(
        .argument, "trace", "no document that is judged has the id '\(stranger)'",
        remedy: "There is '\(documents[0].id)', for one.")
    }
    let clock = ContinuousClock()
    var start = clock.now
    onEvent(.began("forest"))
    let results = try mixtures(documents, development, modes, traced) { onEvent(.progress(done: $0, total: $1)) }
    let forestSeconds = (clock.now - start).seconds
    var entries = try zip(modes, results).map { mode, result in
      try entry(result, name: "\(mode)", mode: mode, routing: result.routing, traces: result.traces)
    }
    pool.giveBack()
    var seconds: [String: Double] = [:]
    for contender in contenders {
      onEvent(.began(contender.name))
      start = clock.now
      entries.append(try entry(contender, documents, development) { onEvent(.progress(done: $0, total: $1)) })
      seconds[contender.name] = (clock.now - start).seconds
    }
    return ForestJudgement(
      entries: entries, ownDomains: ownDomains, forestSeconds: forestSeconds, contenderSeconds: seconds)
  }

  /// All modes in one pass over the documents, domain by domain: a prior that is updated or cached belongs to its domain.
  /// - Parameter documents: those of a domain together.
  private func mixtures(
    _ documents: [TokenizedDocument], _ development: [String: [TokenizedDocument]], _ modes: [ForestMode],
    _ traced: Set<String>, _ onProgress: (Int, Int) -> Void
  ) throws -> [MixtureResult] {
    let mixture = try MixtureEvaluator(pool, windows: evaluator, distances: distances)
    let total = documents.reduce(0) { $0 + $1.tokens.count }
    var done = 0
    var parts: [[MixtureResult]] = []
    for group in documents.chunked(by: \.domain) {
      let tokens = group.reduce(0) { $0 + $1.tokens.count }
      let prior =
        try modes.contains { $0.weights == .cached } ? cachedPrior(group[0].domain, development, mixture) : nil
      let rules = try modes.map { try $0.rule(temperature: temperature, prior: prior, oracle: manifest.oracle) }
      parts.append(
        try mixture.evaluate(group, rules: rules, tracing: traced) {
          onProgress(done + tokens * $0 / max($1, 1), total)
        })
      done += tokens
    }
    return modes.indices.map { mode in MixtureResult(joining: parts.map { $0[mode] }) }
  }

  private func cachedPrior(
    _ domain: String, _ development: [String: [TokenizedDocument]], _ mixture: MixtureEvaluator
  ) throws -> CachedPrior {
    guard let texts = development[domain], !texts.isEmpty else {
      throw GroveError(
        .argument, "mode", "there is no training-side document of '\(domain)' to estimate its prior on",
        remedy: "Use 'posterior' or 'updating', or give data with both sides.")
    }
    return try mixture.cachedPrior(on: Array(texts.prefix(100)))
  }

  private func entry(
    _ result: MixtureResult, name: String, mode: ForestMode?, routing: [DomainRouting], traces: [MixtureTrace]
  ) throws -> ForestEntry {
    let tokens = manifest.trainingTokens
    return ForestEntry(
      name: name, mode: mode, losses: result.losses,
      summary: try PerplexitySummary(result.losses, random: RandomKey(seed: 0)), trainingTokens: tokens,
      trainingOperations: Double(tokens) * pool.configs[0].trainingOperationsPerToken,
      operationsPerToken: result.cost.operationsPerToken, passesPerToken: result.cost.passesPerToken,
      weightBytes: result.cost.usedBytes, routing: routing, traces: traces)
  }

  private func entry(
    _ contender: ForestContender, _ documents: [TokenizedDocument], _ development: [String: [TokenizedDocument]],
    _ onProgress: (Int, Int) -> Void
  ) throws -> ForestEntry {
    switch contender.kind {
    case .model(let folder, let tokens):
      return try entry(contender.name, model: folder, trainingTokens: tokens, documents, onProgress)
    case .forest(let use, let mode):
      try requireTokenizer(use.pool, at: use.folder.url)
      var judge = try ForestJudge(use.manifest, pool: use.pool, distances: use.distances)
      judge.temperature = temperature
      let result = try judge.mixtures(documents, development, [mode], [], onProgress)[0]
      use.pool.giveBack()
      // Its experts are others than those of the page's heat maps.
      return try judge.entry(result, name: contender.name, mode: nil, routing: [], traces: [])
    }
  }

  private func requireTokenizer(_ other: ExpertPool, at place: URL) throws {
    guard other.tokenizer.fingerprint == pool.tokenizer.fingerprint else {
      throw GroveError(
        .mismatch, place.path, "has another tokenizer than the forest, for which these documents were encoded")
    }
  }

  private func entry(
    _ name: String, model: URL, trainingTokens: Int?, _ documents: [TokenizedDocument],
    _ onProgress: (Int, Int) -> Void
  ) throws -> ForestEntry {
    // A pool of one checks the vocabulary and counts as the forest's does.
    let single = try ExpertPool([Expert(name, folder: model)], precision: pool.precision, device: pool.device)
    try requireTokenizer(single, at: model)
    let total = documents.reduce(0) { $0 + $1.tokens.count }
    let losses = try single.withExpert(0) { model in
      try evaluator.losses(of: documents, under: model, device: pool.device) { onProgress($0, total) }
    }
    // The last window of a document reads earlier tokens again, for a contender as for the forest.
    let reads = documents.indices.reduce(0) { sum, index in
      evaluator.windows(of: documents[index], document: index).reduce(sum) { $0 + $1.count }
    }
    let passes = Double(reads) / Double(total)
    return ForestEntry(
      name: name, mode: nil, losses: losses,
      summary: try PerplexitySummary(losses, random: RandomKey(seed: 0)), trainingTokens: trainingTokens,
      trainingOperations: trainingTokens.map {
        Double($0) * single.configs[0].trainingOperationsPerToken
      }, operationsPerToken: passes * single.configs[0].inferenceOperationsPerToken, passesPerToken: passes,
      weightBytes: single.byteCounts[0], routing: [], traces: [])
  }
}

extension Array {
  /// Runs of neighbours with the same key.
  fileprivate func chunked(by key: (Element) -> some Equatable) -> [[Element]] {
    var chunks: [[Element]] = []
    for element in self {
      if let last = chunks.last?.last, key(last) == key(element) {
        chunks[chunks.count - 1].append(element)
      } else {
        chunks.append([element])
      }
    }
    return chunks
  }
}

extension MixtureResult {
  /// What one rule, or the same one with a prior of each part, paid for several sets of documents.
  fileprivate init(joining parts: [MixtureResult]) {
    let tokens = parts.map { part in Double(part.losses.reduce(0) { $0 + $1.tokens }) }
    let total = Swift.max(tokens.reduce(0, +), 1)
    func mean(_ value: (MixtureCost) -> Double) -> Double {
      zip(parts, tokens).reduce(0) { $0 + value($1.0.cost) * $1.1 } / total
    }
    let cost = MixtureCost(
      keptPerToken: mean(\.keptPerToken), passesPerToken: mean(\.passesPerToken),
      operationsPerToken: mean(\.operationsPerToken), usedBytes: parts.map(\.cost.usedBytes).max() ?? 0,
      peakBytes: parts.map(\.cost.peakBytes).max() ?? 0)
    self.init(
      rule: parts[0].rule, experts: parts[0].experts, losses: parts.flatMap(\.losses),
      routing: parts.flatMap(\.routing),
      keptTokens: parts[0].experts.indices.map { expert in parts.reduce(0) { $0 + $1.keptTokens[expert] } }, cost: cost,
      traces: parts.flatMap(\.traces), finalPrior: parts[parts.count - 1].finalPrior)
  }
}
