public import Foundation
public import GroveCluster
import GroveCore
import GroveCorpus
import GroveDecode
public import GroveForest
public import GroveJobs
import GroveModel
import GroveTensor
import GroveTokenizer
import GroveTrain

/// The tour of Grove: ten domains of text whose labels nobody is told, a forest of experts grown on the domains that were
/// found, and its comparison with a dense model on as many tokens.
public struct Demo: Sendable {
  /// The folder that everything goes into.
  public let folder: URL
  /// The folder of the ten domains.
  public let corpus: URL
  /// Of the forest; its data and its clusterer lie in the demo's folder.
  public let config: ForestConfig
  /// How domains are found.
  public let clustering: ClusteringConfig
  /// Ids of the tokenizer that is trained.
  public let vocabularySize: Int

  /// What the demo tells while it runs.
  public enum Event: Sendable {
    case tokenizer(vocabularySize: Int, seconds: Double)
    /// The domains were found; what agrees with the labels, nobody was told.
    case domains(DomainSummary, seconds: Double)
    case shards(trainingTokens: Int, documents: Int, seconds: Double)
    case forest(ForestEvent)
    /// The members are compared.
    case judging(ForestJudge.Event)
  }

  /// What came out.
  public struct Result: Sendable {
    /// The forest in several ways of use, the dense model, the seed and the experts' average, on held-out documents by
    /// label.
    public let judgement: ForestJudgement
    /// One for each label, by name.
    public let samples: [Sample]
    /// The experts with the words of their clusters, by name.
    public let titles: [String: String]
    /// The HTML page about the demo.
    public let report: URL
    /// The folder of the forest.
    public let forest: ForestFolder
    /// Wall time of everything but the writing of the report.
    public let seconds: Double
  }

  /// A continuation of the beginning of a held-out document.
  public struct Sample: Sendable {
    public let label: String
    /// The first 24 tokens of the document, as text.
    public let prompt: String
    /// At most 60 tokens, drawn at temperature 0.7 from a nucleus of 0.95.
    public let continuation: String
    /// The experts that led, with the number of tokens at which they did, the most first.
    public let experts: [(name: String, tokens: Int)]
  }

  /// How the forest is used where one way must be chosen: all experts, weighed by the text so far.
  public static let mode = ForestMode(.posterior)
  /// The ways of use that are compared.
  static let modes = [mode, ForestMode(.posterior, top: 1), ForestMode(.distance), ForestMode(.distance, top: 1)]

  /// The size, schedule and optimizer that sweeps chose; see Docs/ExperimentLog.md.
  public static func defaultConfig(data: URL, clusterer: URL) -> ForestConfig {
    var config = ForestConfig()
    config.model.width = 128
    config.model.layers = 3
    config.model.attention.heads = 4
    config.model.attention.keyValueHeads = 4
    config.model.feedForwardWidth = 352
    config.data.folder = data.path
    config.training.steps = 3000
    config.training.batchSize = 8
    config.training.optimizer.matrices = .muon
    config.training.optimizer.learningRate = 8e-3
    config.training.schedule.warmupSteps = 50
    config.training.schedule.finalShare = 0
    config.training.schedule.shape = .linear
    config.growth.clusterer = clusterer.path
    config.growth.seedShare = 0.5
    config.growth.batchSize = 4
    config.validation.everySteps = 500
    config.validation.tokensPerDomain = 4096
    config.checkpoints.everySteps = 500
    config.checkpoints.keep = 1
    return config
  }

  /// - Parameters:
  ///   - steps: of the dense model, which the forest shares out; nil takes the default.
  ///   - seed: of clusters, weights and the order of data, not negative. Nil takes the default.
  public init(folder: URL, corpus: URL, steps: Int? = nil, seed: Int? = nil) {
    self.folder = folder
    self.corpus = corpus
    vocabularySize = 2048
    var clustering = ClusteringConfig()
    clustering.clusters = 10
    clustering.pieceBytes = 2048
    var config = Demo.defaultConfig(
      data: folder.appending(path: "data"), clusterer: folder.appending(path: "domains"))
    if let seed {
      config.training.seed = seed
      clustering.seed = seed
    }
    if let steps {
      config.training.steps = steps
      config.training.schedule.warmupSteps = min(config.training.schedule.warmupSteps, steps / 10)
      config.validation.everySteps = max(1, steps / 6)
      config.checkpoints.everySteps = max(1, steps / 6)
    }
    self.config = config
    self.clustering = clustering
  }

  /// Where the forest grows.
  public var forest: ForestFolder { ForestFolder(folder.appending(path: "forest")) }

