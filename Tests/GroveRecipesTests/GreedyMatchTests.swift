import GroveCore
import GroveModel
import GroveRecipes
import GroveTensor
import Testing

@Suite("Greedy match")
struct GreedyMatchTests {
  private static func model() throws -> any LanguageModel {
    var config = ModelConfig()
    config.vocabularySize = 23
    config.contextLength = 16
    config.width = 16
    config.layers = 2
    config.attention.heads = 2
    config.attention.keyValueHeads = 2
    config.feedForwardWidth = 24
    config.initialDeviation = 0.3
    let model = try makeModel(config, weights: .random(RandomKey(seed: 4)))
    try model.prepare(.float32, training: false, device: .cpu)
    return model
  }

  /// What greedy decoding writes, token by token, without a cache.
  private func continuation(_ prefix: [Int64], count: Int, _ model: any LanguageModel) throws -> [Int64] {
    var tokens = prefix
    for _ in 0..<count {
      let next = try model.nextLogits(Tensor(tokens, [1, tokens.count]), ForwardPass(.inference)).argumentOfMaximum(-1)
      tokens.append(Int64(try next.item()))
    }
    return tokens
  }

  @Test("Counts as many tokens as token-by-token decoding writes rightly, whatever the lengths")
  func agreesWithDecoding() throws {
    let model = try GreedyMatchTests.model()
    let key = RandomKey(seed: 9)
    var items: [GreedyMatch.Item] = []
    var expected: [Int] = []
    for index in 0..<24 {
      let length = 1 + index % 3
      let prefix = (0..<length).map { Int64(key.split(index).bits($0) % 23) }
      var text = try continuation(prefix, count: 4, model)
      let broken = index % 5
      if broken < 4 { text[length + broken] = (text[length + broken] + 1) % 23 }
      items.append(.init(tokens: text, prefix: length))
      expected.append(broken)
    }
    #expect(try GreedyMatch.leadingMatches(items, under: model, device: .cpu) == expected)
  }
}
