import GroveModel
import GroveTensor
import GroveTesting
import Testing

@Suite("The model of the tests")
struct TinyModelTests {
  private static func weights(_ model: any LanguageModel) throws -> [[Float]] {
    try model.parameters().map { try $0.parameter.value.values() }
  }

  @Test("The same seed gives the same weights, another seed others", arguments: ModelConfig.Family.allCases)
  func deterministic(family: ModelConfig.Family) throws {
    let first = try Self.weights(TinyModel.make(family, seed: 4))
    #expect(try Self.weights(TinyModel.make(family, seed: 4)) == first)
    #expect(try Self.weights(TinyModel.make(family, seed: 5)) != first)
  }

  @Test("It is ready for inference, and its config can be", arguments: ModelConfig.Family.allCases)
  func prepared(family: ModelConfig.Family) throws {
    let model = try TinyModel.make(family, seed: 4)
    #expect(model.config.family == family && model.config.issues().isEmpty)
    #expect(try model.parameters().allSatisfy { !$0.parameter.working.requiresGradient })
    #expect(try model.parameterCount() == model.config.parameterCount)
  }

  @Test("It is made in under 50 ms")
  func fast() throws {
    _ = try TinyModel.llama(seed: 0)  // loads the engine
    let durations = try (0..<5).map { seed in
      try ContinuousClock().measure { _ = try TinyModel.llama(seed: seed) }
    }
    #expect(durations.min()! < .milliseconds(50))
  }
}
