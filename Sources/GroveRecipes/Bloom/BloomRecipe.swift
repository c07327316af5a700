public import Foundation
import GroveCore
public import GroveCorpus
import GroveModel
import GroveTensor
import GroveTokenizer

/// The choices of a multilingual model: positions by distance, a norm behind the vectors of tokens, one tokenizer for all
/// languages, and tuning to many prompted tasks.
public struct BloomRecipe: Recipe {
  public init() {}

  static let alibi = "alibi"
  static let learned = "learned"
  static let normed = "norm"
  static let plain = "no-norm"

  static func arm(_ name: String, _ rate: Double) -> String { String(format: "\(name)-%g", rate) }

  public let id = "bloom"
  public let paper = Paper(
    title: "BLOOM: A 176B-Parameter Open-Access Multilingual Language Model", authors: "Le Scao et al.", year: 2022,
    arXiv: "2211.05100")
  public let claim =
    "ALiBi reads texts longer than those of training, a norm behind the vectors of tokens makes training more stable, one "
    + "tokenizer serves many languages nearly as well as one of their own, and tuning to many prompted tasks helps with tasks and "
    + "languages that it has not seen."

  public let criteria = [
    Criterion(
      "bytes", .mechanism,
      "All tokenizers give back every held-out document to the byte, and those that are compared are of one size."),
    Criterion(
      "cache", .mechanism,
      "With ALiBi a text half as long again as those of training has the same scores token by token with a cache, within 1e-4 of "
        + "the largest."),
    Criterion(
      "embedding-norm", .mechanism,
      "Multiplying the vectors of tokens by 10 changes no state of the model with the norm by more than 0.01 of the largest, and "
        + "changes one of the model without by more than 0.1."),
    Criterion(
      "alibi-extrapolates", .claim,
      "ALiBi: perplexity of long held-out documents in windows of four times the trained length is at most 1.05 times that in "
        + "windows of the trained length; 95% bootstrap interval over documents below that in every seed."),
    Criterion(
      "learned-breaks", .claim,
      "Learned positions, their table lengthened by rows as they are drawn: the same ratio is at least 1.5; 95% bootstrap interval "
        + "above that in every seed."),
    Criterion(
      "fertility", .claim,
      "For each language the shared tokenizer needs at most 1.25 times the tokens of one trained on that language alone, of the "
        + "same size, on held-out documents."),
    Criterion(
      "stable", .claim,
      "Of the trainings at all rates of the sweep, fewer are not stable with the norm than without. Stable: every step is applied "
        + "with a finite loss, and the mean training loss of the last tenth of the steps is at least 2% below the loss of single "
        + "tokens, and above the best tenth by at most 5% of that."),
    Criterion(
      "held-out-tasks", .claim,
      "Questions of held-out task types with four options: accuracy after tuning minus before is above 0 in every seed (95% "
        + "bootstrap interval over questions), and at least 10 points in the mean."),
    Criterion(
      "absent-languages", .claim,
      "Taught tasks asked in languages absent from tuning, four options: accuracy after tuning minus before is above 0 in every "
        + "seed (95% bootstrap interval over questions)."),
  ]

  public let differences = [
    "Models of 0.17 million parameters on 1.2 million tokens of a software manual in six languages and of Python, not 176 "
      + "billion on 366 billion tokens in 59 languages; competitiveness with other models is not checked.",
    "Learned positions have no row beyond those of training; the table is lengthened by rows as initial weights are drawn, so "
      + "that something can be measured at all.",
    "Prompts are words of five languages in two templates around lists of letters, not xP3; options of held-out tasks are the "
      + "same task's answers to other lists, those of absent languages the answers of other tasks to the same list.",
    "All tokenizers of the comparison have one size; that of BLOOM is several times larger than those of single languages "
      + "that it is compared with. One with as many ids for each language is given beside it.",
    "Cleaning, deduplication and parallel training are not part of it.",
  ]

  public func config(_ scale: RecipeScale) -> BloomConfig {
    switch scale {
    case .smoke: .smoke
    case .tiny: .tiny
    case .full: .full
    }
  }

  public func sources(_ config: BloomConfig, in corpus: URL) throws -> [SourceFile] {
    try ContinuedTexts.sources(config.training, in: corpus)
  }

