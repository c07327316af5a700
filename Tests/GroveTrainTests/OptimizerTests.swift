import Foundation
import GroveCore
import GroveModel
import GroveTensor
import GroveTesting
import GroveTrain
import Testing

@Suite("A step of AdamW")
struct OptimizerTests {
  /// A parameter alone with its optimizer; the loss is the product with a chosen gradient.
  private struct Subject {
    let parameter: Parameter
    let optimizer: Optimizer
    let step: TrainingStep

    init(_ value: Tensor, role: Parameter.Role = .matrix, clip: Double = 0, _ config: OptimizerConfig) throws {
      parameter = Parameter(value, role: role)
      try parameter.prepare(.float32, training: true, device: .cpu)
      optimizer = try Optimizer(config, parameters: [("w", parameter)])
      step = TrainingStep(optimizer: optimizer, gradientClip: clip)
    }

    @discardableResult
    func callAsFunction(_ gradients: Tensor..., rate: Double) throws -> TrainingStep.Result {
      try step(microBatches: gradients.count, learningRate: rate) { try (parameter.working * gradients[$0]).sum() }
    }

    var values: [Float] { get throws { try parameter.value.values() } }
  }

  private func config(decay: Double = 0, epsilon: Double = 1e-8) -> OptimizerConfig {
    var config = OptimizerConfig()
    config.weightDecay = decay
    config.epsilon = epsilon
    return config
  }

