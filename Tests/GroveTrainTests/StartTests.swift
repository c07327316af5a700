import Foundation
import GroveCore
import GroveModel
import GroveTensor
import GroveTesting
import GroveTrain
import Testing

@Suite("A run that starts from a checkpoint")
struct StartTests {
  /// Trains the run "seed" of 12 steps and hands one of 8 steps that starts from it to `body`.
  private static func with<Result>(_ body: (inout TinyRun) throws -> Result) throws -> Result {
    try TinyRun.with { run in
      try run.train("seed")
      run.config.start.model = run.at("seed").checkpoint(step: 12).path
      run.config.model = ModelConfig()
      run.config.training.steps = 8
      run.config.checkpoints.logarithmic = true
      return try body(&run)
    }
  }

  @Test("Step 0 is the checkpoint: its shape, its weights, and with kept moments its optimizer")
  func stepZero() throws {
    try Self.with { run in
      let seed = try run.ending("seed", step: 12)
      try run.train("fresh")
      run.config.start.moments = .kept
      try run.train("kept")
      let (fresh, kept) = (try run.ending("fresh", step: 0), try run.ending("kept", step: 0))
      #expect(fresh[0] == seed[0] && kept[0] == seed[0])
      #expect(fresh[1] != seed[1] && kept[1] == seed[1])
      #expect(try RunConfig.load(run.at("fresh").config).model.width == 16)
      #expect(try run.ending("fresh", step: 8)[0] != run.ending("kept", step: 8)[0])
    }
  }

  @Test(
    "Stopped before, at and after a checkpoint, it ends with the same bytes", arguments: StartConfig.Moments.allCases)
  func resume(moments: StartConfig.Moments) throws {
    try Self.with { run in
      run.config.start.moments = moments
      run.config.training.precision = .bfloat16
      run.config.checkpoints.logarithmic = false
      try run.train("whole")
      for stop in [1, 4, 7] {
        try run.train("stopped-\(stop)", stoppingAfter: stop)
        try run.train("stopped-\(stop)")
        #expect(try run.ending("stopped-\(stop)") == run.ending("whole"))
      }
    }
  }

  @Test("Once it has a checkpoint of its own, the one that it started from may go, but not change")
  func laterChanges() throws {
    try Self.with { run in
      try run.train("run", stoppingAfter: 4)
      let start = URL(filePath: run.config.start.model)
      let weights = start.appending(path: "model.safetensors")
      let bytes = try FileSystem.read(weights)
      try FileSystem.write(
        FileSystem.read(run.at("seed").checkpoint(step: 8).appending(path: "model.safetensors")), to: weights)
      let message = run.message { try run.train("run") }
      #expect(message.hasPrefix("DIR/run: the run was begun with another start.model: "))
      #expect(message.hasSuffix("Give the start.model it was begun with, or begin a new run."))
      try FileSystem.write(bytes, to: weights)
      try FileSystem.remove(start)
      run.config = try RunConfig.load(run.at("run").config)
      #expect(try run.train("run") == .finished)
    }
  }

  @Test(
    "Places that were held at 0 stay there where the config says so, and learn where it does not",
    arguments: [ModelConfig.Family.llama, .grove])
  func sparsity(family: ModelConfig.Family) throws {
    func zeroShare(_ folder: URL) throws -> Double {
      let stored = try ModelFolder.load(folder).storedTensors().filter { $0.name.hasSuffix("mlp.up_proj.weight") }
      let values = try stored.flatMap { try $0.stored().values(as: Float.self) }
      return Double(values.count { $0 == 0 }) / Double(values.count)
    }
    try TinyRun.with { run in
      run.config.model.family = family
      run.config.model.linear.sparsity = 0.75
      try run.train("sparse")
      let start = run.at("sparse").checkpoint(step: 12)
      #expect(try abs(zeroShare(start) - 0.75) < 0.01)
      run.config.start.model = start.path
      run.config.model = ModelConfig()
      try run.train("dense")
      #expect(try zeroShare(run.at("dense").checkpoint(step: 12)) < 0.01)
      run.config.model.linear.sparsity = 0.75
      try run.train("still")
      #expect(try abs(zeroShare(run.at("still").checkpoint(step: 12)) - 0.75) < 0.01)
    }
  }

  @Test("What does not fit is refused in words")
  func refusals() throws {
    try Self.with { run in
      let start = run.config.start.model.replacing(run.folder.path, with: "DIR")
      run.config.model.width = 96
      run.config.model.layers = 7
      #expect(
        run.message { try run.train("a") }
          == "\(start): has another shape than the config: model.width is 16, the config says 96; "
          + "model.layers is 1, the config says 7. "
          + "Leave out what the checkpoint decides.")
      run.config.model = ModelConfig()
      run.config.start.model = run.folder.appending(path: "nowhere").path
      #expect(
        run.message { try run.train("a") } == "DIR/nowhere: is not a folder. A model is a folder with config.json.")
      run.config.start.model = ""
      run.config.start.moments = .kept
      #expect(
        run.message { try run.train("a") }.contains(
          "start.moments: there are none to keep: start.model names no checkpoint"))
    }
  }

  @Test("A checkpoint with another tokenizer than the data's is refused")
  func otherTokenizer() throws {
    try Self.with { run in
      let other = run.folder.appending(path: "other")
      try FileSystem.makeFolder(other)
      run.config.data.folder = try TinyCorpus(in: other, seed: 2, vocabularySize: 290).shards.path
      let message = run.message { try run.train("a") }
      #expect(
        message.hasPrefix("DIR/seed/checkpoints/step-00000012/tokenizer.json: is not the tokenizer of the data: "))
      #expect(message.hasSuffix("Build the shards with the checkpoint's tokenizer."))
    }
  }
}