  /// Positions by distance and learned.
  private func lengths(_ config: BloomConfig) -> [ComparisonArm] {
    [ComparisonArm(Self.alibi), ComparisonArm(Self.learned) { $0.model.positions.kind = .learned }]
  }

  /// With and without the norm, at rising rates.
  private func sweep(_ config: BloomConfig) -> [ComparisonArm] {
    [(Self.normed, Presence.yes), (Self.plain, .no)].flatMap { name, presence in
      config.rates.map { rate in
        ComparisonArm(Self.arm(name, rate), seeds: config.rateSeeds) {
          $0.model.norm.embedding = presence
          ($0.training.steps, $0.training.optimizer.learningRate) = (config.rateSteps, rate)
        }
      }
    }
  }

  private func comparison(_ config: BloomConfig) -> Comparison {
    Comparison(config: config.training, arms: lengths(config) + sweep(config))
  }

  public func plan(_ config: BloomConfig, at scale: RecipeScale) throws -> RecipePlan {
    let (settings, tuning) = (config.training, config.instructions)
    // Prompts and responses have some eight tokens a letter.
    let tokens = tuning.steps * tuning.batchSize * (16 + 8 * tuning.longest)
    return RecipePlan(
      arms: comparison(config).plan(at: scale) + [
        RecipePlan.Arm(
          name: BloomTuning.arm, seeds: settings.seeds, parameters: settings.model.parameterCount, tokens: tokens,
          operations: Double(tokens) * settings.model.trainingOperationsPerToken),
        RecipePlan.Arm(name: BloomFertility.arm, seeds: 1, parameters: 0, tokens: 0, operations: 0),
      ],
      notes: scale == .full ? ["Give a folder with a file for each language, called by its code, with --corpus."] : [])
  }

  public func measure(_ run: RecipeRun, _ config: BloomConfig) throws -> RecipeFindings {
    let names = lengths(config).map(\.name)
    let compared = try comparison(config).records(run) { trained, figures in
      guard names.contains(trained.arm.name) else { return }
      try BloomLengths(config: config, trained: trained).add(to: &figures)
    }
    let texts = ContinuedTexts(folder: run.folder.appending(path: "data"), config.training)
    let shards = texts.made.shards
    let examples = try InstructionExamples(
      config.instructions, tokenizer: Tokenizer(contentsOf: shards.appending(path: Tokenizer.fileName)))
    let tuning = BloomTuning(
      config: config, run: run, tuning: InstructionTuning(examples: examples, device: run.device))
    let others = try run.records(
      run.seeds(config.training.seeds).map { seed in
        RecipeRun.Job(BloomTuning.arm, seed: seed) { try tuning.figures(seed: seed, in: $0) }
      } + [
        RecipeRun.Job(BloomFertility.arm, seed: run.firstSeed) { _ in
          try BloomFertility(texts: texts, config: config).figures()
        }
      ])
    let unigram = try UnigramLoss.natsPerToken(shards, vocabularySize: config.training.model.vocabularySize)
    return try BloomJudgement(
      recipe: self, config: config, records: ComparisonRecords(records: compared.records + others),
      unigramNats: unigram, changes: [Presence.yes, .no].map { try Self.change(config, $0, device: run.device) }
    ).findings()
  }

  /// How far the last states move when the vectors of tokens are multiplied by 10, as a share of the largest state.
  private static func change(_ config: BloomConfig, _ presence: Presence, device: Device) throws -> Double {
    var shape = config.training.model
    shape.norm.embedding = presence
    let model = try makeModel(shape, weights: .random(RandomKey(seed: 0)))
    try model.prepare(.float32, training: false, device: device)
    let tokens = try Tensor((0..<shape.contextLength).map { Int64($0 % 256) }, [1, shape.contextLength])
      .moved(to: device)
    return try withGradients(.off) {
      func states() throws -> [Float] {
        try model.hiddenStates(tokens, ForwardPass(.inference)).contiguous().values(as: Float.self)
      }
      let before = try states()
      for (name, parameter) in try model.parameters() where name.contains("embed_tokens") {
        try parameter.working.scale(by: 10)
      }
      let moved = zip(before, try states()).reduce(0) { max($0, abs($1.0 - $1.1)) }
      return Double(moved / (before.map { abs($0) }.max() ?? 0))
    }
  }
}
