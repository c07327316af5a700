import GroveCore
import GroveModel
import GroveTensor
import GroveTesting
import Testing

@Suite("Parts of a transformer")
struct TransformerPartTests {
  private static func model(_ change: (inout ModelConfig) -> Void) throws -> any LanguageModel {
    var config = TinyModel.config(.llama)
    config.family = .grove
    change(&config)
    try config.validated()
    let model = try makeModel(config, weights: .random(RandomKey(seed: 4)))
    try model.prepare(.float32, training: false, device: .cpu)
    return model
  }

  private static func logits(_ model: any LanguageModel, _ ids: [Int64]) throws -> [Float] {
    try withGradients(.off) { try model.logits(Tensor(ids, [1, ids.count]), ForwardPass(.inference)).values() }
  }

  @Test("With a window of w in each of L layers a position sees L·(w − 1) before it, and no further")
  func window() throws {
    let model = try Self.model { $0.attention.window = 4 }
    let text = (0..<20).map { Int64($0 * 7 % 64) }
    let last = try Array(Self.logits(model, text).suffix(64))
    for changed in 0..<20 {
      var other = text
      other[changed] = (other[changed] + 1) % 64
      let isSeen = try Array(Self.logits(model, other).suffix(64)) != last
      #expect(isSeen == (changed >= 19 - 2 * 3), "\(changed)")
    }
  }

  @Test("Layers without a window see everything")
  func fullLayers() throws {
    let model = try Self.model {
      $0.attention.window = 3
      $0.attention.fullLayers = [0]
    }
    let text = (0..<20).map { Int64($0 * 5 % 64) }
    var other = text
    other[0] = 63
    let (before, after) = (try Self.logits(model, text), try Self.logits(model, other))
    #expect(before.suffix(64) != after.suffix(64))
  }

  @Test(
    "Without positions the order of earlier tokens does not matter to one layer; with any kind it does",
    arguments: PositionConfig.Kind.allCases)
  func order(kind: PositionConfig.Kind) throws {
    let model = try Self.model {
      $0.positions.kind = kind
      $0.layers = 1
    }
    let (a, b) = (try Self.logits(model, [3, 9, 17, 5]), try Self.logits(model, [9, 3, 17, 5]))
    let difference = zip(a.suffix(64), b.suffix(64)).reduce(0) { max($0, abs($1.0 - $1.1)) }
    #expect((difference < 1e-5) == (kind == .none), "\(difference)")
  }

  @Test("Every way to place norms, each kind of norm and each activation trains: all parameters have gradients")
  func gradients() throws {
    let activations = FeedForwardConfig.Activation.allCases
    for placement in NormConfig.Placement.allCases {
      for (number, kind) in NormConfig.Kind.allCases.enumerated() {
        let model = try Self.model {
          ($0.norm.placement, $0.norm.kind) = (placement, kind)
          $0.feedForward.activation = activations[number]
          $0.feedForward.form = kind == .layer ? .plain : .gated
          $0.attention.bias = .all
          $0.feedForward.bias = .yes
        }
        #expect(try model.parameterCount() == model.config.parameterCount, "\(placement) \(kind)")
        try model.prepare(.float32, training: true, device: .cpu)
        let tokens = try Tensor((0..<12).map { Int64($0 * 11 % 64) }, [1, 12])
        try model.loss(tokens, targets: tokens, zLoss: 1e-4, ForwardPass(.inference)).backward()
        for (name, parameter) in try model.parameters() {
          let gradient = try #require(try parameter.working.gradient(), "\(name)")
          let values: [Float] = try gradient.values()
          // A key's bias adds the same to all scores of a query.
          if !name.hasSuffix("k_proj.bias") { #expect(values.contains { $0 != 0 }, "\(placement) \(kind) \(name)") }
          #expect(values.allSatisfy { $0.isFinite })
        }
      }
    }
  }

  @Test("A model of any parts is written and read again with the same scores")
  func written() throws {
    let model = try TinyModel.make(.grove, seed: 2)
    let ids: [Int64] = [1, 5, 9, 60, 33]
    let scores = try Self.logits(model, ids)
    try Fixtures.withTemporaryFolder { folder in
      try ModelFolder.save(model, endOfText: 0, to: folder)
      let again = try ModelFolder.load(folder)
      #expect(again.config.resolved == model.config.resolved)
      try again.prepare(.float32, training: false, device: .cpu)
      #expect(try Self.logits(again, ids) == scores)
    }
  }

  @Test("A checkpoint of the bare model, and one with the buffers of older writers, are read")
  func bare() throws {
    let model = try TinyModel.make(.gpt2, seed: 2)
    let ids: [Int64] = [1, 5, 9, 60, 33]
    let scores = try Self.logits(model, ids)
    try Fixtures.withTemporaryFolder { folder in
      try ModelFolder.save(model, endOfText: 0, to: folder)
      let stored = try model.storedTensors().map { tensor in
        SafetensorsWriter.Item(
          tensor.name.replacing("transformer.", with: ""), .float32, tensor.shape
        ) { try tensor.stored() }
      }
      let buffer = SafetensorsWriter.Item("h.0.attn.bias", .float32, [1, 1, 4, 4]) {
        try .zeros([1, 1, 4, 4], .float32)
      }
      try SafetensorsWriter.write(stored + [buffer], to: folder.appending(path: "model.safetensors"))
      let again = try ModelFolder.load(folder)
      try again.prepare(.float32, training: false, device: .cpu)
      #expect(try Self.logits(again, ids) == scores)
    }
  }
}
