import Foundation
import GroveCore
import GroveModel
import GroveTesting
import GroveTrain

/// Runs of a model with a few thousand parameters, in a folder that goes with the test.
struct TinyRun {
  let folder: URL
  let corpus: TinyCorpus
  var config = RunConfig()

  /// Makes the corpus and hands a run of 12 steps with checkpoints every 4 to `body`.
  static func with<Result>(_ body: (inout TinyRun) throws -> Result) throws -> Result {
    try Fixtures.withTemporaryFolder { folder in
      var run = TinyRun(folder: folder, corpus: try TinyCorpus(in: folder))
      run.config.model.contextLength = 16
      run.config.model.width = 16
      run.config.model.layers = 1
      run.config.model.attention.heads = 2
      run.config.model.attention.keyValueHeads = 2
      run.config.model.feedForwardWidth = 24
      run.config.data.folder = run.corpus.shards.path
      run.config.training.steps = 12
      run.config.training.batchSize = 4
      run.config.training.precision = .float32
      run.config.training.schedule.warmupSteps = 3
      run.config.training.threads = 1
      run.config.validation.everySteps = 5
      run.config.validation.tokensPerDomain = 300
      run.config.checkpoints.everySteps = 4
      return try body(&run)
    }
  }

  func at(_ name: String) -> RunFolder { RunFolder(folder.appending(path: name)) }

  /// Trains, or goes on with, the run of a name.
  /// - Parameter stop: asks to stop after this step.
  @discardableResult
  func train(
    _ name: String, stoppingAfter stop: Int? = nil, onEvent: @escaping (TrainingEvent) -> Void = { _ in }
  ) throws -> Trainer.Outcome {
    let trainer = try Trainer(config, folder: at(name), device: .cpu)
    var step = 0
    return try trainer.run(shouldStop: { step == stop }) { event in
      switch event {
      case .step(let record): step = record.step
      case .skipped(let skipped, _): step = skipped
      default: break
      }
      onEvent(event)
    }
  }

  /// The hashes of what a checkpoint computes with; the last one's if no step is named.
  func ending(_ name: String, step: Int? = nil) throws -> [String] {
    let checkpoint = at(name).checkpoint(step: step ?? config.training.steps)
    return try ["model.safetensors", "optimizer.safetensors", "training_state.json", "config.json"].map {
      try ContentHash.ofFile(checkpoint.appending(path: $0))
    }
  }

  /// The steps in the log of a run, in the order of their lines.
  func loggedSteps(_ name: String) throws -> [Int] { try RunMetrics(at(name)).steps.map(\.step) }

  /// A copy of a run's folder as it stands: what a kill at this moment would leave.
  func snapshot(_ name: String, as copy: String) throws {
    try FileManager.default.copyItem(at: at(name).url, to: at(copy).url)
  }

  /// The whole message of what `body` throws, the folder written as DIR.
  func message(_ body: () throws -> some Any) -> String {
    do {
      _ = try body()
      return "no error"
    } catch {
      return "\(error)".replacingOccurrences(of: folder.path, with: "DIR")
    }
  }
}

/// Gathers what a run tells.
final class Recorder {
  private(set) var events: [TrainingEvent] = []
  func receive(_ event: TrainingEvent) { events.append(event) }

  var skipped: [Int] { events.compactMap { if case .skipped(let step, _) = $0 { step } else { nil } } }
  var resumed: [Int] { events.compactMap { if case .resumed(let step, _) = $0 { step } else { nil } } }
  var setAside: [String] {
    events.compactMap {
      if case .setAside(let url, let reason) = $0 { "\(url.lastPathComponent): \(reason)" } else { nil }
    }
  }
  var rollbacks: [String] {
    events.compactMap {
      if case .rolledBack(let from, let to, let leftOut) = $0 { "\(from) to \(to), without \(leftOut)" } else { nil }
    }
  }
}
