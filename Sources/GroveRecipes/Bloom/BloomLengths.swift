import GroveCore
import GroveModel
import GroveTensor

/// Reads long texts in windows of the length that was trained and in longer ones.
struct BloomLengths {
  let config: BloomConfig
  let trained: Comparison.Trained

  static let tokens = "long tokens"
  static func nats(_ length: Int) -> String { "nats, \(length)" }

  func add(to figures: inout ArmFigures) throws {
    let device = trained.run.device
    let names = config.training.streams.map(\.name)
    for length in [config.training.model.contextLength, config.judgedLength] {
      let text = try trained.text(contextLength: length, of: names).only { $0.tokens.count > config.judgedLength }
      guard !text.documents.isEmpty else {
        throw GroveError(
          .argument, "judgedLength", "no held-out document has more than \(config.judgedLength) tokens",
          remedy: "Hold out more with training.heldOutShare, or judge shorter windows.")
      }
      figures.series[Self.tokens] = text.documents.map { Double($0.tokens.count) }
      figures.series[Self.nats(length)] = try text.losses(under: model(for: length), device: device).map(\.nats)
    }
    guard trained.model.config.positions.kind == .alibi else { return }
    let ids = trained.text.documents.flatMap(\.tokens).prefix(config.training.model.contextLength * 3 / 2)
    figures.figures["cache error"] = try CachedScores.error(Array(ids), under: trained.model, device: device)
  }

  /// The trained model, with a longer table of positions where it has one: the rows that no window reached are as they were drawn,
  /// which is what training would have left of them but for its decay.
  private func model(for length: Int) throws -> any LanguageModel {
    guard let limit = trained.model.config.positionLimit, limit < length else { return trained.model }
    var longer = trained.model.config
    longer.contextLength = length
    let random = RandomKey(seed: UInt64(trained.seed)).split("weights")
    let model = try makeModel(longer, weights: .random(random))
    try withGradients(.off) {
      for (own, other) in try zip(model.parameters(), trained.model.parameters()) {
        precondition(own.name == other.name, "\(own.name) against \(other.name)")
        let (value, source) = (own.parameter.value, other.parameter.value)
        let isWhole = value.shape == source.shape
        try (isWhole ? value : value.narrowed(0, from: 0, count: source.shape[0])).copy(from: source)
      }
    }
    try model.prepare(trained.run.judgingPrecision, training: false, device: trained.run.device)
    return model
  }
}
