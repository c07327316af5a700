import GroveCore
import GroveModel
import GroveTensor
import GroveTesting
import Testing

@Suite("An encoder with a decoder")
struct T5Tests {
  private static func model(_ change: (inout EncoderDecoderConfig) -> Void = { _ in }) throws -> T5 {
    var config = EncoderDecoderConfig()
    config.vocabularySize = 40
    (config.width, config.heads, config.headWidth, config.feedForwardWidth) = (16, 2, 6, 20)
    (config.layers, config.decoderLayers, config.buckets, config.longestDistance) = (2, 1, 8, 20)
    change(&config)
    let model = try T5(config, weights: .random(RandomKey(seed: 7)))
    try model.prepare(.float32, training: false, device: .cpu)
    return model
  }

  private static func logits(_ model: T5, _ source: [Int64], _ target: [Int64]) throws -> [Float] {
    try withGradients(.off) {
      let states = try model.encoded(Tensor(source, [1, source.count]), .inference)
      return try model.logits(Tensor(target, [1, target.count]), reading: states, .inference).values()
    }
  }

  @Test("The decoder sees all of the source and only what it has written itself")
  func causality() throws {
    let model = try Self.model()
    let (source, target): ([Int64], [Int64]) = ([3, 9, 27, 5, 8], [0, 4, 6, 2])
    let scores = try Self.logits(model, source, target)
    for place in source.indices {
      var other = source
      other[place] += 1
      let changed = try Self.logits(model, other, target)
      for row in target.indices {
        #expect(changed[row * 40..<(row + 1) * 40] != scores[row * 40..<(row + 1) * 40], "\(place) \(row)")
      }
    }
    for place in target.indices {
      var other = target
      other[place] += 1
      let changed = try Self.logits(model, source, other)
      for row in target.indices {
        let isSame = changed[row * 40..<(row + 1) * 40] == scores[row * 40..<(row + 1) * 40]
        #expect(isSame == (row < place), "\(place) \(row)")
      }
    }
  }

  @Test("All parameters have gradients, with and without a gate, tied and not")
  func gradients() throws {
    for isGated in [false, true] {
      let model = try Self.model {
        ($0.feedForward.form, $0.feedForward.activation) = (isGated ? .gated : .plain, isGated ? .geluTanh : .relu)
        ($0.tiedEmbeddings, $0.scalesOutput) = (!isGated, !isGated)
      }
      try model.prepare(.float32, training: true, device: .cpu)
      let source = try Tensor((0..<30).map { Int64($0 * 7 % 40) }, [1, 30])
      let target = try Tensor((0..<24).map { Int64($0 * 11 % 40) }, [1, 24])
      try model.loss(source, decoding: target, targets: target, .inference).backward()
      for (name, parameter) in try model.parameters() {
        let values: [Float] = try #require(try parameter.working.gradient(), "\(name)").values()
        #expect(values.contains { $0 != 0 } && values.allSatisfy { $0.isFinite }, "\(name)")
      }
    }
  }

  @Test("What a T5 cannot be is refused by field")
  func refusals() {
    var config = EncoderDecoderConfig()
    config.vocabularySize = 10
    config.buckets = 7
    config.heads = 0
    #expect(
      config.issues().map(\.description) == [
        "heads: 0 is outside 1...16777216", "buckets: 7 is not an even number in 4...65536",
      ])
    (config.heads, config.buckets, config.longestDistance) = (1, 32, 16)
    #expect(config.issues().map(\.description) == ["longestDistance: 16 is not above half of the 32 buckets"])
  }
}
