import Foundation
import GroveCore
import GroveModel
import GroveTensor
import GroveTrain

/// A general encoder, and what goes on from it on medical text.
struct BioptimusArms: Sendable {
  static let general = "general"
  /// Those that differ in what the new embeddings begin as; all hide single tokens.
  static let beginnings = VocabularyExpansion.Rows.allCases.map(\.rawValue)
  /// Those that differ in what is hidden; all begin with contextual embeddings, as does the first of the other kind.
  static let maskings = ["words-15", "words-20", "words-20-mask", "curriculum"]

  let config: BioptimusConfig
  let texts: MedicalTexts
  let expansion: VocabularyExpansion
  let spans: SpanRecognition
  let run: RecipeRun

  private func random(_ seed: Int) -> RandomKey { RandomKey(seed: UInt64(seed)).split("bioptimus") }

  private func passages(_ lines: [[String]], _ vocabulary: WordPieces) -> [WordPassage] {
    WordPassage.cut(lines, vocabulary, words: config.passageWords, length: config.encoder.contextLength)
  }

  /// Pre-trains the general encoder of a seed and leaves it in the arm's folder.
  func generalJob(_ lines: [[String]], seed: Int) -> RecipeRun.Job {
    RecipeRun.Job(Self.general, seed: seed) { folder in
      let random = random(seed).split("general")
      let model = try MaskedLanguageModel(
        config.shape(expansion.general.count), weights: .random(random.split("weights")))
      try model.prepare(.float32, training: true, device: run.device)
      let losses = try train(
        model, passages(lines, expansion.general), Self.general, seed, random, steps: config.generalSteps,
        config.pretraining
      ) { _ in BioptimusConfig.phases[0] }
      try ModelFolder.save(.masked(model), endOfText: 0, to: folder)
      return ArmFigures(series: ["training loss": losses])
    }
  }

  /// Goes on from the general encoder of a seed.
  func job(_ name: String, seed: Int) -> RecipeRun.Job {
    RecipeRun.Job(name, seed: seed) { _ in
      guard case .masked(let general) = try ModelFolder.open(run.place(of: Self.general, seed: seed)) else {
        preconditionFailure("the general arm left no encoder")
      }
      try general.prepare(.float32, training: false, device: run.device)
      let rows = VocabularyExpansion.Rows(rawValue: name) ?? .contextual
      let random = random(seed).split("medical")
      let model = try expansion.model(
        rows, from: general, lines: passages(texts.training, expansion.general), occurrences: config.occurrences,
        random: random.split("rows"), device: run.device)
      let change = try change(model, general)
      let phase = config.steps / BioptimusConfig.phases.count
      let losses = try train(
        model, passages(texts.training, expansion.expanded), name, seed, random, steps: config.steps, config.continued
      ) { step in
        switch name {
        case "curriculum": BioptimusConfig.phases[step / phase]
        case let name: BioptimusConfig.phases[(Self.maskings.firstIndex(of: name) ?? -1) + 1]
        }
      }
      let masked = MaskedWords(
        passages: Array(passages(texts.heldOut, expansion.expanded).prefix(config.maskedWords)))
      return ArmFigures(
        figures: [
          "area": losses.reduce(0, +) / Double(losses.count),
          "masked words": try masked.accuracy(model, on: run.device),
          "names": try spans.f1(
            from: model.encoder, expansion.expanded, random: random.split("names"), device: run.device),
          "change of old scores": change,
        ], series: ["training loss": losses])
    }
  }

  private func train(
    _ model: MaskedLanguageModel, _ passages: [WordPassage], _ name: String, _ seed: Int, _ random: RandomKey,
    steps: Int,
    _ training: ObjectiveTraining, masking: @escaping @Sendable (Int) -> MaskingConfig
  ) throws -> [Double] {
    let pretraining = MaskedPretraining(
      passages: passages, training: training, batchSize: config.batchSize, steps: steps, masking: masking,
      random: random,
      device: run.device)
    return try pretraining.run(model) { step, loss in
      try run.checkStop()
      run.onEvent(.step(arm: name, seed: seed, step: step, of: steps, lossNats: loss))
    }
  }

  /// The largest change of any score of an old token, in texts of old tokens.
  private func change(_ model: MaskedLanguageModel, _ general: MaskedLanguageModel) throws -> Double {
    let padded = try PaddedRows(passages(texts.heldOut, expansion.general).prefix(4).map(\.tokens), on: run.device)
    return try withGradients(.off) {
      let tokens = padded.tokens
      let old = try general.logits(tokens, attended: padded.attended, .inference)
      let new = try model.logits(tokens, attended: padded.attended, .inference)
        .narrowed(2, from: 0, count: expansion.general.count)
      let changes: [Float] = try (new - old).absolute().values()
      return Double(changes.max() ?? 0)
    }
  }
}
