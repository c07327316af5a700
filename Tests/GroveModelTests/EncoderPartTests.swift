import GroveCore
import GroveModel
import GroveTensor
import GroveTesting
import Testing

@Suite("Parts of encoders")
struct EncoderPartTests {
  private static let parts: [(name: String, parts: EncoderPartsConfig)] = {
    func part(_ name: String, _ change: (inout EncoderPartsConfig) -> Void) -> (String, EncoderPartsConfig) {
      var parts = EncoderPartsConfig()
      change(&parts)
      return (name, parts)
    }
    return [
      part("before") { $0.placement = .before },
      part("deep") { ($0.placement, $0.initialization) = (.deep, .xavier) },
      part("within") { ($0.placement, $0.initialization, $0.pooling) = (.within, .xavier, .mean) },
      part("holographic") { ($0.placement, $0.attention, $0.pooling) = (.before, .holographic, .mean) },
    ]
      + AttentionFreeConfig.Form.allCases.map { form in
        part("AFT \(form.rawValue)") {
          ($0.attention, $0.free.form, $0.free.window, $0.free.rank) = (.attentionFree, form, 3, 4)
        }
      }
  }()
  private static let names = parts.map(\.name)

  private func config(_ name: String) throws -> EncoderConfig {
    var config = EncoderConfig()
    config.family = .grove
    (config.vocabularySize, config.contextLength, config.width, config.layers, config.heads) = (40, 16, 16, 2, 2)
    (config.feedForwardWidth, config.initialDeviation) = (24, 0.2)
    config.parts = try #require(Self.parts.first { $0.name == name }).parts
    return config
  }

  private func ids(_ count: Int) throws -> Tensor {
    try Tensor((0..<count).map { Int64(($0 * 7 + 2) % 40) }, [1, count])
  }

  @Test("All parameters have gradients, and as many numbers as the config counts", arguments: names)
  func gradients(name: String) throws {
    let config = try config(name)
    try config.validated()
    let encoder = try BERT(config, weights: .random(RandomKey(seed: 2)))
    #expect(try encoder.parameterCount() == config.parameterCount)
    let model = try TextClassifier(config, classes: 3, weights: .random(RandomKey(seed: 1)))
    try model.prepare(.float32, training: true, device: .cpu)
    let logits = try model.logits(ids(11), attended: nil, .inference)
    try crossEntropy(logits, Tensor([2] as [Int64], [1]), reduction: .meanOverTokens, ignoring: ignoredTarget)
      .backward()
    for (name, parameter) in try model.parameters() {
      let gradient = try #require(try parameter.working.gradient(), "\(name)")
      #expect(try gradient.values(as: Float.self).allSatisfy { $0.isFinite }, "\(name)")
    }
  }

  @Test("What stands in the padding changes nothing, nor does how much of it there is", arguments: names)
  func padding(name: String) throws {
    let model = try TextClassifier(config(name), classes: 3, weights: .random(RandomKey(seed: 1)))
    try model.prepare(.float32, training: false, device: .cpu)
    let text = try ids(9).values(as: Int64.self)
    func logits(_ padding: [Int64]) throws -> Tensor {
      let all = text + padding
      let shown = text.map { _ in true } + padding.map { _ in false }
      let attended = try Tensor(shown.map { UInt8($0 ? 1 : 0) }, [1, all.count]).cast(to: .bool)
      return try withGradients(.off) { try model.logits(Tensor(all, [1, all.count]), attended: attended, .inference) }
    }
    #expect(try logits([3, 4, 5]).isClose(to: logits([39, 1, 0]), within: .float32))
    #expect(try logits([3, 4, 5]).isClose(to: logits([]), within: .float32))
  }

  @Test("Every position sees every other, later ones too", arguments: names)
  func bidirectional(name: String) throws {
    let encoder = try BERT(config(name), weights: .random(RandomKey(seed: 4)))
    try encoder.prepare(.float32, training: false, device: .cpu)
    var ids = try ids(12).values(as: Int64.self)
    func first() throws -> [Float] {
      try withGradients(.off) {
        try encoder.hiddenStates(Tensor(ids, [1, 12]), attended: nil, .inference).selected(1, 0).values()
      }
    }
    let before = try first()
    ids[11] = 0
    #expect(try first() != before)
  }

  @Test("An encoder with other parts is written and read again", arguments: names)
  func written(name: String) throws {
    let model = try MaskedLanguageModel(config(name), weights: .random(RandomKey(seed: 1)))
    try model.prepare(.float32, training: false, device: .cpu)
    func logits(_ model: MaskedLanguageModel) throws -> [Float] {
      try withGradients(.off) { try model.logits(ids(10), attended: nil, .inference).values() }
    }
    try Fixtures.withTemporaryFolder { folder in
      try ModelFolder.save(.masked(model), endOfText: 0, to: folder)
      guard case .masked(let again) = try ModelFolder.open(folder) else {
        Issue.record("another kind of model")
        return
      }
      #expect(again.config.parts == model.config.parts)
      try again.prepare(.float32, training: false, device: .cpu)
      #expect(try logits(again) == logits(model))
    }
  }

  @Test("BERT itself has no parts to choose")
  func refusal() throws {
    var config = try config("deep")
    config.family = .bert
    #expect(
      config.issues().map(\.description) == [
        "parts: bert has none to choose; the family grove_encoder takes any"
      ])
    config.family = .grove
    config.parts.placement = .around
    #expect(config.issues().map(\.description) == ["parts.placement: around is none of before, after, deep, within"])
  }
}
