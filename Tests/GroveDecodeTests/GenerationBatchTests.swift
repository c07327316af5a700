import GroveCore
import GroveDecode
import GroveModel
import GroveTensor
import GroveTesting
import Testing

@Suite("Several texts side by side")
struct GenerationBatchTests {
  private static let prompts = [[3, 41, 7], [1, 2, 3], [60, 0, 5]]
  private static let randoms = (0..<3).map { RandomKey(seed: 5).split($0) }

  /// The tokens of each text of a batch, and why it ended.
  private static func run(_ batch: GenerationBatch) throws -> (texts: [[Int]], finishes: [FinishReason?]) {
    var texts = batch.finishes.map { _ in [Int]() }
    while !batch.isFinished {
      for (text, token) in try batch.next().enumerated() {
        if let token { texts[text].append(token.id) }
      }
    }
    return (texts, batch.finishes)
  }

  @Test("A text of a batch is the one that it is alone", arguments: ModelConfig.Family.allCases)
  func alone(family: ModelConfig.Family) throws {
    let model = try TinyModel.make(family, seed: 3)
    let sampler = try Sampler.drawing(SamplingOptions())
    let limits = GenerationLimits(maximumTokens: 12, context: 48, prefill: 2)
    let together = try Self.run(
      GenerationBatch(model, prompts: Self.prompts, sampler: sampler, randoms: Self.randoms, limits: limits))
    for (index, prompt) in Self.prompts.enumerated() {
      let session = try GenerationSession(
        model, prompt: prompt, sampler: sampler, random: Self.randoms[index], limits: limits)
      var text: [Int] = []
      while let token = try session.next() { text.append(token.id) }
      #expect(together.texts[index] == text && text.count == 12)
      #expect(together.finishes[index] == .maximumTokens)
    }
  }

  @Test("A text that is at its end says nothing more, and the others go on")
  func ends() throws {
    let model = try TinyModel.llama(seed: 3)
    func batch(stops: Set<Int>) throws -> GenerationBatch {
      try GenerationBatch(
        model, prompts: Self.prompts, sampler: try .drawing(SamplingOptions()), randoms: Self.randoms,
        limits: GenerationLimits(maximumTokens: 12, context: 48, stopTokens: stops))
    }
    let free = try Self.run(batch(stops: []))
    let stop = free.texts[1][4]
    let stopped = try Self.run(batch(stops: [stop]))
    for text in 0..<3 {
      let end = free.texts[text].firstIndex(of: stop)
      #expect(stopped.texts[text] == Array(free.texts[text].prefix(end ?? 12)))
      #expect(stopped.finishes[text] == (end == nil ? .maximumTokens : .stopToken))
    }
  }

  @Test("With int8 matrices the scores are those of the weights that are left", arguments: ModelConfig.Family.allCases)
  func int8(family: ModelConfig.Family) throws {
    let ids = try Tensor((0..<20).map { Int64($0 * 7 % 64) }, [1, 20])
    let rounded = try TinyModel.make(family, seed: 3)
    for (_, parameter) in try rounded.parameters() where parameter.role != .vector {
      parameter.set(try QuantizedMatrix(parameter.value).widened(to: .float32))
    }
    let exact = try rounded.logits(ids, ForwardPass(.inference))
    /// Root of the mean square of the difference.
    func error(_ found: Tensor) throws -> Double { try (found - exact).power(2).mean().item().squareRoot() }
    try rounded.prepare(.bfloat16, training: false, device: .cpu)
    let ofBFloat16 = try error(rounded.logits(ids, ForwardPass(.inference)))
    let model = try TinyModel.make(family, seed: 3)
    try model.prepare(.int8, training: false, device: .cpu)
    #expect(try error(model.logits(ids, ForwardPass(.inference))) < 1.5 * ofBFloat16)
    // And read one by one, where the products are others.
    let cache = try KeyValueCache(model.config, batch: 1, capacity: 20, dtype: .bfloat16, device: .cpu)
    let steps = try (0..<20).map { position in
      try model.logits(ids.narrowed(1, from: position, count: 1), ForwardPass(.inference, cache: cache))
    }
    #expect(try error(.concatenated(steps, axis: 1)) < 1.5 * ofBFloat16)
  }

  @Test("Prompts of unequal length, and one that cannot be, are refused by their place")
  func refused() throws {
    let model = try TinyModel.gpt2(seed: 3)
    func message(_ prompts: [[Int]]) -> String? {
      #expect(throws: GroveError.self) {
        try GenerationBatch(
          model, prompts: prompts, sampler: .greedy,
          randoms: Array(repeating: RandomKey(seed: 1), count: prompts.count),
          limits: GenerationLimits(maximumTokens: 3, context: 48))
      }?.description
    }
    #expect(
      message([[1, 2], [1, 2, 3]])
        == "prompts[1]: has 3 tokens, the first has 2. The prompts of a batch have one length.")
    #expect(message([[1], [64]]) == "prompts[1]: id 64 at position 0 is outside 0..<64")
  }
}
