import GroveCore
import GroveModel
import GroveTensor
import GroveTesting
import Testing

@Suite("BERT")
struct BERTTests {
  private static func config() -> EncoderConfig {
    var config = EncoderConfig()
    config.vocabularySize = 31
    config.contextLength = 12
    config.width = 16
    config.layers = 2
    config.heads = 2
    config.feedForwardWidth = 24
    config.initialDeviation = 0.2
    return config
  }

  private func encoder(seed: UInt64 = 3) throws -> BERT {
    let model = try BERT(BERTTests.config(), weights: .random(RandomKey(seed: seed)))
    try model.prepare(.float32, training: false, device: .cpu)
    return model
  }

  private func ids(_ values: [Int64]) throws -> Tensor { try Tensor(values, [1, values.count]) }

  @Test("Every position sees every other: a later token changes the first state")
  func bidirectional() throws {
    let model = try encoder()
    let before = try model.hiddenStates(ids([1, 2, 3, 4]), attended: nil, .inference).selected(1, 0)
    let after = try model.hiddenStates(ids([1, 2, 3, 5]), attended: nil, .inference).selected(1, 0)
    #expect(try !before.isClose(to: after, within: .float32))
  }

  @Test("What stands at padding changes nothing that is attended")
  func padding() throws {
    let model = try encoder()
    let attended = try Tensor([true, true, true, false, false], [1, 5])
    let some = try model.hiddenStates(ids([1, 2, 3, 9, 9]), attended: attended, .inference).narrowed(
      1, from: 0, count: 3)
    let others = try model.hiddenStates(ids([1, 2, 3, 7, 20]), attended: attended, .inference)
      .narrowed(1, from: 0, count: 3)
    let short = try model.hiddenStates(ids([1, 2, 3]), attended: nil, .inference)
    #expect(try some.isClose(to: others, within: .float32))
    #expect(try some.isClose(to: short, within: .float32))
  }

  @Test("Without a trained head the loss of masked tokens is near log V, and every parameter has a gradient")
  func maskedLoss() throws {
    var config = BERTTests.config()
    config.initialDeviation = 0.02
    let model = try MaskedLanguageModel(config, weights: .random(RandomKey(seed: 1)))
    try model.prepare(.float32, training: true, device: .cpu)
    let loss = try model.loss(
      ids([1, 2, 3, 4]), places: Tensor([Int64(1), 3], [2]), targets: Tensor([Int64(2), 4], [2]), .inference)
    #expect(abs(try loss.item() - 3.434) < 0.1)  // log 31
    try loss.backward()
    for (name, parameter) in try model.parameters() {
      #expect(try parameter.working.gradient() != nil, "\(name)")
    }
  }

  @Test("Scores at some positions are those of all positions there")
  func scoresAtPlaces() throws {
    let model = try MaskedLanguageModel(BERTTests.config(), weights: .random(RandomKey(seed: 1)))
    try model.prepare(.float32, training: false, device: .cpu)
    let tokens = try Tensor([1, 2, 3, 4, 5, 0] as [Int64], [2, 3])
    let attended = try Tensor([true, true, true, true, true, false], [2, 3])
    let all = try model.logits(tokens, attended: attended, .inference).reshaped(6, 31)
    let places = try Tensor([4, 1] as [Int64], [2])
    let some = try model.logits(tokens, attended: attended, places: places, .inference)
    #expect(try some.isClose(to: all.indexed(0, places), within: .float32))
  }

  @Test("A classifier of tokens scores every position, has its own two tensors, and learns in all of them")
  func tokenClasses() throws {
    let model = try TokenClassifier(BERTTests.config(), classes: 3, weights: .random(RandomKey(seed: 1)))
    try model.prepare(.float32, training: true, device: .cpu)
    let logits = try model.logits(ids([1, 2, 3, 4]), attended: nil, .inference)
    #expect(logits.shape == [1, 4, 3])
    let names = try model.storedTensors().map(\.name)
    #expect(Array(names.suffix(2)) == ["classifier.weight", "classifier.bias"])
    #expect(try model.parameterCount() == BERTTests.config().parameterCount + 3 * 16 + 3)
    try (logits * logits).sum().backward()
    for (name, parameter) in try model.parameters() {
      #expect(try parameter.working.gradient() != nil, "\(name)")
    }
  }

  @Test("A masked model without segments is saved as one that can be read, with the same scores")
  func savedWithoutSegments() throws {
    let model = try MaskedLanguageModel(BERTTests.config(), weights: .random(RandomKey(seed: 4)))
    try model.prepare(.float32, training: false, device: .cpu)
    try Fixtures.withTemporaryFolder { folder in
      try ModelFolder.save(.masked(model), endOfText: 0, to: folder)
      guard case .masked(let read) = try ModelFolder.open(folder) else {
        Issue.record("another kind of model was read")
        return
      }
      try read.prepare(.float32, training: false, device: .cpu)
      let expected: [Float] = try model.logits(ids([1, 2, 3]), attended: nil, .inference).values()
      #expect(try read.logits(ids([1, 2, 3]), attended: nil, .inference).values() == expected)
    }
  }

  @Test("Copied parameters give the same states; the copy then goes its own way")
  func copying() throws {
    let source = try encoder(seed: 5)
    let copy = try BERT(BERTTests.config(), weights: .random(RandomKey(seed: 6)))
    try copy.prepare(.float32, training: true, device: .cpu)
    try copy.copyParameters(from: source)
    let tokens = try ids([7, 8, 9])
    let expected: [Float] = try source.hiddenStates(tokens, attended: nil, .inference).values()
    #expect(try copy.hiddenStates(tokens, attended: nil, .inference).values() == expected)
    try withGradients(.off) { try copy.parameters()[0].parameter.value.fill(0) }
    #expect(try source.hiddenStates(tokens, attended: nil, .inference).values() == expected)
  }

  @Test("Parameters have the names of a Hugging Face checkpoint, and the config counts them")
  func names() throws {
    let model = try TextClassifier(BERTTests.config(), classes: 3, weights: .random(RandomKey(seed: 1)))
    let names = try model.storedTensors().map(\.name)
    #expect(
      Array(names.prefix(10)) == [
        "bert.embeddings.word_embeddings.weight", "bert.embeddings.position_embeddings.weight",
        "bert.embeddings.LayerNorm.weight", "bert.embeddings.LayerNorm.bias",
        "bert.encoder.layer.0.attention.self.query.weight", "bert.encoder.layer.0.attention.self.query.bias",
        "bert.encoder.layer.0.attention.self.key.weight", "bert.encoder.layer.0.attention.self.key.bias",
        "bert.encoder.layer.0.attention.self.value.weight", "bert.encoder.layer.0.attention.self.value.bias",
      ])
    #expect(Set(names).count == names.count)
    #expect(Array(names.suffix(2)) == ["classifier.weight", "classifier.bias"])
    #expect(try encoder().parameterCount() == BERTTests.config().parameterCount)
  }

  @Test("Too many positions are refused in words, and so is a config that cannot be")
  func refusals() throws {
    let model = try encoder()
    #expect {
      _ = try model.hiddenStates(ids([Int64](repeating: 1, count: 13)), attended: nil, .inference)
    } throws: {
      "\($0)" == "tokens: 13 positions do not fit in 12"
    }
    var config = BERTTests.config()
    config.heads = 3
    #expect {
      _ = try BERT(config, weights: .blank)
    } throws: {
      "\($0)" == "EncoderConfig: heads: 3 does not divide width 16"
    }
  }
}
