public import Foundation
import GroveCore
public import GroveCorpus
import GroveEval
import GroveMerge

extension ForestManifest {
  /// The experts as parents of an average; their weights sum to 1.
  /// - Parameter weights: by name; nil gives each the same.
  /// - Throws: `GroveError` if a name is unknown or the weights make no average.
  public func parents(_ weights: [String: Double]?, in folder: ForestFolder) throws -> [Parent] {
    guard !experts.isEmpty else { throw GroveError(.argument, folder.url.path, "the forest has no experts to average") }
    for name in (weights ?? [:]).keys.sorted() { _ = try expert(name, in: folder) }
    let chosen = experts.map { expert in
      Parent(name: expert.name, weight: weights.map { $0[expert.name] ?? 0 } ?? 1)
    }
    let sum = chosen.reduce(0) { $0 + $1.weight }
    guard chosen.allSatisfy({ $0.weight >= 0 && $0.weight.isFinite }), sum > 0 else {
      throw GroveError(.argument, "weights", "they must not be negative, and one of them must be positive")
    }
    return chosen.filter { $0.weight > 0 }.map { Parent(name: $0.name, weight: $0.weight / sum) }
  }
}

/// How experts weigh in their average (Li et al. 2022, arXiv:2208.03306, §3.2 and table 5).
public enum ForestWeights: Equatable, Sendable {
  case uniform
  /// By name; they need not sum to 1.
  case given([String: Double])
  /// The posterior over the experts on documents.
  case posterior
  /// The expert alone that has the largest posterior.
  case argmax
}

extension ForestFolder {
  /// The experts with their shares in an average.
  /// - Parameter documents: that the posterior is of; at most 100 are asked for.
  /// - Throws: `GroveError` if a name is unknown, the weights make no average, or there are no documents for a posterior.
  public func parents(
    _ weights: ForestWeights, of manifest: ForestManifest, documents: (_ limit: Int) throws -> [TokenizedDocument]
  ) throws -> [ForestManifest.Parent] {
    switch weights {
    case .uniform: return try manifest.parents(nil, in: self)
    case .given(let weights): return try manifest.parents(weights, in: self)
    case .posterior, .argmax:
      let parents = try manifest.parents(posterior(on: documents(100), manifest), in: self)
      guard weights == .argmax, let best = parents.max(by: { ($0.weight, $1.name) < ($1.weight, $0.name) }) else {
        return parents
      }
      return [ForestManifest.Parent(name: best.name, weight: 1)]
    }
  }

  /// The posterior over the experts after some documents, from a uniform prior (Li et al. 2022, arXiv:2208.03306, §4).
  public func posterior(on documents: [TokenizedDocument], _ manifest: ForestManifest) throws -> [String: Double] {
    let pool = try ExpertPool(manifest.pooled(in: self), limit: .experts(1))
    let windows = try PerplexityEvaluator(
      contextLength: pool.contextLength, stride: pool.contextLength, batchTokens: 16 * pool.contextLength,
      endOfText: TokenizerIdentity(pool.tokenizer).endOfText)
    return try MixtureEvaluator(pool, windows: windows).cachedPrior(on: documents).weights
  }

  /// Writes the weighted average of experts as a checkpoint: one model in place of the forest.
  public func average(_ parents: [ForestManifest.Parent], of manifest: ForestManifest, to target: URL) throws {
    let folders = try parents.map { try manifest.expert($0.name, in: self).checkpoint(in: self).path }
    let config = MergeConfig.average(of: folders, weights: parents.map(\.weight))
    try ModelMerge(MergePlan(config), random: RandomKey(seed: 0)).write(to: target) { _ in }
  }
}

extension ForestManifest {
  /// The experts for a pool, in their order.
  public func pooled(in folder: ForestFolder) -> [Expert] {
    experts.map { Expert($0.name, folder: $0.checkpoint(in: folder)) }
  }
}
