public import Foundation
import GroveCore
import GroveCorpus
import GroveDecode
public import GroveEval
import GroveModel
import GroveTensor
import GroveTokenizer
public import GroveTrain

/// The tour of Grove: from ten domains of text to a model that was stopped, resumed, judged and asked to write.
public struct Demo: Sendable {
  /// The folder that everything goes into.
  public let folder: URL
  /// The folder of the ten domains.
  public let corpus: URL
  /// Of the training run; the shards and the run lie in the demo's folder.
  public let config: RunConfig
  /// Ids of the tokenizer that is trained.
  public let vocabularySize: Int

  /// What the demo tells while it runs.
  public enum Event: Sendable {
    case tokenizer(vocabularySize: Int, seconds: Double)
    case shards(trainingTokens: Int, documents: Int, seconds: Double)
    case training(TrainingEvent)
    /// The first part is over; what follows reads everything back from the disk.
    case stopped(step: Int)
  }

  /// What came out.
  public struct Result: Sendable {
    /// Held-out losses of the last checkpoint, computed in bfloat16.
    public let summary: PerplexitySummary
    /// One for each domain, by name.
    public let samples: [Sample]
    /// The HTML page about the demo.
    public let report: URL
    /// The folder of the last step's weights.
    public let checkpoint: URL
    /// Wall time of everything but the writing of the report.
    public let seconds: Double
  }

  /// A continuation of the beginning of a held-out document.
  public struct Sample: Sendable {
    public let domain: String
    /// The first 24 tokens of the document, as text.
    public let prompt: String
    /// At most 80 tokens, drawn at temperature 0.7 from a nucleus of 0.95.
    public let continuation: String
  }

  /// The size, schedule and optimizer that a sweep chose for four minutes on two cores; see Docs/ExperimentLog.md.
  public static func defaultConfig(data: URL) -> RunConfig {
    var config = RunConfig()
    config.model.width = 128
    config.model.layers = 3
    config.model.attention.heads = 4
    config.model.attention.keyValueHeads = 4
    config.model.feedForwardWidth = 352
    config.data.folder = data.path
    config.training.steps = 3600
    config.training.batchSize = 8
    config.training.optimizer.matrices = .muon
    config.training.optimizer.learningRate = 8e-3
    config.training.schedule.warmupSteps = 50
    config.training.schedule.finalShare = 0
    config.training.schedule.shape = .linear
    config.validation.everySteps = 600
    config.validation.tokensPerDomain = 4096
    config.checkpoints.everySteps = 600
    return config
  }

  /// - Parameters:
  ///   - steps: of the run; nil takes the default.
  ///   - seed: of the run, not negative: another one draws other weights and another order of the data. Nil takes the
  ///     default.
  public init(folder: URL, corpus: URL, steps: Int? = nil, seed: Int? = nil) {
    self.folder = folder
    self.corpus = corpus
    vocabularySize = 2048
    var config = Demo.defaultConfig(data: folder.appending(path: "data"))
    if let seed { config.training.seed = seed }
    if let steps {
      config.training.steps = steps
      config.training.schedule.warmupSteps = min(config.training.schedule.warmupSteps, steps / 10)
      config.validation.everySteps = max(1, steps / 6)
      config.checkpoints.everySteps = max(1, steps / 6)
    }
    self.config = config
  }

  /// Where the training run goes.
  public var run: RunFolder { RunFolder(folder.appending(path: "run")) }

  /// Runs the demo from the beginning.
  /// - Parameter shouldStop: asked after every training step; the state is saved first.
  /// - Returns: nil if it was stopped.
  /// - Throws: `GroveError` if the folder holds something else, or the corpus is not there.
  public func callAsFunction(shouldStop: @escaping () -> Bool, onEvent: @escaping (Event) -> Void) throws -> Result? {
    let clock = ContinuousClock()
    let start = clock.now
    try clear()
    let split = try SplitRule(validationShare: 0.05, seed: 0)
    let tokenizer = try prepare(split, onEvent)
    guard try train(shouldStop, onEvent) else { return nil }
    let checkpoint = run.checkpoint(step: config.training.steps)
    let model = try ModelFolder.load(checkpoint)
    try model.prepare(.bfloat16, training: false, device: .cpu)
    let documents = try TokenDataset(
      folder: folder.appending(path: "data"), split: .validation, domains: .all,
      contextLength: config.model.contextLength
    ).allDocuments()
    let evaluator = try PerplexityEvaluator(
      contextLength: config.model.contextLength, stride: config.model.contextLength, batchTokens: 4096,
      endOfText: TokenizerIdentity(tokenizer).endOfText)
    let losses = try evaluator.losses(of: documents, under: model)
    let summary = try PerplexitySummary(losses, random: RandomKey(seed: 0))
    let samples = try samples(model, tokenizer, documents)
    let seconds = (clock.now - start).seconds
    try DemoReport.write(run, summary, samples, seconds: seconds, to: folder.appending(path: "report.html"))
    return Result(
      summary: summary, samples: samples, report: folder.appending(path: "report.html"), checkpoint: checkpoint,
      seconds: seconds)
  }

