import Foundation
import GroveCore
import GroveCorpus
import GroveEval
import GroveModel
import GroveTensor

/// Documents that judge models, and the windows in which a model reads them.
struct HeldOutText: Sendable {
  /// Those with text, domain by domain.
  let documents: [TokenizedDocument]
  let windows: PerplexityEvaluator

  /// - Parameter dataset: the documents' own, which knows the end of text.
  init(_ documents: [TokenizedDocument], _ dataset: TokenDataset, contextLength: Int) throws {
    self.documents = documents.filter { $0.byteCount > 0 }
    windows = try PerplexityEvaluator(
      contextLength: contextLength, stride: contextLength, batchTokens: 16 * contextLength,
      endOfText: dataset.manifest.tokenizer.endOfText)
  }

  /// All held-out documents of some domains.
  init(_ shards: URL, domains: [String], contextLength: Int) throws {
    let dataset = try TokenDataset(
      folder: shards, split: .validation, domains: .only(domains), contextLength: contextLength)
    try self.init(dataset.allDocuments(), dataset, contextLength: contextLength)
  }

  private init(_ documents: [TokenizedDocument], _ windows: PerplexityEvaluator) {
    self.documents = documents
    self.windows = windows
  }

  /// The documents that are wanted, in the same windows.
  func only(_ isWanted: (TokenizedDocument) -> Bool) -> HeldOutText { HeldOutText(documents.filter(isWanted), windows) }

  /// What the model of a checkpoint pays for each document.
  func losses(under checkpoint: URL, precision: Precision, device: Device) throws -> [DocumentLoss] {
    let model = try ModelFolder.load(checkpoint)
    try model.prepare(precision, training: false, device: device)
    return try losses(under: model, device: device)
  }

  /// What a model that is prepared pays for each document.
  func losses(under model: any LanguageModel, device: Device) throws -> [DocumentLoss] {
    try windows.losses(of: documents, under: model, device: device)
  }

  /// Bits per byte of all documents together, under a model that is prepared.
  func bitsPerByte(under model: any LanguageModel, device: Device) throws -> Double {
    let losses = try losses(under: model, device: device)
    return DocumentLoss.bitsPerByte(
      nats: losses.reduce(0) { $0 + $1.nats }, bytes: losses.reduce(0) { $0 + $1.bytes })
  }
}