  /// Runs the demo from the beginning.
  /// - Parameters:
  ///   - executor: runs `grove` with the arguments of a job.
  ///   - shouldStop: asked often while the forest grows; what runs is saved first.
  /// - Returns: nil if it was stopped.
  /// - Throws: `GroveError` if the folder holds something else, the corpus is not there, or a member of the forest failed.
  public func callAsFunction(
    executor: any Executor, shouldStop: () -> Bool, onEvent: @escaping (Event) -> Void
  ) throws -> Result? {
    let clock = ContinuousClock()
    let start = clock.now
    try clear()
    let (tokenizer, domains) = try prepare(onEvent)
    let grower = ForestGrower(try ForestPlan(config), folder: forest, executor: executor)
    let grown = try grower.grow(dense: .train, shouldStop: shouldStop) { onEvent(.forest($0)) }
    if let failure = grown.failures.sorted(by: { $0.key < $1.key }).first {
      throw GroveError(
        .job, forest.url.path, "'\(failure.key)' failed: \(failure.value)",
        remedy: "'grove forest grow --out \(forest.url.relativePath)' tries again what is missing.")
    }
    guard grown.isComplete else { return nil }
    let use = try ForestUse(forest, precision: .bfloat16, device: .cpu, limit: .none)
    let documents = try labelled(.validation)
    let judgement = try judge(use, documents, onEvent)
    let samples = try samples(use, tokenizer, documents)
    let seconds = (clock.now - start).seconds
    let page = folder.appending(path: "report.html")
    let assigner = ClusterAssigner(try Clusterer(contentsOf: forest.clusterer))
    let names = (0..<assigner.clusterer.clusterCount).map { assigner.name(of: $0) }
    try DemoReport(judgement: judgement, domains: domains, names: names, samples: samples, use: use, seconds: seconds)
      .write(to: page)
    let titles = Dictionary(uniqueKeysWithValues: use.pool.names.map { ($0, use.title($0)) })
    return Result(
      judgement: judgement, samples: samples, titles: titles, report: page, forest: forest, seconds: seconds)
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

  // MARK: Text to shards

  private var split: SplitRule { get throws { try SplitRule(validationShare: 0.05, seed: 0) } }
  private var reading: ReadingOptions { ReadingOptions(domain: .fileName, brokenLines: .fail) }

  /// Trains the tokenizer, finds the domains, and makes shards of what each document's words say of it.
  private func prepare(_ onEvent: @escaping (Event) -> Void) throws -> (Tokenizer, DomainSummary) {
    let clock = ContinuousClock()
    var start = clock.now
    let files = try CorpusFiles([corpus])
    let tokenizer = try CorpusTokenizer.train(
      files, reading, split: split, kind: .bytePair, vocabularySize: vocabularySize, onProblem: { _ in },
      onProgress: { _ in })
    onEvent(.tokenizer(vocabularySize: tokenizer.vocabularySize, seconds: (clock.now - start).seconds))
    start = clock.now
    let found = try DomainFinder(clustering, split: split).find(files, reading, onEvent: { _ in })
    try found.write(to: folder.appending(path: "domains"))
    let assigned = folder.appending(path: "texts")
    _ = try ClusterAssigner(found.clusterer).assign(
      files, reading, to: .folder(assigned), onProblem: { _ in }, onProgress: { _, _ in })
    onEvent(.domains(found.summary, seconds: (clock.now - start).seconds))
    start = clock.now
    let builder = try ShardBuilder(
      folder: folder.appending(path: "data"), tokenizer: TokenizerIdentity(tokenizer), split: split, workers: 2,
      existing: .refuse)
    let manifest = try builder.build(
      CorpusFiles([assigned.appending(path: "documents")]), reading, tokenizer: tokenizer
    ) { _ in }
    let training = manifest.shards.filter { $0.split == .train }
    onEvent(
      .shards(
        trainingTokens: training.reduce(0) { $0 + $1.content.tokens },
        documents: training.reduce(0) { $0 + $1.content.documents }, seconds: (clock.now - start).seconds))
    return (tokenizer, found.summary)
  }

  /// The documents of one side under the labels that were hidden so far.
  private func labelled(_ side: Split) throws -> [TokenizedDocument] {
    var labels: [String: String] = [:]
    let reader = DocumentReader(try CorpusFiles([corpus]), reading) { _ in }
    while let document = try reader.next() { labels[document.id] = document.domain }
    let dataset = try TokenDataset(
      folder: folder.appending(path: "data"), split: side, domains: .all,
      contextLength: config.model.contextLength)
    return try dataset.allDocuments().map { document in
      var document = document
      document.domain = labels[document.id] ?? document.domain
      return document
    }
  }

  // MARK: Judging and writing

  private func judge(
    _ use: ForestUse, _ documents: [TokenizedDocument], _ onEvent: (Event) -> Void
  ) throws -> ForestJudgement {
    let average = folder.appending(path: "average")
    try forest.average(use.manifest.parents(nil, in: forest), of: use.manifest, to: average)
    let members = [use.manifest.dense, use.manifest.seed].compactMap { $0 }.map {
      ForestContender($0.name, model: $0.checkpoint(in: forest), trainingTokens: $0.trainingTokens)
    }
    let contenders =
      members + [ForestContender("average", model: average, trainingTokens: use.manifest.trainingTokens)]
    let traced = Dictionary(grouping: documents, by: \.domain).sorted { $0.key < $1.key }.prefix(2).map {
      $0.value[0].id
    }
    return try ForestJudge(use.manifest, pool: use.pool, distances: use.distances)
      .judge(documents, modes: Demo.modes, contenders: contenders, tracing: Set(traced)) { onEvent(.judging($0)) }
  }

  /// Continues the beginning of the first held-out document of each label.
  private func samples(
    _ use: ForestUse, _ tokenizer: Tokenizer, _ documents: [TokenizedDocument]
  ) throws -> [Sample] {
    var options = SamplingOptions()
    options.temperature = 0.7
    options.topP = 0.95
    let sampler = try Sampler.drawing(options)
    let rule = try use.rule(Demo.mode, temperature: 0.1)
    return try Dictionary(grouping: documents, by: \.domain).sorted { $0.key < $1.key }.map { label, documents in
      let beginning = documents[0].tokens.prefix(24).map { UInt32($0) }
      let prompt = try tokenizer.decodeText(beginning, specialTokens: .skipping).replacing("\u{FFFD}", with: "")
      let generation = try MixtureGeneration(
        MixtureScorer(use.pool, rule: rule, distances: use.distances), use.pool, prompt: prompt, sampler: sampler,
        random: RandomKey(seed: 0).split(label), maximumTokens: 60)
      var text = ""
      while let piece = try generation.next() { text += piece.text }
      return Sample(
        label: label, prompt: prompt, continuation: text,
        experts: generation.leaders.map { (name: $0.expert, tokens: $0.tokens) })
    }
  }
}
