import Foundation
import GroveCore
import GroveModel
import GroveTensor
import GroveTesting
import Testing

@Suite("Parts of papers: the formulas, in loops")
struct PaperFormulaTests {
  private static let count = 13
  private static let ids: [Int64] = (0..<count).map { Int64(($0 * 29 + 3) % 64) }

  private static func part(_ name: String) throws -> TinyPart { try #require(TinyPart.all.first { $0.name == name }) }

  /// The rows of an activation of the first layer of one text.
  private static func rows(_ model: any LanguageModel, _ sites: ActivationSite...) throws -> [[[Float]]] {
    var found: [ActivationSite: [[Float]]] = [:]
    let hook = ActivationHook(Set(sites)) { layer, site, activation in
      if layer == 0 { found[site] = try matrix(activation.selected(0, 0)) }
      return activation
    }
    _ = try withGradients(.off) {
      try model.logits(Tensor(ids, [1, ids.count]), ForwardPass(.inference, hook: hook))
    }
    return try sites.map { try #require(found[$0]) }
  }

  private static func matrix(_ tensor: Tensor) throws -> [[Float]] {
    let (values, width) = (try tensor.cast(to: .float32).values(as: Float.self), tensor.size(-1))
    return stride(from: 0, to: values.count, by: width).map { Array(values[$0..<$0 + width]) }
  }

  private static func weight(_ model: any LanguageModel, _ name: String) throws -> [[Float]] {
    let stored = try #require(try model.storedTensors().first { $0.name == "model.layers.0.\(name)" }, "\(name)")
    return try matrix(stored.stored())
  }

  private static func product(_ weight: [[Float]], _ x: [Float]) -> [Float] {
    weight.map { zip($0, x).reduce(0) { $0 + $1.0 * $1.1 } }
  }

  private static func isClose(_ a: [[Float]], _ b: [[Float]], _ bound: Float) -> Bool {
    zip(a, b).allSatisfy { zip($0, $1).allSatisfy { abs($0 - $1) <= bound * (1 + abs($1)) } }
  }

  @Test("AFT is the gated mean of its formula in every form", arguments: AttentionFreeConfig.Form.allCases)
  func attentionFree(form: AttentionFreeConfig.Form) throws {
    let part = try Self.part("AFT \(form.rawValue)")
    let (model, config) = (try part.make(seed: 6), part.config)
    let found = try Self.rows(model, .attentionInput, .attentionOutput)
    let names = ["q", "k", "v", "o"].map { "self_attn.\($0)_proj.weight" }
    let matrices = try names.map { try Self.weight(model, $0) }
    let (q, k, v) = (
      found[0].map { Self.product(matrices[0], $0) }, found[0].map { Self.product(matrices[1], $0) },
      found[0].map { Self.product(matrices[2], $0) }
    )
    let isPaired = form == .full || form == .local
    let u = isPaired ? try Self.weight(model, "self_attn.query_places") : []
    let w = isPaired ? try Self.weight(model, "self_attn.key_places") : []
    let distances = form == .convolution ? try Self.weight(model, "self_attn.distances") : []
    let window = config.attention.free.window
    func bias(_ t: Int, _ s: Int, _ place: Int) -> Float {
      switch form {
      case .simple: return 0
      case .full: return Self.product([u[t]], w[s])[0]
      case .local: return t - s < window ? Self.product([u[t]], w[s])[0] : 0
      case .convolution: return t - s < window ? distances[place / (config.width / config.attention.heads)][t - s] : 0
      }
    }
    let expected = (0..<Self.count).map { t in
      let gated = (0..<config.width).map { place in
        var (above, below): (Float, Float) = (0, 0)
        for s in 0...t {
          let power = exp(k[s][place] + bias(t, s, place))
          above += power * v[s][place]
          below += power
        }
        return above / below / (1 + exp(-q[t][place]))
      }
      return Self.product(matrices[3], gated)
    }
    #expect(Self.isClose(found[1], expected, 2e-4))
  }

  @Test("A key far below the largest of its text still has a part, and no sum is 0")
  func farKeys() throws {
    let model = try Self.part("AFT simple").make(seed: 6)
    for (name, parameter) in try model.parameters() where name.hasSuffix("k_proj.weight") {
      parameter.set(try parameter.value * 1000)
    }
    let scores = try withGradients(.off) {
      try model.logits(Tensor(Self.ids, [1, Self.count]), ForwardPass(.inference)).values(as: Float.self)
    }
    #expect(scores.allSatisfy { $0.isFinite })
  }

  @Test("DeepNorm is LN(αx + f(x)) with α = (2L)^¼")
  func deepNorm() throws {
    let model = try Self.part("DeepNorm").make(seed: 8)
    let found = try Self.rows(model, .attentionInput, .attentionOutput, .feedForwardInput, .feedForwardOutput, .block)
    let alpha = Float(pow(2.0 * 2, 0.25))
    func normed(_ x: [[Float]], _ f: [[Float]]) -> [[Float]] {
      zip(x, f).map { x, f in
        let sum = zip(x, f).map { alpha * $0 + $1 }
        let mean = sum.reduce(0, +) / Float(sum.count)
        let variance = sum.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Float(sum.count)
        return sum.map { ($0 - mean) / (variance + 1e-5).squareRoot() }
      }
    }
    #expect(Self.isClose(normed(found[0], found[1]), found[2], 1e-4))
    #expect(Self.isClose(normed(found[2], found[3]), found[4], 1e-4))
  }

  @Test(
    "Matrices start as their norms' placement derives it: β for DeepNorm, γ for Sub-LN, and none for queries and keys")
  func initialization() throws {
    for (placement, gain) in [
      (NormConfig.Placement.deep, pow(8.0 * 6, -0.25)), (.within, log(2.0 * 6).squareRoot()), (.before, 1),
    ] {
      var config = TinyModel.config(.grove)
      (config.layers, config.width, config.feedForwardWidth, config.embeddingWidth) = (6, 96, 200, 0)
      (config.norm.placement, config.initialization) = (placement, .xavier)
      let model = try makeModel(config, weights: .random(RandomKey(seed: 1)))
      for tensor in try model.storedTensors() where tensor.name.contains("_proj.weight") {
        let values = try tensor.stored().contiguous().values(as: Float.self).map(Double.init)
        let deviation = (values.reduce(0) { $0 + $1 * $1 } / Double(values.count)).squareRoot()
        let isPlain = tensor.name.contains("q_proj") || tensor.name.contains("k_proj")
        let wanted = (2 / Double(tensor.shape[0] + tensor.shape[1])).squareRoot() * (isPlain ? 1 : gain)
        #expect(abs(deviation / wanted - 1) < 0.05, "\(placement) \(tensor.name)")
      }
    }
  }

  @Test("Of an xPos query and key the logarithm of the weight is the turned product times ζ to the distance")
  func xPos() throws {
    let part = try Self.part("xPos")
    let (model, config) = (try part.make(seed: 2), part.config)
    let found = try Self.rows(model, .attentionInput)
    let (q, k) = (
      found[0].map { Self.product(try! Self.weight(model, "self_attn.q_proj.weight"), $0) },
      found[0].map { Self.product(try! Self.weight(model, "self_attn.k_proj.weight"), $0) }
    )
    var weights: [Float] = []
    let hook = ActivationHook.observing([.attentionWeights]) { layer, activation in
      if layer == 0 { weights = try activation.selected(1, 0).values() }
    }
    _ = try withGradients(.off) {
      try model.logits(Tensor(Self.ids, [1, Self.count]), ForwardPass(.inference, hook: hook))
    }
    let d = config.headWidth
    func score(_ n: Int, _ m: Int) -> Double {
      (0..<d / 2).reduce(0.0) { sum, pair in
        let angle = Double(n - m) * pow(10_000, -2 * Double(pair) / Double(d))
        let zeta = (2 * Double(pair) / Double(d) + 0.4) / 1.4
        let (a, b) = (Double(q[n][pair]), Double(q[n][pair + d / 2]))
        let (e, f) = (Double(k[m][pair]), Double(k[m][pair + d / 2]))
        let turned = (a * e + b * f) * cos(angle) + (a * f - b * e) * sin(angle)
        return sum + turned * pow(zeta, Double(n - m) / 16) / Double(d).squareRoot()
      }
    }
    for n in 1..<Self.count {
      for m in 0..<n {
        let expected = score(n, m) - score(n, n)
        let got = Double(log(weights[n * Self.count + m]) - log(weights[n * Self.count + n]))
        #expect(abs(got - expected) < 1e-3 * (1 + abs(expected)), "\(n) \(m)")
      }
    }
  }

  @Test("The gradients of factors and of sparse numbers are those of finite differences")
  func factors() throws {
    let model = try Self.part("low rank and sparse").make(seed: 3)
    // B starts at 0, where the gradient of A is 0.
    for (name, parameter) in try model.parameters() where name.hasSuffix("low_rank_up") {
      parameter.set(try .normal(parameter.shape, deviation: 0.1, random: RandomKey(seed: 1).split(name)))
    }
    try model.prepare(.float32, training: true, device: .cpu)
    let tokens = try Tensor(Self.ids, [1, Self.count])
    func loss() throws -> Tensor { try model.loss(tokens, targets: tokens, zLoss: 0, ForwardPass(.inference)) }
    try loss().backward()
    for (name, parameter) in try model.parameters() where name.contains("low_rank") || name.contains("sparse") {
      let gradient = try #require(try parameter.working.gradient()).values(as: Float.self)
      let place = try #require(gradient.indices.max { abs(gradient[$0]) < abs(gradient[$1]) })
      var values = try parameter.value.values(as: Float.self)
      func shifted(_ step: Float) throws -> Double {
        values[place] += step
        defer { values[place] -= step }
        try parameter.value.copy(from: Tensor(values, parameter.shape))
        return try withGradients(.off) { try loss().item() }
      }
      let difference = try withGradients(.off) { try (shifted(5e-3) - shifted(-5e-3)) / 1e-2 }
      _ = try withGradients(.off) { try shifted(0) }
      #expect(abs(difference - Double(gradient[place])) < 0.03 * abs(difference) + 1e-3, "\(name)")
    }
  }

  @Test("A sparse matrix has the share of zeros that was asked for, and gradients nowhere else")
  func sparse() throws {
    let model = try Self.part("sparse").make(seed: 3)
    try model.prepare(.float32, training: true, device: .cpu)
    let tokens = try Tensor(Self.ids, [1, Self.count])
    try model.loss(tokens, targets: tokens, zLoss: 0, ForwardPass(.inference)).backward()
    for (name, parameter) in try model.parameters() where name.contains("proj.weight") {
      let values = try parameter.value.values(as: Float.self)
      let gradient = try #require(try parameter.working.gradient()).values(as: Float.self)
      #expect(values.count { $0 != 0 } == Int((0.25 * Double(values.count)).rounded()), "\(name)")
      #expect(zip(values, gradient).allSatisfy { $0 != 0 || $1 == 0 }, "\(name)")
    }
    // Another seed of the weights has the same places, another seed of the places has not.
    let again = try Self.part("sparse").make(seed: 4)
    var other = try Self.part("sparse").config
    other.linear.supportSeed = 1
    let moved = try makeModel(other, weights: .random(RandomKey(seed: 3)))
    func places(_ model: any LanguageModel) throws -> [Bool] {
      try Self.weight(model, "mlp.up_proj.weight").joined().map { $0 != 0 }
    }
    #expect(try places(model) == places(again))
    #expect(try places(model) != places(moved))
  }

  @Test("What was bound is found again: exactly when it is alone, by its likeness among others")
  func holographic() throws {
    let holographic = Holographic(width: 64)
    let vectors = try (0..<8).map {
      try Tensor.normal([1, 64], deviation: 1 / 8, random: RandomKey(seed: 5).split($0))
    }
    func cosine(_ a: Tensor, _ b: Tensor) throws -> Double {
      try (a * b).sum().item() / ((a * a).sum().item() * (b * b).sum().item()).squareRoot()
    }
    let pairs = try (0..<4).map { try holographic.bound(vectors[2 * $0], vectors[2 * $0 + 1]) }
    #expect(try cosine(holographic.unbound(vectors[0], from: pairs[0]), vectors[1]) > 0.999)
    // By the definition: the circular convolution.
    let (a, b): ([Float], [Float]) = (try vectors[0].values(), try vectors[1].values())
    let slow = (0..<64).map { n in (0..<64).reduce(Float(0)) { $0 + a[$1] * b[(n - $1 + 64) % 64] } }
    #expect(try pairs[0].isClose(to: Tensor(slow, [1, 64]), within: .float32))
    // An odd width has no middle frequency.
    let odd = Holographic(width: 7)
    let (c, d) = (try vectors[2].narrowed(1, from: 0, count: 7), try vectors[3].narrowed(1, from: 0, count: 7))
    #expect(try cosine(odd.unbound(c, from: odd.bound(c, d)), d) > 0.99)
  }

  @Test("What the config of a part cannot be is refused, field by field")
  func refusals() throws {
    var config = TinyModel.config(.llama)
    config.family = .grove
    config.attention.kind = .holographic
    config.attention.pattern = .fixed
    config.attention.window = 3
    config.attention.summary = 0
    config.linear.form = .lowRank
    config.linear.sparsity = 0.5
    config.positions.kind = .buckets
    config.positions.longestDistance = 3
    #expect(
      config.issues().map(\.description).sorted() == [
        "attention.block: the pattern fixed needs the size of its blocks",
        "attention.kind: holographic attention sees the whole text; it is for encoders",
        "attention.pattern: is for attention of kind softmax",
        "attention.summary: 0 is outside 1...0, a block",
        "attention.window: is for the pattern full, not fixed",
        "linear.rank: 0 is outside 1...16777216",
        "linear.sparsity: is for the form dense",
        "positions.kind: buckets are for attention of the pattern full",
        "positions.kind: buckets is for products of queries and keys, not holographic",
        "positions.longestDistance: 3 is not above half of the 32 buckets",
      ])
    var llama = TinyModel.config(.llama)
    llama.attention.pattern = .strided
    llama.attention.block = 4
    #expect(llama.issues().map(\.field).contains("attention.pattern"))
  }
}
