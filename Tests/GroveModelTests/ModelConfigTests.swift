import GroveModel
import Testing

@Suite("The shape of a decoder")
struct ModelConfigTests {
  @Test("Sizes that no arithmetic holds are refused by field, and nothing is multiplied before")
  func largest() {
    var config = ModelConfig()
    config.feedForwardWidth = .max
    config.layers = 1 << 25
    config.vocabularySize = 1 << 31
    config.attention.heads = .max
    config.attention.keyValueHeads = .max
    config.attention.headWidth = .max
    for family in ModelConfig.Family.allCases {
      config.family = family
      #expect(
        config.issues().map(\.description) == [
          "vocabularySize: 2147483648 is more than 2147483647", "layers: 33554432 is more than 16777216",
          "feedForwardWidth: 9223372036854775807 is more than 16777216",
          "attention.heads: 9223372036854775807 is more than 16777216",
          "attention.keyValueHeads: 9223372036854775807 is more than 16777216",
          "attention.headWidth: 9223372036854775807 is more than 16777216",
        ])
    }
  }

  @Test("Sizes that are each possible but together count more than 10¹⁵ parameters are refused")
  func together() {
    var config = ModelConfig()
    config.layers = 1 << 24
    config.feedForwardWidth = 1 << 24
    #expect(
      config.issues().map(\.description) == [
        "layers: 16777216 of width 192 and feedForwardWidth 16777216 are 1.62e+17 parameters, more than 1e+15"
      ])
  }
}
