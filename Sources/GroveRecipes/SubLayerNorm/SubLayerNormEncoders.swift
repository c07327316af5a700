import Foundation
import GroveCore
import GroveCorpus
import GroveModel
import GroveTensor
import GroveTrain

/// Trains the encoders: those that guess hidden bytes, and those that name the digit in an image.
struct SubLayerNormEncoders: Sendable {
  let config: SubLayerNormConfig
  let run: RecipeRun
  /// Of the text that is guessed.
  let shards: URL

  /// Trains an arm from one seed; its losses, and what held-out sequences cost.
  func train(_ arm: SubLayerNormArm, seed: Int) throws -> ArmFigures {
    let random = RandomKey(seed: UInt64(seed)).split("sub-layer norm")
    return switch arm.domain {
    case .images: try trainOnImages(arm, seed: seed, random)
    case .causal, .masked: try trainOnText(arm, seed: seed, random)
    }
  }

  // MARK: Images

  private func trainOnImages(_ arm: SubLayerNormArm, seed: Int, _ random: RandomKey) throws -> ArmFigures {
    let images = config.images
    let model = try TextClassifier(
      arm.encoder(config), classes: GlyphImages.classes, weights: .random(random.split("weights")))
    var figures = try fit(arm, model, seed: seed, random) { step, mode in
      let items = (0..<config.imageBatch).map {
        images.example(step * config.imageBatch + $0, random.split("images"))
      }
      return try LabelledSequences.loss(items, under: model, mode, on: run.device)
    }
    // The same for all seeds.
    let tests = (0..<config.imageTests).map { images.example($0, RandomKey(seed: 0).split("held-out images")) }
    let judged = try LabelledSequences.judged(tests, by: model, on: run.device)
    figures.series["nats"] = judged.nats
    figures.series["tokens"] = judged.nats.map { _ in 1 }
    figures.figures["accuracy"] = judged.accuracy
    figures.figures["parameters"] = Double(try model.encoder.parameterCount())
    return figures
  }

  // MARK: Text

  private func trainOnText(_ arm: SubLayerNormArm, seed: Int, _ random: RandomKey) throws -> ArmFigures {
    let text = try dataset(.train)
    let order = try text.order(seed: UInt64(seed), mixing: .proportional)
    let model = try MaskedLanguageModel(arm.encoder(config), weights: .random(random.split("weights")))
    var figures = try fit(arm, model, seed: seed, random) { step, mode in
      let rows = try windows(text, order.sequences(step: step, batchSize: config.maskedBatch))
      let masked = try masked(rows, random.split("masks").split(step))
      return try model.loss(masked.tokens, places: masked.places, targets: masked.targets, mode)
    }
    try judge(model, into: &figures)
    figures.figures["parameters"] = Double(try model.encoder.parameterCount())
    return figures
  }

  /// What held-out windows cost, by groups of 16; masks and windows are the same for all arms and seeds.
  private func judge(_ model: MaskedLanguageModel, into figures: inout ArmFigures) throws {
    let text = try dataset(.validation)
    let sequences = text.domains.enumerated().flatMap { domain, found in
      (0..<found.sequences).map { SequenceReference(domain: domain, index: $0, epoch: 0) }
    }
    let rows = try windows(text, Array(sequences.prefix(config.maskedTests)))
    for start in stride(from: 0, to: rows.count, by: 16) {
      let masked = try masked(
        Array(rows[start..<min(start + 16, rows.count)]), RandomKey(seed: 0).split("held-out masks").split(start))
      let loss = try withGradients(.off) {
        try model.loss(masked.tokens, places: masked.places, targets: masked.targets, .inference).item()
      }
      figures.series["nats", default: []].append(loss * Double(masked.count))
      figures.series["tokens", default: []].append(Double(masked.count))
    }
  }

  private func dataset(_ split: Split) throws -> TokenDataset {
    try TokenDataset(
      folder: shards, split: split, domains: .all, contextLength: config.comparison.model.contextLength)
  }

  private func windows(_ text: TokenDataset, _ sequences: [SequenceReference]) throws -> [[Int64]] {
    try sequences.map { sequence in
      var window = [Int64](repeating: 0, count: text.contextLength + 1)
      try window.withUnsafeMutableBufferPointer { try text.fill(sequence, into: $0) }
      return Array(window.dropLast())
    }
  }

  private func masked(_ rows: [[Int64]], _ random: RandomKey) throws -> MaskedTokens {
    let vocabulary = config.comparison.model.vocabularySize
    return try MaskedTokens(
      rows, from: 0, share: config.maskedShare, maskToken: Int64(vocabulary), vocabularySize: vocabulary,
      random: random, device: run.device)
  }

  // MARK: Both

  /// Trains a model as its arm says; its losses.
  private func fit(
    _ arm: SubLayerNormArm, _ model: some Module, seed: Int, _ random: RandomKey,
    loss: (Int, Mode) throws -> Tensor
  ) throws -> ArmFigures {
    try model.prepare(.float32, training: true, device: run.device)
    let steps = arm.steps(config)
    let losses = try config.training(arm.rate).run(
      model, steps: steps, random: random.split("dropout"), loss: loss
    ) { step, loss in
      try run.checkStop()
      run.onEvent(.step(arm: arm.name, seed: seed, step: step, of: steps, lossNats: loss))
    }
    return ArmFigures(series: ["training loss": losses])
  }
}
