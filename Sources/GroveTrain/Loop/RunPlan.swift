import Foundation
import GroveCore
import GroveCorpus

/// What a run would cost, from its config and the manifest of its data alone.
public struct RunPlan: Sendable {
  /// With the vocabulary's size taken from the tokenizer.
  public let config: RunConfig
  /// Trained numbers, from the config's shape alone.
  public let parameters: Int
  /// Sequences of a step times T.
  public let tokensPerStep: Int
  /// Of all steps; a token counts each time it is read.
  public let trainingTokens: Int
  /// Tokens of the chosen domains.
  public let corpusTokens: Int
  /// Floating-point operations of all steps.
  public let operations: Double
  /// Weights, their working copies, gradients and two moments.
  public let stateBytes: Int

  /// How often the run reads the corpus.
  public var epochs: Double { Double(trainingTokens) / Double(max(corpusTokens, 1)) }

  /// - Throws: `GroveError` if the data is not there.
  public init(_ config: RunConfig) throws {
    try config.data.requireFolder()
    let manifest = try ShardManifest(folder: URL(filePath: config.data.folder))
    var config = config
    if config.model.vocabularySize == 0 { config.model.vocabularySize = manifest.tokenizer.vocabularySize }
    self.config = config
    parameters = config.model.parameterCount
    tokensPerStep = config.training.batchSize * config.model.contextLength
    trainingTokens = tokensPerStep * config.training.steps
    let chosen = Set(config.data.domains)
    let known = manifest.shards.filter { $0.split == .train }.map(\.domain)
    if let unknown = chosen.subtracting(known).min() {
      throw GroveError(
        .argument, config.data.folder, "there is no train shard of the domain '\(unknown)'",
        remedy: "There are: \(known.sorted().joined(separator: ", ")).")
    }
    corpusTokens = manifest.shards.reduce(0) {
      $1.split == .train && (chosen.isEmpty || chosen.contains($1.domain)) ? $0 + $1.content.tokens : $0
    }
    operations = Double(trainingTokens) * config.model.trainingOperationsPerToken
    let working = config.training.precision == .float32 ? 4 : 4 + 2 * config.training.precision.dtype.byteCount
    stateBytes = parameters * (working + 4 * 2 + (config.training.precision == .float32 ? 4 : 0))
  }
}
