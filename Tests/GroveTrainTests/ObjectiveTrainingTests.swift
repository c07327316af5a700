import GroveCore
import GroveModel
import GroveTensor
import GroveTrain
import Testing

@Suite("Objective training")
struct ObjectiveTrainingTests {
  /// A vector that is to become a target.
  private struct Vector: Module {
    let weight: Parameter
    init() throws { weight = Parameter(try Tensor([Float(1), -2, 3], [3]), role: .vector) }
    func visit(_ visitor: inout some ParameterVisitor) throws { try visitor.tensor("weight", weight) }
  }

  private func train(_ steps: Int, target: Double = 0.5) throws -> (losses: [Double], values: [Float]) {
    let module = try Vector()
    try module.prepare(.float32, training: true, device: .cpu)
    var training = ObjectiveTraining()
    training.optimizer.learningRate = 0.1
    training.schedule.warmupSteps = 1
    let losses = try training.run(module, steps: steps, random: RandomKey(seed: 1)) { _, _ in
      try (module.weight.working - target).power(2).mean()
    } onStep: { _, _ in
    }
    return (losses, try module.weight.value.values())
  }

  @Test("The loss falls to its minimum, and the same training gives the same bits")
  func learns() throws {
    let first = try train(150)
    let second = try train(150)
    #expect(first.losses.count == 150)
    #expect(first.losses[0] > 1 && first.losses[149] < 1e-3)
    #expect(first.values == second.values && first.losses == second.losses)
  }

  @Test("A loss that is not finite ends the training in words")
  func notFinite() throws {
    #expect {
      _ = try train(3, target: .nan)
    } throws: {
      "\($0)" == "step 1: the loss is not a number. Lower the learning rate, or clip more."
    }
  }

  @Test("Where such steps are skipped they keep their place among the losses and move no weight")
  func skipped() throws {
    let module = try Vector()
    try module.prepare(.float32, training: true, device: .cpu)
    var training = ObjectiveTraining()
    training.nonFiniteStep = .skip
    training.optimizer.learningRate = 0.1
    var values: [[Float]] = []
    let losses = try training.run(module, steps: 3, random: RandomKey(seed: 1)) { step, _ in
      try (module.weight.working - (step == 1 ? .nan : 0.5)).power(2).mean()
    } onStep: { _, _ in
      values.append(try module.weight.value.values())
    }
    #expect(losses.count == 3 && losses[1].isNaN && losses[0].isFinite && losses[2].isFinite)
    #expect(values[0] == values[1] && values[1] != values[2])
  }
}
