import GroveCore
import GroveModel
import GroveTensor
import GroveTesting
import Testing

@Suite("Routed layers of an encoder")
struct RoutingTests {
  private static let count = 24

  private static func config(_ kind: RoutingConfig.Kind) -> EncoderDecoderConfig {
    var config = EncoderDecoderConfig()
    config.vocabularySize = 40
    (config.width, config.heads, config.headWidth, config.feedForwardWidth) = (16, 4, 6, 20)
    (config.layers, config.decoderLayers, config.buckets, config.longestDistance) = (1, 1, 8, 20)
    (config.routing.kind, config.routing.radius, config.routing.lightWidth) = (kind, 3, 8)
    (config.routing.share, config.routing.keyShare, config.crossKeyValueHeads) = (0.25, 0.25, 1)
    return config
  }

  private static func model(_ kind: RoutingConfig.Kind) throws -> T5 {
    let model = try T5(config(kind), weights: .random(RandomKey(seed: 7)))
    try model.prepare(.float32, training: false, device: .cpu)
    return model
  }

  private static let source = (0..<count).map { Int64($0 * 7 % 40) }

  private static func states(_ model: T5, _ source: [Int64]) throws -> [[Float]] {
    let states = try withGradients(.off) { try model.encoded(Tensor(source, [1, source.count]), .inference) }
    let values: [Float] = try states.values()
    return stride(from: 0, to: values.count, by: 16).map { Array(values[$0..<$0 + 16]) }
  }

  @Test("Beyond the radius only chosen queries see, and only chosen keys: a quarter of the positions each")
  func reach() throws {
    let model = try Self.model(.random)
    let before = try Self.states(model, Self.source)
    var seen = [[Int]](repeating: [], count: Self.count)
    for place in 0..<Self.count {
      var other = Self.source
      other[place] = (other[place] + 1) % 40
      let after = try Self.states(model, other)
      for query in 0..<Self.count where after[query] != before[query] { seen[query].append(place) }
    }
    let far = seen.enumerated().map { query, places in Set(places.filter { abs($0 - query) > 3 }) }
    let near = seen.enumerated().map { query, places in places.filter { abs($0 - query) <= 3 } }
    for query in 0..<Self.count {
      #expect(near[query] == Array(max(0, query - 3)...min(Self.count - 1, query + 3)), "\(query)")
    }
    let queries = Set((0..<Self.count).filter { !far[$0].isEmpty })
    let keys = far.reduce(into: Set<Int>()) { $0.formUnion($1) }
    #expect(queries.count == 6 && keys.count == 6)
    #expect(queries != keys, "each router has positions of its own")
    let choices = try model.routingChoices(Tensor(Self.source, [1, Self.count]))
    #expect(choices.first { $0.role == .queries }?.places == [queries.sorted()])
    #expect(choices.first { $0.role == .keys }?.places == [keys.sorted()])
  }

  @Test("Chance chooses the same for every text of a length, and otherwise in each block")
  func chance() throws {
    var config = Self.config(.random)
    config.layers = 2
    func choices(_ seed: UInt64, _ source: [Int64]) throws -> [[[Int]]] {
      let model = try T5(config, weights: .random(RandomKey(seed: seed)))
      try model.prepare(.float32, training: false, device: .cpu)
      return try model.routingChoices(Tensor(source, [1, source.count])).map(\.places)
    }
    let first = try choices(7, Self.source)
    #expect(first == (try choices(8, Self.source.reversed())))
    #expect(first.count == 6 && Set(first).count == 6)
  }

  @Test("What a learned router chooses depends on the text")
  func learned() throws {
    let model = try Self.model(.learned)
    let texts = try Tensor(Self.source + Self.source.reversed(), [2, Self.count])
    for choice in try model.routingChoices(texts) {
      #expect(choice.places.allSatisfy { $0.count == 6 && Set($0).count == 6 })
      #expect(choice.places[0] != choice.places[1], "\(choice.role)")
    }
    #expect(try Self.model(.local).routingChoices(texts).isEmpty)
  }

