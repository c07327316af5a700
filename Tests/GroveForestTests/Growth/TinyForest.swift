import Foundation
import GroveCore
import GroveForest
import GroveTesting
import GroveTrain

/// A forest of three domains whose models have a few thousand parameters, in a folder that goes with the test.
struct TinyForest {
  let place: URL
  let corpus: TinyCorpus
  var config = ForestConfig()
  var folder: ForestFolder { ForestFolder(place.appending(path: "forest")) }

  /// Half of 24 steps for the seed; the experts share the rest, 8 steps each of half the batch.
  static func with<Result>(_ body: (inout TinyForest) throws -> Result) throws -> Result {
    try Fixtures.withTemporaryFolder { place in
      let corpus = try TinyCorpus(in: place, domains: ["ants", "bees", "wasps/hornets"], bytesPerDomain: 6000)
      var forest = TinyForest(place: place, corpus: corpus)
      forest.config.model.contextLength = 16
      forest.config.model.width = 16
      forest.config.model.layers = 1
      forest.config.model.attention.heads = 2
      forest.config.model.attention.keyValueHeads = 2
      forest.config.model.feedForwardWidth = 24
      forest.config.data.folder = corpus.shards.path
      forest.config.training.steps = 24
      forest.config.training.batchSize = 4
      forest.config.training.precision = .float32
      forest.config.training.schedule.warmupSteps = 2
      forest.config.training.threads = 1
      forest.config.growth.batchSize = 2
      forest.config.validation.everySteps = 0
      forest.config.validation.tokensPerDomain = 100
      forest.config.checkpoints.everySteps = 3
      return try body(&forest)
    }
  }

  @discardableResult
  func grow(
    _ executor: InProcessExecutor = InProcessExecutor(), only: [String]? = nil, at place: ForestFolder? = nil,
    onEvent: (ForestEvent) -> Void = { _ in }
  ) throws -> GrowthResult {
    try ForestGrower(ForestPlan(config), folder: place ?? folder, executor: executor)
      .grow(only: only, shouldStop: { false }, onEvent: onEvent)
  }

  /// The hashes of the weights of all members, by name.
  func weights(_ manifest: ForestManifest) -> [String: String] {
    Dictionary(
      uniqueKeysWithValues: ([manifest.seed].compactMap { $0 } + manifest.experts).map { ($0.name, $0.weights) })
  }

  /// The whole message of what `body` throws, the folder of the test written as DIR.
  func message(_ body: () throws -> some Any) -> String {
    do {
      _ = try body()
      return "no error"
    } catch {
      return "\(error)".replacingOccurrences(of: place.path, with: "DIR")
    }
  }
}
