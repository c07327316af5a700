import GroveCore
import GroveModel
import GroveTensor
import GroveTesting
import GroveTrain
import Testing

@Suite("Steps that processes take together")
struct ProcessesTests {
  /// A model with its step, in one process of a group.
  private struct Subject {
    let model: any LanguageModel
    let optimizer: Optimizer
    let step: TrainingStep

    init(_ processes: ProcessGroup, _ shape: ModelConfig, _ config: OptimizerConfig = OptimizerConfig()) throws {
      model = try makeModel(shape, weights: .random(RandomKey(seed: 1)))
      try model.prepare(.float32, training: true, device: .cpu)
      optimizer = try Optimizer(config, model: model, processes: processes)
      step = try TrainingStep(optimizer: optimizer, gradientClip: 1, processes: processes)
    }

    /// A step whose micro-batches begin with the given tokens; the loss of one is multiplied by a factor first.
    func callAsFunction(_ starts: [Int], factor: Double = 1) throws -> TrainingStep.Result {
      try step(microBatches: starts.count, learningRate: 1e-2) { index in
        let tokens = try Tensor((0..<8).map { Int64((starts[index] + $0) % 60) }, [1, 8])
        let targets = try Tensor((0..<8).map { Int64((starts[index] + 3 * $0) % 60) }, [1, 8])
        return try model.loss(tokens, targets: targets, zLoss: 0, ForwardPass(.inference)) * factor
      }
    }

    func weights() throws -> [Float] {
      try model.parameters().flatMap { try $0.parameter.value.values(as: Float.self) }
    }
  }

  @Test(
    "Two processes with two micro-batches each take the step of one with four", arguments: ["replicated", "sharded"])
  func step(moments: String) throws {
    var config = OptimizerConfig()
    config.moments = try #require(.init(rawValue: moments))
    let alone = try Subject(ProcessGroup(), TinyModel.config(.llama), config)
    let expected = try (0..<3).map { try alone([$0, 10 + $0, 20 + $0, 30 + $0]) }
    let weights = try alone.weights()
    let results = try Together.run(2) { [config] group in
      let subject = try Subject(group, TinyModel.config(.llama), config)
      let steps = try (0..<3).map { try subject([20 * group.rank + $0, 20 * group.rank + 10 + $0]) }
      return (steps, try subject.weights())
    }
    for (steps, ending) in try results.map({ try $0.get() }) {
      for (step, expected) in zip(steps, expected) {
        #expect(abs(step.lossNats - expected.lossNats) < 1e-5)
        #expect(abs(step.gradientNorm - expected.gradientNorm) < 1e-5 * expected.gradientNorm)
      }
      #expect(zip(ending, weights).allSatisfy { abs($0 - $1) < 1e-4 })
    }
    let endings = try results.map { try $0.get().1 }
    #expect(endings[0] == endings[1], "all processes have the same bits")
  }

  @Test("A loss that is not finite in one process keeps all from moving, and the next step goes on")
  func notFinite() throws {
    let results = try Together.run(2) { group in
      let subject = try Subject(group, TinyModel.config(.llama))
      let before = try subject.weights()
      let bad = try subject([1, 2], factor: group.rank == 1 ? .nan : 1)
      let between = try subject.weights()
      let good = try subject([1, 2])
      return (
        bad.problem, before == between, good.problem, try subject.weights() != before, subject.optimizer.appliedSteps
      )
    }
    for result in try results.map({ try $0.get() }) {
      #expect(result.0 == "the loss is not a number")
      #expect(result.1)
      #expect(result.2 == nil && result.3 && result.4 == 1)
    }
  }

  /// What the optimizers of two processes take together.
  private static func momentBytes(_ moments: OptimizerConfig.MomentPlacement) throws -> Int {
    let sizes = try Together.run(2) { group in
      var shape = TinyModel.config(.llama)
      (shape.width, shape.feedForwardWidth, shape.layers) = (256, 512, 4)
      var config = OptimizerConfig()
      config.moments = moments
      let model = try makeModel(shape, weights: .random(RandomKey(seed: 1)))
      try model.prepare(.float32, training: true, device: .cpu)
      func bytes() throws -> Int {
        _ = try group.sum([0])
        defer { _ = try? group.sum([0]) }
        return try Torch.memory().liveBytes
      }
      let before = try bytes()
      let optimizer = try Optimizer(config, model: model, processes: group)
      return try withExtendedLifetime(optimizer) { try bytes() } - before
    }
    return try sizes[0].get()
  }

  @Test("Sharded moments take half the memory in two processes")
  func memory() async {
    await #expect(processExitsWith: .success) {
      let whole = try ProcessesTests.momentBytes(.replicated)
      let sharded = try ProcessesTests.momentBytes(.sharded)
      #expect((0.48...0.52).contains(Double(sharded) / Double(whole)), "\(sharded) of \(whole) bytes")
    }
  }
}
