import Foundation
import GroveCorpus
import GroveEval
import GroveModel
import GroveTensor

/// The held-out documents of some streams, to judge any weights by.
struct HeldOutText {
  private let dataset: TokenDataset
  private let evaluator: PerplexityEvaluator
  private let run: RecipeRun

  init(streams: [String], _ settings: ContinuedPretrainingConfig, _ run: RecipeRun, shards: URL) throws {
    let context = settings.contextLength
    dataset = try TokenDataset(folder: shards, split: .validation, domains: .only(streams), contextLength: context)
    evaluator = try PerplexityEvaluator(
      contextLength: context, stride: context, batchTokens: 16 * context,
      endOfText: dataset.manifest.tokenizer.endOfText)
    self.run = run
  }

  /// What a checkpoint pays for every document with text.
  func losses(of checkpoint: URL) throws -> [DocumentLoss] {
    let model = try ModelFolder.load(checkpoint)
    try model.prepare(run.scale == .full ? .bfloat16 : .float32, training: false, device: run.device)
    return try losses(under: model)
  }

  /// What a model that is prepared pays for every document with text.
  func losses(under model: any LanguageModel) throws -> [DocumentLoss] {
    try evaluator.losses(of: dataset.allDocuments(), under: model, device: run.device).filter { $0.bytes > 0 }
  }

  /// Bits per byte of all documents together.
  func bitsPerByte(under model: any LanguageModel) throws -> Double {
    let losses = try losses(under: model)
    return DocumentLoss.bitsPerByte(
      nats: losses.reduce(0) { $0 + $1.nats }, bytes: losses.reduce(0) { $0 + $1.bytes })
  }
}
