import Foundation
import GroveCore
import GroveCorpus
import GroveEval
import GroveModel
import GroveTensor

/// Two parts of the domain's training text of the same size, drawn at random and best-scored, beside all the streams.
struct DomainSubsets: Sendable {
  static let random = "subset"
  static let best = "best"
  private static let shareFile = "junk.json"

  let texts: ContinuedTexts
  /// Texts and shards of the streams and the two parts.
  let made: RecipeTexts
  let config: StabilityGapConfig

  init(folder: URL, _ texts: ContinuedTexts, _ config: StabilityGapConfig) {
    made = RecipeTexts(folder: folder)
    self.texts = texts
    self.config = config
  }

  /// Scores every training document of the domain under a model that has learned clean text, by its bits per byte, and
  /// makes the shards if they are not there yet.
  func prepare(scoredBy checkpoint: URL, device: Device) throws {
    if made.areBuilt { return }
    let dataset = try TokenDataset(
      folder: texts.made.shards, split: .train, domains: .only([config.domain]),
      contextLength: config.pretraining.contextLength)
    let tokenizer = try dataset.manifest.tokenizer(beside: texts.made.shards)
    let losses = try score(dataset, checkpoint, device)
    let key = RandomKey(seed: 0).split("subset")
    let orders = [
      DomainSubsets.random: losses.sorted { key.split($0.id).uniform(0) < key.split($1.id).uniform(0) },
      DomainSubsets.best: losses.sorted { ($0.bitsPerByte, $0.id) < ($1.bitsPerByte, $1.id) },
    ]
    let settings = config.pretraining
    let limit = settings.steps * settings.batchSize * settings.contextLength / config.passes
    var junk: [(String, JSONValue)] = [(config.domain, .number(junkShare(losses)))]
    for (name, order) in orders.sorted(by: { $0.key < $1.key }) {
      var tokens = 0
      let chosen = order.prefix { document in
        defer { tokens += document.tokens }
        return tokens < limit
      }
      junk.append((name, .number(junkShare(Array(chosen)))))
      try copy(config.domain, as: name, only: Set(chosen.map(\.id)))
    }
    for stream in settings.streams { try copy(stream.name, as: stream.name, only: nil) }
    try FileSystem.write(
      JSONValue.object(junk).prettyText + "\n", to: made.folder.appending(path: DomainSubsets.shareFile))
    try made.build(split: texts.split, tokenizer: tokenizer)
  }

  /// The share of the documents that were spoiled, in the domain and in both parts.
  func junkShares() throws -> [String: Double] {
    let value = try JSONValue(contentsOf: made.folder.appending(path: DomainSubsets.shareFile))
    return try Dictionary(
      uniqueKeysWithValues: [config.domain, DomainSubsets.random, DomainSubsets.best].map { name in
        guard let share = value[name]?.numberValue else {
          throw GroveError(
            .format, made.folder.path, "the share of junk in '\(name)' is not there",
            remedy: "Remove the folder; it is then made again.")
        }
        return (name, share)
      })
  }

  private func score(_ dataset: TokenDataset, _ checkpoint: URL, _ device: Device) throws -> [DocumentLoss] {
    try HeldOutText(dataset.allDocuments(), dataset, contextLength: config.pretraining.contextLength)
      .losses(under: checkpoint, precision: .float32, device: device)
  }

  private func junkShare(_ losses: [DocumentLoss]) -> Double {
    guard let stream = config.pretraining.streams.first(where: { $0.name == config.domain }), !losses.isEmpty else {
      return 0
    }
    return Double(losses.count { texts.isJunk($0.id, stream) }) / Double(losses.count)
  }

  private func copy(_ stream: String, as name: String, only ids: Set<String>?) throws {
    let reader = try RecipeTexts.reader(texts.made.file(stream))
    try made.write(name) {
      while let document = try reader.next() {
        guard ids?.contains(document.id) ?? true else { continue }
        return (document.id, String(decoding: document.text, as: UTF8.self))
      }
      return nil
    }
  }
}
