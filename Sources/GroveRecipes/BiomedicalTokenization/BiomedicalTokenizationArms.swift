import Foundation
import GroveCore
import GroveModel

/// The segmenter, and the twins that differ in their vocabulary only.
struct BiomedicalTokenizationArms: Sendable {
  static let segmenter = "segmenter"
  static let standard = "standard"
  static let morphemes = "morphemes"

  let config: BiomedicalTokenizationConfig
  let texts: MedicalTexts
  let run: RecipeRun

  private static let segments = "segments.txt"

  /// Trains the segmenter, scores it, and leaves the parts of the text's words in the arm's folder.
  func segmenterJob() -> RecipeRun.Job {
    RecipeRun.Job(Self.segmenter, seed: run.firstSeed) { folder in
      let random = RandomKey(seed: UInt64(run.firstSeed)).split("segmenter")
      let sides = try texts.morphemes()
      let segmenter = try CharacterSegmenter(config.segmenter, random: random, device: run.device)
      try segmenter.train(sides.training, random: random) { step, loss in
        try run.checkStop()
        run.onEvent(
          .step(arm: Self.segmenter, seed: run.firstSeed, step: step, of: config.segmenter.steps, lossNats: loss))
      }
      var score = SegmentationScore()
      for (parts, gold) in zip(try segmenter.parts(of: sides.tests.map(\.word)), sides.tests) {
        score.add(parts, gold: gold.parts)
      }
      let words = WordPieces.counts(texts.training).keys.sorted()
      let lines = zip(words, try segmenter.parts(of: words)).map { "\($0) \($1.joined(separator: "|"))\n" }
      try FileSystem.write(lines.joined(), to: folder.appending(path: Self.segments))
      return ArmFigures(figures: ["segmentation F1": score.f1])
    }
  }

  /// Both vocabularies, of equal size, after the segmenter's arm.
  func vocabularies() throws -> (standard: WordPieces, morphemes: WordPieces) {
    let counts = WordPieces.counts(texts.training)
    let standard = try WordPieces.learned(from: counts, count: config.vocabularySize - WordPieces.special.count)
    let file = run.place(of: Self.segmenter, seed: run.firstSeed).appending(path: Self.segments)
    let lines = String(decoding: try FileSystem.read(file), as: UTF8.self).split(separator: "\n")
    let parts = Dictionary(lines.compactMap(MedicalTexts.segmentation).map { ($0.word, $0.parts) }) { first, _ in first
    }
    let morphemes = MorphemeVocabulary.pieces(counts: counts, parts: parts, standard: standard, count: standard.count)
    return (try WordPieces(standard), try WordPieces(morphemes))
  }

  /// Pre-trains one twin from one seed and measures what it has learned.
  func twin(_ name: String, _ vocabulary: WordPieces, _ tasks: BiomedicalTasks, seed: Int) -> RecipeRun.Job {
    RecipeRun.Job(name, seed: seed) { _ in
      let random = RandomKey(seed: UInt64(seed)).split("twins")
      var shape = config.shape
      shape.vocabularySize = vocabulary.count
      let model = try MaskedLanguageModel(shape, weights: .random(random.split("weights")))
      try model.prepare(.float32, training: true, device: run.device)
      func passages(_ lines: [[String]]) -> [WordPassage] {
        WordPassage.cut(lines, vocabulary, words: config.passageWords, length: shape.contextLength)
      }
      let training = passages(texts.training)
      let pretraining = MaskedPretraining(
        passages: training, training: config.pretraining, batchSize: config.batchSize, steps: config.steps,
        masking: { _ in config.masking }, random: random, device: run.device)
      let losses = try pretraining.run(model) { step, loss in
        try run.checkStop()
        run.onEvent(.step(arm: name, seed: seed, step: step, of: config.steps, lossNats: loss))
      }
      let heldOut = passages(texts.heldOut)
      let (tokens, words) = training.reduce((0, 0)) { ($0.0 + $1.tokens.count, $0.1 + $1.words.count) }
      let masked = MaskedWords(passages: Array(heldOut.prefix(config.maskedWords)))
      return ArmFigures(
        figures: [
          "masked words": try masked.accuracy(model, on: run.device),
          "linking": try tasks.linking.accuracy(model.encoder, vocabulary, on: run.device),
          "names": try tasks.spans.f1(
            from: model.encoder, vocabulary, random: random.split("names"), device: run.device),
          "tokens a word": Double(tokens) / Double(max(1, words)),
        ], series: ["training loss": losses])
    }
  }
}

/// What the twins are measured on, beside hidden words.
struct BiomedicalTasks: Sendable {
  let linking: SynonymLinking
  let spans: SpanRecognition

  init(_ config: BiomedicalTokenizationConfig, _ texts: MedicalTexts) throws {
    linking = SynonymLinking(try texts.synonyms(), count: config.linkedTerms)
    spans = try SpanRecognition(
      config.spans, dictionary: texts.names(), training: texts.training, heldOut: texts.heldOut,
      words: config.passageWords)
  }
}