  /// Begins anew, but removes nothing that a demo did not make.
  private func clear() throws {
    let mark = folder.appending(path: ".grove-demo")
    if FileSystem.exists(folder), try !FileSystem.entries(of: folder).isEmpty {
      guard FileSystem.exists(mark) else {
        throw GroveError(
          .file, folder.path, "is not empty and not a demo of Grove", remedy: "Name another folder with --out.")
      }
      // The mark goes last: a kill in between leaves what the next demo may remove.
      for entry in try FileSystem.entries(of: folder) where entry.lastPathComponent != mark.lastPathComponent {
        try FileSystem.remove(entry)
      }
    }
    try FileSystem.makeFolder(folder)
    try FileSystem.write("", to: mark)
  }

  private func prepare(_ split: SplitRule, _ onEvent: @escaping (Event) -> Void) throws -> Tokenizer {
    let clock = ContinuousClock()
    var start = clock.now
    let files = try CorpusFiles([corpus])
    let options = ReadingOptions(domain: .fileName, brokenLines: .fail)
    let tokenizer = try CorpusTokenizer.train(
      files, options, split: split, vocabularySize: vocabularySize, onProblem: { _ in }, onProgress: { _ in })
    onEvent(.tokenizer(vocabularySize: tokenizer.vocabularySize, seconds: (clock.now - start).seconds))
    start = clock.now
    let builder = try ShardBuilder(
      folder: folder.appending(path: "data"), tokenizer: TokenizerIdentity(tokenizer), split: split, workers: 2,
      existing: .refuse)
    let manifest = try builder.build(files, options, tokenizer: tokenizer) { _ in }
    let training = manifest.shards.filter { $0.split == .train }
    onEvent(
      .shards(
        trainingTokens: training.reduce(0) { $0 + $1.content.tokens },
        documents: training.reduce(0) { $0 + $1.content.documents }, seconds: (clock.now - start).seconds))
    return tokenizer
  }

  /// Trains in two parts: the second one begins with nothing but the folder. False if it was stopped.
  private func train(_ shouldStop: @escaping () -> Bool, _ onEvent: @escaping (Event) -> Void) throws -> Bool {
    var step = 0
    let half = config.training.steps * 2 / 5
    let first = try Trainer(config, folder: run, device: .cpu)
    _ = try first.run(shouldStop: { step >= half || shouldStop() }) { event in
      if case .step(let record) = event { step = record.step }
      onEvent(.training(event))
    }
    if shouldStop() { return false }
    onEvent(.stopped(step: step))
    let second = try Trainer(config, folder: run, device: .cpu)
    return try second.run(shouldStop: shouldStop) { onEvent(.training($0)) } == .finished
  }

  /// Continues the beginning of the first held-out document of each domain.
  private func samples(
    _ model: any LanguageModel, _ tokenizer: Tokenizer, _ documents: [TokenizedDocument]
  ) throws -> [Sample] {
    var options = SamplingOptions()
    options.temperature = 0.7
    options.topP = 0.95
    let sampler = try Sampler.drawing(options)
    let endOfText = try TokenizerIdentity(tokenizer).endOfText
    let groups = Dictionary(grouping: documents, by: \.domain).sorted { $0.key < $1.key }
    return try groups.map { domain, documents in
      let beginning = documents[0].tokens.prefix(24).map { UInt32($0) }
      let prompt = try tokenizer.decodeText(beginning, specialTokens: .skipping).replacing("\u{FFFD}", with: "")
      let generation = try TextGeneration(
        model, tokenizer, endOfText: endOfText, prompt: prompt, sampler: sampler,
        random: RandomKey(seed: 0).split(domain), maximumTokens: 80, stops: [])
      var text = ""
      while let piece = try generation.next() { text += piece.text }
      return Sample(domain: domain, prompt: prompt, continuation: text)
    }
  }
}
