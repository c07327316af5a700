import Foundation
import GroveCore
import GroveCorpus
import GroveModel
import GroveTensor

/// What a checkpoint can do: tell the next token of old text and of the domain, and copy a pattern that it was shown.
struct GapProbe {
  /// Each the share of right tokens, by held-out document or by pattern.
  struct Scores {
    var domain: [Double]
    var old: [Double]
    var copying: [Double]

    /// The mean of the three means.
    var mean: Double { [domain, old, copying].reduce(0) { $0 + Scores.mean($1) } / 3 }

    static func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(max(values.count, 1)) }
  }

  private let clozes: [GreedyMatch.Item]
  /// Of each document, whether it is of the domain.
  private let documents: [Bool]
  private let patterns: [GreedyMatch.Item]
  private let config: StabilityGapConfig

  /// - Throws: `GroveError` if the domain or the old text has no held-out document that is long enough.
  init(_ config: StabilityGapConfig, shards: URL) throws {
    self.config = config
    let dataset = try TokenDataset(
      folder: shards, split: .validation, domains: .only(config.old + [config.domain]),
      contextLength: config.pretraining.contextLength)
    let (given, count) = (config.clozeTokens, config.clozesPerDocument)
    let long = try dataset.allDocuments().filter { $0.tokens.count >= given + count }
    clozes = long.flatMap { document in
      (0..<count).map { place in
        let first = place * (document.tokens.count - given - 1) / count
        return GreedyMatch.Item(tokens: Array(document.tokens[first...first + given]), prefix: given)
      }
    }
    documents = long.map { $0.domain == config.domain }
    let pool = long.filter { $0.domain != config.domain }.flatMap { $0.tokens.dropLast() }
    for (name, isThere) in [(config.domain, documents.contains(true)), ("old", documents.contains(false))]
    where !isThere {
      throw GroveError(
        .argument, "clozeTokens", "no held-out document of the text '\(name)' has \(given + count) tokens",
        remedy: "Ask for fewer, or give a larger corpus.")
    }
    patterns = GapProbe.patterns(config, drawnFrom: pool, after: Int64(dataset.manifest.tokenizer.endOfText))
  }

  /// Tokens that do not belong together, four times over; the last time counts, but for its first token, which nothing
  /// foretells.
  private static func patterns(
    _ config: StabilityGapConfig, drawnFrom pool: [Int64], after first: Int64
  ) -> [GreedyMatch.Item] {
    let key = RandomKey(seed: 0).split("patterns")
    return (0..<config.patterns).map { index in
      var generator = key.split(index).generator()
      let pattern = (0..<config.patternTokens).map { _ in pool[Int.random(in: pool.indices, using: &generator)] }
      return GreedyMatch.Item(
        tokens: [first] + pattern + pattern + pattern + pattern,
        prefix: min(2 + 3 * pattern.count, 4 * pattern.count))
    }
  }

  /// - Parameter model: prepared for inference.
  func scores(_ model: any LanguageModel, device: Device) throws -> Scores {
    let right = try GreedyMatch.leadingMatches(clozes, under: model, device: device)
    let count = config.clozesPerDocument
    let each = documents.indices.map { Scores.mean(right[$0 * count..<($0 + 1) * count].map(Double.init)) }
    let copied = try GreedyMatch.leadingMatches(patterns, under: model, device: device)
    return Scores(
      domain: zip(documents, each).filter(\.0).map(\.1), old: zip(documents, each).filter { !$0.0 }.map(\.1),
      copying: zip(patterns, copied).map { Double($1) / Double($0.tokens.count - $0.prefix) })
  }
}