  @Test("Three steps agree with PyTorch", arguments: ["adamw.decay", "adamw.no_decay", "adamw.large_epsilon"])
  func fixture(name: String) throws {
    let cases = try JSONValue(contentsOf: Fixtures.url("operators/operators.json"))["cases"]?.arrayValue ?? []
    let entry = try #require(cases.first { $0["name"]?.stringValue == name })
    let attributes = try #require(entry["attributes"])
    let tensors = try SafetensorsFile(Fixtures.url("operators/operators.safetensors"))
    func list(_ key: String) throws -> [Tensor] {
      try (entry[key]?.arrayValue ?? []).map { try tensors.tensor($0.stringValue ?? "") }
    }
    func number(_ key: String) throws -> Double { try #require(attributes[key]?.numberValue) }
    var config = OptimizerConfig()
    config.beta1 = try number("beta1")
    config.beta2 = try number("beta2")
    config.epsilon = try number("epsilon")
    config.weightDecay = try number("weight_decay")
    let inputs = try list("inputs")
    let outputs = try list("outputs")
    let subject = try Subject(inputs[0], config)
    #expect(outputs.count == 3)
    for (gradient, expected) in zip(inputs.dropFirst(), outputs) {
      try subject(gradient, rate: number("learning_rate"))
      #expect(try subject.parameter.value.isClose(to: expected, within: .float32))
    }
    #expect(subject.optimizer.appliedSteps == 3)
  }

  @Test("With no gradient a matrix shrinks by the rate times the decay, and a norm or bias stays")
  func decay() throws {
    let zero = try Tensor.zeros([2], .float32)
    let matrix = try Subject(Tensor([2, -4] as [Float], [2]), config(decay: 0.5))
    try matrix(zero, rate: 0.1)
    #expect(try matrix.values == [1.9, -3.8])
    let vector = try Subject(Tensor([2, -4] as [Float], [2]), role: .vector, config(decay: 0.5))
    try vector(zero, rate: 0.1)
    #expect(try vector.values == [2, -4])
  }

  @Test("Of a LLaMA the norms do not decay and every matrix does; of a GPT-2 neither do the biases")
  func roles() throws {
    for family in ModelConfig.Family.allCases {
      for (name, parameter) in try TinyModel.make(family, seed: 1).parameters() {
        #expect((parameter.role != .vector) == (parameter.shape.count == 2), "\(name)")
      }
    }
  }

  @Test("A gradient above the limit is scaled to it, one below is not touched, and the norm is told before clipping")
  func clipping() throws {
    // From 0 and with a large epsilon, the first step is −rate · g / (|g| + epsilon) in every element.
    func moved(clip: Double) throws -> (norm: Double, values: [Float]) {
      let subject = try Subject(Tensor([0, 0] as [Float], [2]), clip: clip, config(epsilon: 1))
      let result = try subject(Tensor([3, 4] as [Float], [2]), rate: 1)
      return (result.gradientNorm, try subject.values)
    }
    for clip in [0, 5, 100] as [Double] {
      let (norm, values) = try moved(clip: clip)
      #expect(norm == 5)
      #expect(abs(values[0] + 0.75) < 1e-6)
      #expect(abs(values[1] + 0.8) < 1e-6)
    }
    let (norm, values) = try moved(clip: 1)  // g becomes (0.6, 0.8)
    #expect(norm == 5)
    #expect(abs(values[0] + 0.6 / 1.6) < 1e-6)
    #expect(abs(values[1] + 0.8 / 1.8) < 1e-6)
  }

  @Test("The norm over several parameters is PyTorch's", arguments: ["clip_gradients.above", "clip_gradients.below"])
  func normFixture(name: String) throws {
    let tensors = try SafetensorsFile(Fixtures.url("operators/operators.safetensors"))
    let gradients = try (0..<3).map { try tensors.tensor("\(name)/in\($0)") }
    let parameters = try gradients.map { Parameter(try .zeros($0.shape, .float32), role: .matrix) }
    for parameter in parameters { try parameter.prepare(.float32, training: true, device: .cpu) }
    let named = parameters.enumerated().map { (name: "p\($0)", parameter: $1) }
    let step = TrainingStep(optimizer: try Optimizer(config(), parameters: named), gradientClip: 1)
    let result = try step(microBatches: 1, learningRate: 0) { _ in
      try zip(parameters, gradients).map { try ($0.working * $1).sum() }.reduce(Tensor.zeros([], .float32), +)
    }
    let expected = try tensors.tensor("\(name)/out0").item()
    #expect(abs(result.gradientNorm - expected) < 1e-5 * expected)
  }

  @Test("Micro-batches count the same each: two gradients make the step of their mean")
  func accumulation() throws {
    let (a, b) = (try Tensor([1, -2, 8] as [Float], [3]), try Tensor([3, 4, 0] as [Float], [3]))
    let start = try Tensor([0.5, -0.5, 1] as [Float], [3])
    let split = try Subject(start, clip: 1, config(epsilon: 1))
    let whole = try Subject(start, clip: 1, config(epsilon: 1))
    let first = try split(a, b, rate: 0.1)
    let second = try whole((a + b) * 0.5, rate: 0.1)
    #expect(abs(first.gradientNorm - second.gradientNorm) < 1e-6)
    #expect(abs(first.lossNats - second.lossNats) < 1e-6)
    #expect(try split.parameter.value.isClose(to: whole.parameter.value, within: .float32))
  }

  @Test(
    "A loss that is not finite in any micro-batch leaves weights, moments and count as they were", arguments: [0, 1, 2])
  func nonFiniteLoss(bad: Int) throws {
    for poison in [Double.nan, .infinity, -.infinity] {
      let start = try Tensor([0.5, -0.5] as [Float], [2])
      let gradient = try Tensor([1, 2] as [Float], [2])
      let subject = try Subject(start, config(decay: 0.1))
      let clean = try Subject(start, config(decay: 0.1))
      let result = try subject.step(microBatches: 3, learningRate: 0.1) { index in
        let loss = try (subject.parameter.working * gradient).sum()
        return index == bad ? try loss * poison : loss
      }
      #expect(result.problem != nil && !result.lossNats.isFinite)
      #expect(try subject.values == [0.5, -0.5])
      #expect(try subject.parameter.working.gradient() == nil)
      #expect(subject.optimizer.appliedSteps == 0)
      try subject(gradient, rate: 0.1)
      try clean(gradient, rate: 0.1)
      #expect(try subject.values == clean.values)
    }
  }

  @Test("A gradient that is not finite under a finite loss is not applied")
  func nonFiniteGradient() throws {
    let subject = try Subject(Tensor([0, 4] as [Float], [2]), config(decay: 0.1))
    let result = try subject.step(microBatches: 1, learningRate: 0.1) { _ in
      try subject.parameter.working.squareRoot().sum()  // its slope at 0 is infinite
    }
    #expect(result.lossNats == 2 && result.problem == "the gradient's norm is inf")
    #expect(try subject.values == [0, 4])
  }

  @Test("A parameter that has no part in the loss is an error with its name")
  func noPart() throws {
    let subject = try Subject(Tensor([1] as [Float], [1]), config())
    let other = try Tensor([1] as [Float], [1])
    try other.setRequiresGradient(true)
    let error = #expect(throws: GroveError.self) {
      try subject.step(microBatches: 1, learningRate: 0.1) { _ in try (other * 2).sum() }
    }
    #expect(error?.description == "w: had no part in the loss, so it has no gradient")
  }

  @Test("In bfloat16 the weights stay float32, matrices work in bfloat16 and vectors in float32")
  func dtypes() throws {
    let model = try makeModel(TinyModel.config(.gpt2), weights: .random(RandomKey(seed: 1)))
    try model.prepare(.bfloat16, training: true, device: .cpu)
    for (name, parameter) in try model.parameters() {
      #expect(parameter.value.dtype == .float32, "\(name)")
      #expect(parameter.working.dtype == (parameter.role == .vector ? .float32 : .bfloat16), "\(name)")
      #expect(parameter.working.requiresGradient, "\(name)")
    }
  }
}
