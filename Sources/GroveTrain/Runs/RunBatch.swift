public import Foundation
public import GroveCore
public import GroveCorpus
import GroveTokenizer

/// What one step of a run was trained on, reconstructed from the run's folder and its data alone.
public struct RunBatch: Sendable {
  /// One row of the batch.
  public struct Sequence: Sendable {
    /// How often the order had gone through the data before; see `SequenceReference`.
    public let epoch: Int
    public let domain: String
    /// The documents of its tokens, in order.
    public let documents: [DocumentSpan]
    /// Its tokens; the last one is a target only.
    public let tokens: [Int64]
    /// What the tokens decode to, special tokens kept.
    public let text: String
  }

  /// From 1, as in the metrics.
  public let step: Int
  /// Why the step left the weights as they were; nil if it was applied.
  public let whyNotApplied: String?
  /// In the order of the batch, whose first ones make the first micro-batch.
  public let sequences: [Sequence]

  /// Whether the optimizer applied the step.
  public var applied: Bool { whyNotApplied == nil }

  /// - Parameters:
  ///   - step: from 1, as in the metrics.
  ///   - data: the folder of shards where it is now; nil for the config's.
  /// - Throws: `GroveError` if the data is not what the run was trained on.
  public init(_ folder: RunFolder, step: Int, data: URL?) throws {
    let config = try RunConfig.load(folder.config)
    guard (1...config.training.steps).contains(step) else {
      throw GroveError(.argument, "step", "\(step) is outside 1...\(config.training.steps)")
    }
    let shards = data ?? URL(filePath: config.data.folder)
    let dataset = try TokenDataset(
      folder: shards, split: .train, domains: config.data.domainChoice,
      contextLength: config.model.contextLength)
    let identity = try RunIdentity.read(folder)
    guard dataset.manifest.fingerprint == identity.dataFingerprint else {
      throw GroveError(.mismatch, shards.path, "is not the data set of this run", remedy: "Give it with --data.")
    }
    let tokenizer = try dataset.manifest.tokenizer(beside: shards)
    let order = try dataset.order(seed: UInt64(config.training.seed), mixing: config.data.mixing)
    self.step = step
    whyNotApplied = try RunBatch.whyNotApplied(step, RunMetrics(folder))
    sequences = try order.sequences(step: step - 1, batchSize: config.training.batchSize).map { reference in
      var tokens = [Int64](repeating: 0, count: dataset.contextLength + 1)
      try tokens.withUnsafeMutableBufferPointer { try dataset.fill(reference, into: $0) }
      return Sequence(
        epoch: reference.epoch, domain: dataset.domains[reference.domain].name,
        documents: try dataset.documents(of: reference), tokens: tokens,
        text: try tokenizer.decodeText(tokens.map { UInt32($0) }, specialTokens: .keeping))
    }
  }

  private static func whyNotApplied(_ step: Int, _ metrics: RunMetrics) -> String? {
    // A step stands in the log once, as applied or as skipped.
    if let skipped = metrics.incidents.last(where: { $0.kind == "skipped" && $0.step == step }) { return skipped.text }
    return metrics.steps.contains { $0.step == step } ? nil : "the run has not come to this step"
  }

  /// For `--json`.
  public func json(withText: Bool) -> JSONValue {
    let list = sequences.map { sequence -> JSONValue in
      var members: [(key: String, value: JSONValue)] = [
        ("epoch", .integer(sequence.epoch)), ("domain", .string(sequence.domain)),
        (
          "documents",
          .array(
            sequence.documents.map {
              [
                "id": .string($0.id), "file": .string($0.origin.file), "line": .integer($0.origin.line),
                "from": .integer($0.window.lowerBound), "to": .integer($0.window.upperBound),
                "tokenOffset": .integer($0.tokenOffset),
              ]
            })
        ), ("tokens", .array(sequence.tokens.map { .integer(Int($0)) })),
      ]
      if withText { members.append(("text", .string(sequence.text))) }
      return .object(members)
    }
    return [
      "step": .integer(step), "applied": .bool(applied), "reason": whyNotApplied.map { .string($0) } ?? .null,
      "sequences": .array(list),
    ]
  }
}
