public import Foundation
import GroveCore
public import GroveCorpus
import GroveModel

/// Every task as text in and text out, for a model that learned to fill gaps.
public struct TextToTextRecipe: Recipe {
  public init() {}

  public let id = "t5-text-to-text"
  public let paper = Paper(
    title: "Exploring the Limits of Transfer Learning with a Unified Text-to-Text Transformer",
    authors: "Raffel et al.", year: 2019, arXiv: "1910.10683")
  public let claim =
    "An encoder-decoder that learned to fill gaps in text is better at tasks of text to text than one that was not pre-trained, "
    + "than a decoder of equal cost that learned to go on with text, and than one that learned from text that is not clean."

  public let criteria = [
    Criterion(
      "gaps", .mechanism,
      "Every corrupted passage has as many hidden tokens as it should, and its text is found again from source and target."
    ),
    Criterion(
      "clean", .mechanism,
      "Every line of the cleaned text ends with a mark that ends a sentence or closes it, and none has a brace."
    ),
    Criterion(
      "equal-cost", .mechanism,
      "A passage costs the encoder-decoder, on both sides of its corruption, between 0.75 and 1.25 of the operations that it "
        + "costs the decoder."),
    Criterion(
      "pretraining", .claim,
      "On every task, the score with pre-training minus that without: the 95% t interval over seeds is above 0."
    ),
    Criterion(
      "architecture", .claim,
      "Mean score over the tasks, encoder-decoder that fills gaps minus decoder that goes on: the 95% t interval over seeds is "
        + "above 0."),
    Criterion(
      "cleaning", .claim,
      "Mean score over the tasks, pre-trained on cleaned text minus on text as it is: the 95% t interval over seeds is above 0."
    ),
  ]

  public let differences = [
    "Encoder-decoders of 0.3 million parameters and a thousand ids on 1.2 million tokens in passages of 64, five seeds, not 220 million on 34 billion "
      + "tokens of C4 and the tasks of GLUE, SuperGLUE, SQuAD, CNN/Daily Mail and WMT.",
    "AdamW with a cosine in place of Adafactor with an inverse square root.",
    "Four tasks of the demo corpus: a page's program, a chapter's group of books, a gloss's part of speech (all to be written "
      + "exactly, with as many of each class), and a page's title, scored by tokens that are right behind the right ones.",
    "Questions are cut to 64 tokens and padded with an id that is read like any other.",
    "What is not clean are the files as they are, with menus, headings, programs and formulas, not pages of the web with their "
      + "markup; cleaning leaves prose. Languages are not looked at, and no word is refused.",
    "The decoder has as many blocks as the encoder, so it costs as much and has about half of the parameters; it sees the "
      + "question causally.",
    "Weights start with one deviation for all matrices.",
  ]

  public func config(_ scale: RecipeScale) -> TextToTextConfig {
    switch scale {
    case .smoke: .smoke
    case .tiny: .tiny
    case .full: .full
    }
  }

  public func sources(_ config: TextToTextConfig, in corpus: URL) throws -> [SourceFile] {
    try RecipeTexts.sources(config.files, in: corpus)
  }

  public func check(_ config: TextToTextConfig, for run: RecipeRun) throws {
    guard config.model.dropout > 0, run.workers > 1 else { return }
    throw GroveError(
      .argument, "--workers",
      "dropout of \(config.model.dropout) draws from one generator of the whole process, so \(run.workers) arms at a time "
        + "would change each other's draws",
      remedy: "Give --workers 1, or --set model.dropout=0.")
  }

  public func plan(_ config: TextToTextConfig, at scale: RecipeScale) throws -> RecipePlan {
    let vocabulary = config.vocabularySize
    let (whole, decoder) = (
      config.model(vocabulary: vocabulary), config.decoder(vocabulary: vocabulary)
    )
    let passages = config.pretrainingSteps * config.pretrainingBatch
    let questions = TextTask.allCases.count * config.fineTuningSteps * config.fineTuningBatch
    let cost = config.operationsOfPassage(vocabulary: vocabulary)
    let arms = TextToTextArm.allCases.map { arm in
      let read = arm == .random ? 0 : passages
      let isDecoder = arm == .languageModel
      let tuning =
        isDecoder
        ? Double(decoder.contextLength) * decoder.trainingOperationsPerToken
        : whole.trainingOperations(sourceLength: config.length, targetLength: config.answerLength)
      return RecipePlan.Arm(
        name: arm.rawValue, seeds: config.seeds,
        parameters: isDecoder ? decoder.parameterCount : whole.parameterCount,
        tokens: read * config.length + questions * (config.length + config.answerLength),
        operations: Double(read) * (isDecoder ? cost.decoder : cost.encoderDecoder) + Double(
          questions) * tuning)
    }
    return RecipePlan(
      arms: arms + [
        RecipePlan.Arm(name: TextToTextArm.texts, seeds: 1, parameters: 0, tokens: 0, operations: 0)
      ],
      notes: ["Answers are counted as if each had the most tokens."]
        + (scale == .full
          ? [
            "Give a folder with C4 as these files, and tasks with as many examples, with --corpus."
          ] : [])
    )
  }

  public func measure(_ run: RecipeRun, _ config: TextToTextConfig) throws -> RecipeFindings {
    let data = try TextToTextData(corpus: run.corpus, config)
    let texts = try run.records([
      RecipeRun.Job(TextToTextArm.texts, seed: run.firstSeed) { _ in
        TextToTextArm.texts(config, data)
      }
    ])
    let records = try run.records(
      TextToTextArm.allCases.flatMap { arm in
        run.seeds(config.seeds).map { seed in
          RecipeRun.Job(arm.rawValue, seed: seed) { _ in
            try arm.train(config, data, seed: seed, run)
          }
        }
      })
    return try TextToTextJudgement(
      recipe: self, records: ComparisonRecords(records: records), texts: texts[0]
    ).findings()
  }
}
