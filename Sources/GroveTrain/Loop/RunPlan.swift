import Foundation
import GroveCore
public import GroveCorpus

/// What a run would do and cost: its config checked against its data. A run that has a plan can begin.
public struct RunPlan: Sendable {
  /// With the vocabulary's size taken from the tokenizer.
  public let config: RunConfig
  /// Trained numbers, from the config's shape alone.
  public let parameters: Int
  /// Sequences of a step times T.
  public let tokensPerStep: Int
  /// Of all steps; a token counts each time it is read.
  public let trainingTokens: Int
  /// The training side of the chosen domains.
  public let dataset: TokenDataset
  /// Which sequences each step reads: a function of the data, its mixing and the seed.
  public let order: DataOrder
  /// Tokens of the chosen domains, those without a weight left out.
  public let corpusTokens: Int
  /// Floating-point operations of all steps.
  public let operations: Double
  /// Weights, their working copies, gradients and two moments.
  public let stateBytes: Int

  /// How often the run reads the corpus.
  public var epochs: Double { Double(trainingTokens) / Double(max(corpusTokens, 1)) }

  /// - Throws: `GroveError` with what is wrong in the config or the data, or does not fit between the two.
  public init(_ config: RunConfig) throws { try self.init(config, isBegun: false) }

  /// - Parameter isBegun: whether the run has a checkpoint of its own, so that the one that it began with may be gone.
  init(_ config: RunConfig, isBegun: Bool) throws {
    try config.validated()
    try config.data.requireFolder()
    var config = config
    let isStartGone = isBegun && config.start.folder.map(FileSystem.exists) == false
    if !isStartGone { config.model = try config.start.shape(config.model) }
    dataset = try TokenDataset(
      folder: URL(filePath: config.data.folder), split: .train, domains: config.data.domainChoice,
      contextLength: config.model.contextLength)
    let vocabularySize = dataset.manifest.tokenizer.vocabularySize
    if !isStartGone { try config.start.requireTokenizer(dataset.manifest.tokenizer.fingerprint) }
    if config.model.vocabularySize == 0 { config.model.vocabularySize = vocabularySize }
    guard config.model.vocabularySize >= vocabularySize else {
      throw GroveError(
        .config, "model.vocabularySize", "\(config.model.vocabularySize) is below the tokenizer's \(vocabularySize)",
        remedy: config.start.model.isEmpty ? "Set it to 0." : "Start from a checkpoint with this tokenizer.")
    }
    order = try dataset.order(seed: UInt64(config.training.seed), mixing: config.data.mixing)
    self.config = config
    parameters = config.model.parameterCount
    tokensPerStep = config.training.batchSize * config.model.contextLength
    trainingTokens = tokensPerStep * config.training.steps
    let read = Set(config.data.weights.isEmpty ? dataset.domains.map(\.name) : Array(config.data.weights.keys))
    corpusTokens = dataset.manifest.shards.reduce(0) {
      $1.split == .train && read.contains($1.domain) ? $0 + $1.content.tokens : $0
    }
    operations = Double(trainingTokens) * config.model.trainingOperationsPerToken
    let working = config.training.precision == .float32 ? 4 : 4 + 2 * config.training.precision.dtype.byteCount
    stateBytes = parameters * (working + 4 * 2 + (config.training.precision == .float32 ? 4 : 0))
  }
}
