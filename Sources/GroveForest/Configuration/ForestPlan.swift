public import Foundation
import GroveCluster
import GroveCore
import GroveCorpus
public import GroveTrain

/// The runs that make a forest, and what they cost: a config checked against its data.
public struct ForestPlan: Sendable {
  /// One expert to be.
  public struct Expert: Sendable, Equatable {
    /// That of its domain.
    public let name: String
    public let steps: Int
    /// Tokens that it trains on after the seed.
    public let trainingTokens: Int
  }

  /// With the shape of the model filled in.
  public let config: ForestConfig
  /// Steps of the seed phase; 0 without one.
  public let seedSteps: Int
  /// In order of the bytes of their names.
  public let experts: [Expert]
  /// What the dense model of the same cost would be.
  public let dense: RunPlan

  /// What the seed is called among the members of a forest.
  public static let seedName = "seed"
  /// What the dense model of the same cost is called.
  public static let denseName = "dense"
  static let reservedNames: Set<String> = [seedName, denseName]

  /// Tokens of the seed phase.
  public var seedTokens: Int { seedSteps * dense.tokensPerStep }
  /// Of the seed and all experts; rounding to whole steps can make it differ a little from the dense model's.
  public var trainingTokens: Int { experts.reduce(seedTokens) { $0 + $1.trainingTokens } }
  /// Floating-point operations of the seed and all experts.
  public var operations: Double { Double(trainingTokens) * dense.config.model.trainingOperationsPerToken }

  /// - Throws: `GroveError` with what is wrong in the config or the data, or does not fit between the two: all runs of the
  ///   forest are checked, so that none fails for its config after the seed has been trained.
  public init(_ config: ForestConfig) throws {
    try config.validated()
    var config = config.withAbsolutePaths()
    dense = try RunPlan(config.dense)
    config.model = dense.config.model
    self.config = config
    seedSteps = config.seedSteps
    let rest = (config.training.steps - seedSteps) * dense.tokensPerStep
    let tokensPerStep = config.expertBatchSize * config.model.contextLength
    let domains = dense.dataset.domains
    let total = domains.reduce(0) { $0 + $1.tokens }
    if let domain = domains.first(where: { ForestPlan.reservedNames.contains($0.name) }) {
      throw GroveError(
        .config, config.data.folder, "the domain '\(domain.name)' has a name that a forest keeps for itself",
        remedy: "Give it another one.")
    }
    try ForestPlan.checkClusters(config, domains.map(\.name))
    experts = try domains.map { domain in
      guard domain.sequences > 0 else {
        throw GroveError(
          .config, config.data.folder,
          "the domain '\(domain.name)' has \(domain.tokens) tokens, not one sequence of \(config.model.contextLength)",
          remedy: "Leave it out with data.domains, join it with another, or shorten model.contextLength.")
      }
      let share =
        switch config.growth.tokens {
        case .equal: 1 / Double(domains.count)
        case .proportional: Double(domain.tokens) / Double(max(total, 1))
        }
      let steps = max(1, Int((Double(rest) * share / Double(tokensPerStep)).rounded()))
      return Expert(name: domain.name, steps: steps, trainingTokens: steps * tokensPerStep)
    }
    if let seed = try seedRun() { try seed.validated() }
    for expert in experts { try run(of: expert, from: config.startFolder).validated() }
  }

  /// Weights by distance need to know which cluster each domain is.
  private static func checkClusters(_ config: ForestConfig, _ domains: [String]) throws {
    guard !config.growth.clusterer.isEmpty else { return }
    let assigner = ClusterAssigner(try Clusterer(contentsOf: URL(filePath: config.growth.clusterer)))
    let names = (0..<assigner.clusterer.clusterCount).map { assigner.name(of: $0) }
    if let stranger = domains.first(where: { !names.contains($0) }) {
      throw GroveError(
        .mismatch, config.growth.clusterer, "the domain '\(stranger)' is none of its \(names.count) clusters",
        remedy: "Make the shards from what 'grove domains assign' has written, or leave growth.clusterer out.")
    }
  }

  /// The run of the seed phase; nil without one.
  public func seedRun() throws -> RunConfig? {
    guard seedSteps > 0 else { return nil }
    var run = config.dense
    run.training.steps = seedSteps
    if config.growth.schedule == .continued {
      run.training.schedule.stepsAfter += config.training.steps - seedSteps
    }
    return run
  }

  /// The run of an expert.
  /// - Parameter start: the checkpoint that it branches from; nil where it draws its weights.
  public func run(of expert: Expert, from start: URL?) -> RunConfig {
    var run = config.expertRun(domain: expert.name, steps: expert.steps, from: start)
    // Without a common seed the experts are strangers to each other from the first weight on.
    if start == nil { run.training.seed += 1 + (experts.firstIndex(of: expert) ?? 0) }
    return run
  }
}

extension ForestConfig {
  /// What jobs and manifest say must be true wherever they are read.
  fileprivate func withAbsolutePaths() -> ForestConfig {
    func absolute(_ path: String) -> String { path.isEmpty ? "" : URL(filePath: path).standardizedFileURL.path }
    var config = self
    config.data.folder = absolute(data.folder)
    config.start.model = absolute(start.model)
    config.growth.clusterer = absolute(growth.clusterer)
    return config
  }

  /// Steps of the seed phase; 0 without one.
  var seedSteps: Int { Int((Double(training.steps) * growth.seedShare).rounded()) }
  /// Sequences of an expert's step.
  var expertBatchSize: Int { growth.batchSize > 0 ? growth.batchSize : training.batchSize }

  /// The run of an expert on one domain.
  func expertRun(domain: String, steps: Int, from start: URL?) -> RunConfig {
    var run = dense
    run.data.domains = [domain]
    run.data.weights = [:]
    run.training.steps = steps
    run.training.batchSize = expertBatchSize
    if growth.learningRate > 0 { run.training.optimizer.learningRate = growth.learningRate }
    run.start = StartConfig()
    if let start {
      run.start.model = start.path
      run.start.moments = growth.moments
    }
    switch growth.schedule {
    case .own: run.training.schedule = growth.ownSchedule
    case .continued:
      // An expert's steps stand for the rest of the dense model's, however many they are.
      let ratio = Double(steps) / Double(training.steps - seedSteps)
      run.training.schedule = training.schedule.scaled(by: ratio, after: seedSteps)
    }
    return run
  }
}

extension ScheduleConfig {
  /// What is left of a schedule after some steps, in steps of another length.
  /// - Parameter ratio: new steps to one of the schedule.
  fileprivate func scaled(by ratio: Double, after steps: Int) -> ScheduleConfig {
    func scaled(_ steps: Int) -> Int { steps == 0 ? 0 : max(1, Int((Double(steps) * ratio).rounded())) }
    var schedule = self
    schedule.warmupSteps = scaled(warmupSteps)
    schedule.decaySteps = scaled(decaySteps)
    schedule.stepsBefore = scaled(stepsBefore + steps)
    schedule.stepsAfter = scaled(stepsAfter)
    return schedule
  }
}