  @Test("Local attention sees what lies within the radius, and nothing else")
  func local() throws {
    let model = try Self.model(.local)
    let before = try Self.states(model, Self.source)
    for place in 0..<Self.count {
      var other = Self.source
      other[place] = (other[place] + 1) % 40
      let after = try Self.states(model, other)
      for query in 0..<Self.count { #expect((after[query] != before[query]) == (abs(query - place) <= 3)) }
    }
  }

  @Test("With a radius as long as the text, local attention is attention")
  func localIsFull() throws {
    var config = Self.config(.none)
    let full = try T5(config, weights: .random(RandomKey(seed: 7)))
    (config.routing.kind, config.routing.radius) = (.local, Self.count)
    let local = try T5(config, weights: .random(RandomKey(seed: 7)))
    for model in [full, local] { try model.prepare(.float32, training: false, device: .cpu) }
    try local.copyParameters(from: full)
    let (first, second) = (try Self.states(full, Self.source), try Self.states(local, Self.source))
    for (a, b) in zip(first.joined(), second.joined()) { #expect(abs(a - b) < 1e-4) }
  }

  @Test("The shape alone says how many parameters there are", arguments: RoutingConfig.Kind.allCases)
  func parameters(kind: RoutingConfig.Kind) throws {
    for isGated in [false, true] {
      var config = Self.config(kind)
      (config.layers, config.decoderLayers, config.routing.heavyWidth) = (2, 3, 40)
      (config.feedForward.form, config.tiedEmbeddings) = (isGated ? .gated : .plain, !isGated)
      config.crossKeyValueHeads = isGated ? 0 : 2
      #expect(try T5(config, weights: .blank).parameterCount() == config.parameterCount)
    }
  }

  @Test("A block's weights cost 12·n·d² operations dense, and 7¼·n·d² routed as the paper has it")
  func operations() {
    var config = EncoderDecoderConfig()
    (config.vocabularySize, config.layers) = (40, 1)
    (config.width, config.heads, config.headWidth, config.feedForwardWidth) = (64, 4, 16, 256)
    config.routing.radius = 1
    let (n, d) = (4096.0, 64.0)
    // A product and a sum are two operations here and one in the paper; a radius of 1 sees three positions.
    config.routing.kind = .local
    #expect(config.encoderOperations(length: 4096) == 2 * 12 * n * d * d + 4 * n * 3 * d)
    (config.routing.kind, config.routing.lightWidth, config.routing.heavyWidth) = (.learned, 128, 1024)
    let weights = 2 * (1 + 9 / 32 + 4 + 2) * n * d * d  // light and heavy heads, light and heavy layer
    let attention = 4 * n * 3 * d / 4 + 4 * (n / 16) * (n / 8) * d * 3 / 4
    #expect(config.encoderOperations(length: 4096) == weights + attention)
    #expect(abs(weights / (2 * n * d * d) - 7.25) < 0.04)
  }

  @Test(
    "Learned routing has gradients everywhere, its scores too",
    arguments: [RoutingConfig.Kind.local, .learned, .random])
  func gradients(kind: RoutingConfig.Kind) throws {
    let model = try Self.model(kind)
    try model.prepare(.float32, training: true, device: .cpu)
    let (source, target) = (try Tensor(Self.source, [2, 12]), try Tensor((0..<10).map { Int64($0) }, [2, 5]))
    try model.loss(source, decoding: target, targets: target, .inference).backward()
    for (name, parameter) in try model.parameters() {
      let gradient: [Float] = try #require(try parameter.working.gradient(), "\(name)").values()
      #expect(gradient.allSatisfy { $0.isFinite } && gradient.contains { $0 != 0 }, "\(name)")
    }
    #expect(try model.parameters().contains { $0.name.hasSuffix("router.weight") } == (kind == .learned))
  }

  @Test(
    "A length that no block divides, and one shorter than a block, have states of their own lengths",
    arguments: [RoutingConfig.Kind.local, .learned])
  func lengths(kind: RoutingConfig.Kind) throws {
    let model = try Self.model(kind)
    for count in [1, 2, 3, 4, 7, 23] {
      let states = try Self.states(model, Array(Self.source.prefix(count)))
      #expect(states.count == count && states.joined().allSatisfy { $0.isFinite })
    }
  }

  @Test("A routed model is written and read again with the same states")
  func written() throws {
    let model = try Self.model(.learned)
    try Fixtures.withTemporaryFolder { folder in
      try ModelFolder.save(.encoderDecoder(model), endOfText: 0, to: folder)
      guard case .encoderDecoder(let again) = try ModelFolder.open(folder) else {
        Issue.record("another kind of model")
        return
      }
      try again.prepare(.float32, training: false, device: .cpu)
      #expect(try Self.states(again, Self.source) == Self.states(model, Self.source))
    }
  }

  @Test("What cannot be routed is refused by field")
  func refusals() throws {
    var config = Self.config(.learned)
    (config.routing.lightHeads, config.routing.share, config.crossKeyValueHeads) = (4, 0, 3)
    #expect(
      config.issues().map(\.description) == [
        "routing.share: 0.0 is outside (0, 1]", "routing.lightHeads: 4 leaves none of 4 heads heavy",
        "crossKeyValueHeads: 3 does not divide heads 4",
      ])
    var decoder = TinyModel.config(.llama)
    decoder.family = .grove
    decoder.routing.kind = .learned
    #expect(
      decoder.issues().map(\.description) == [
        "routing.kind: positions are chosen by the whole text; routing is for encoders"
      ])
  }
}
