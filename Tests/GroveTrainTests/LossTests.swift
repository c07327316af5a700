import Foundation
import GroveCore
import GroveModel
import GroveTensor
import GroveTesting
import GroveTrain
import Testing

@Suite("What a run learns and tells")
struct LossTests {
  @Test("The loss of a model that knows nothing is log V, and the z-loss adds its weight times log²V")
  func firstLoss() throws {
    try TinyRun.with { run in
      run.config.training.steps = 1
      run.config.training.schedule.warmupSteps = 1
      run.config.model.initialDeviation = 0
      for (name, zLoss) in [("plain", 0), ("z", 0.25)] {
        run.config.training.zLoss = zLoss
        try run.train(name)
        let logV = log(Double(run.corpus.tokenizer.vocabularySize))
        let first = try #require(try RunMetrics(run.at(name)).steps.first)
        let expected = logV + zLoss * logV * logV
        #expect(abs(first.lossNats - expected) < 1e-5)
      }
    }
  }

  @Test("Cut into micro-batches, a step has the same loss to 1e-6 and the same gradient's norm to 1e-5")
  func microBatches() throws {
    try TinyRun.with { run in
      run.config.training.steps = 3
      var losses: [[Double]] = []
      var norms: [[Double]] = []
      for size in [0, 4, 2, 1] {
        run.config.training.microBatchSize = size
        try run.train("size-\(size)")
        let steps = try RunMetrics(run.at("size-\(size)")).steps
        losses.append(steps.map(\.lossNats))
        norms.append(steps.map(\.gradientNorm))
      }
      #expect(losses[0] == losses[1])
      for index in 1..<4 {
        for (a, b) in zip(losses[0], losses[index]) { #expect(abs(a - b) < 1e-6 * a) }
        for (a, b) in zip(norms[0], norms[index]) { #expect(abs(a - b) < 1e-5 * max(1, a)) }
      }
    }
  }

  @Test("The loss goes down, on the text and on what was held out", arguments: [Precision.float32, .bfloat16])
  func learns(precision: Precision) throws {
    try TinyRun.with { run in
      run.config.training.precision = precision
      run.config.training.steps = 120
      run.config.training.optimizer.learningRate = 1e-2
      run.config.training.schedule.warmupSteps = 10
      run.config.validation.everySteps = 20
      run.config.checkpoints.everySteps = 0
      try run.train("run")
      let metrics = try RunMetrics(run.at("run"))
      let first = try #require(metrics.steps.first).lossNats
      let last = metrics.steps.suffix(10).reduce(0) { $0 + $1.lossNats } / 10
      #expect(last < first - 2, "from \(first) to \(last)")
      let (early, late) = (try #require(metrics.validations.first), try #require(metrics.validations.last))
      #expect(late.bitsPerByte < early.bitsPerByte)
      #expect(late.step == 120 && late.domains.keys.sorted() == ["ants", "bees"])
      let mean = late.domains.values.reduce(0, +) / 2
      #expect(abs(late.bitsPerByte - mean) < 1e-12)
    }
  }

  @Test("A step's line has the schedule's rate and the tokens seen")
  func lines() throws {
    try TinyRun.with { run in
      run.config.training.optimizer.learningRate = 0.004
      try run.train("run")
      let steps = try RunMetrics(run.at("run")).steps
      #expect(steps.map(\.tokens) == (1...12).map { $0 * 64 })
      for (step, factor) in zip(steps, [1 / 3, 2 / 3, 1, 1] as [Double]) {
        #expect(abs(step.learningRate - 0.004 * factor) < 1e-12)
      }
      #expect(steps.allSatisfy { $0.tokensPerSecond > 0 && $0.gradientNorm > 0 && $0.ceilingShare > 0 })
    }
  }

  @Test("A domain without held-out documents is trained on and not judged")
  func domainWithoutValidation() throws {
    try TinyRun.with { run in
      // A single document falls on one side, here on the training side.
      let line = #"{"id": "solo/0", "text": "\#(String(repeating: "ab cd ", count: 200))"}"# + "\n"
      try FileSystem.write(line, to: run.corpus.texts.appending(path: "solo.jsonl"))
      try FileSystem.remove(run.corpus.shards)
      try run.corpus.buildShards()
      run.config.data.domains = ["ants", "solo"]
      try run.train("run")
      #expect(try RunMetrics(run.at("run")).validations.last?.domains.keys.sorted() == ["ants"])
    }
  }

  @Test("From the second step on, a step takes no memory from the system and leaves no tensor behind")
  func memory() async {
    await #expect(processExitsWith: .success) {
      try Torch.setThreads(1)  // two may want their scratch memory at once, or one after the other
      let model = try makeModel(TinyModel.config(.llama), weights: .random(RandomKey(seed: 1)))
      try model.prepare(.bfloat16, training: true, device: .cpu)
      let step = TrainingStep(
        optimizer: try Optimizer(OptimizerConfig(), parameters: model.parameters()), gradientClip: 1)
      func take() throws -> Torch.Memory {
        let tokens = try Tensor((0..<64).map { Int64($0 % 60) }, [2, 32])
        let targets = try Tensor((0..<64).map { Int64(($0 + 1) % 60) }, [2, 32])
        _ = try step(microBatches: 2, learningRate: 1e-3) { _ in
          try model.loss(tokens, targets: targets, zLoss: 1e-4, ForwardPass(.inference))
        }
        return try Torch.memory()
      }
      let first = try take()
      for _ in 0..<3 {
        let next = try take()
        #expect(next.systemAllocations == first.systemAllocations)
        #expect(next.liveTensors == first.liveTensors && next.liveBytes == first.liveBytes)
      }
    }
  }
}
