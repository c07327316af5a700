import GroveCore
import GroveModel
import GroveTensor
import GroveTesting
import Testing

@Suite("Parts of papers: laws that each of them keeps")
struct PaperPartTests {
  private static let ids: [Int64] = (0..<24).map { ($0 * 37 + 11) % 64 }

  private static func logits(_ model: any LanguageModel, _ ids: [Int64], hook: ActivationHook? = nil) throws -> Tensor {
    try withGradients(.off) { try model.logits(Tensor(ids, [1, ids.count]), ForwardPass(.inference, hook: hook)) }
  }

  @Test("What is read in portions with a cache has the scores of one full pass", arguments: TinyPart.all, [1, 3, 24])
  func cachedIsFull(part: TinyPart, portion: Int) throws {
    let model = try part.make(seed: 7)
    let cache = try KeyValueCache(model.config, batch: 1, capacity: 24, dtype: .float32, device: .cpu)
    let portions = try withGradients(.off) {
      try stride(from: 0, to: 24, by: portion).map { start in
        let tokens = try Tensor(Array(Self.ids[start..<start + portion]), [1, portion])
        return try model.logits(tokens, ForwardPass(.inference, cache: cache))
      }
    }
    let full = try Self.logits(model, Self.ids)
    #expect(try Tensor.concatenated(portions, axis: 1).isClose(to: full, within: .logits))
  }

  @Test("A later token never changes an earlier position's scores", arguments: TinyPart.all, [1, 5, 23])
  func causal(part: TinyPart, changed: Int) throws {
    let model = try part.make(seed: 7)
    var after = Self.ids
    after[changed] = 63 - after[changed]
    let (a, b) = (try Self.logits(model, Self.ids), try Self.logits(model, after))
    let earlier = try a.narrowed(1, from: 0, count: changed)
    // Attention without products is shifted by the largest key of the text, which changes the last bits.
    #expect(try b.narrowed(1, from: 0, count: changed).isClose(to: earlier, within: .logits))
    #expect(try !b.selected(1, changed).isClose(to: a.selected(1, changed), within: .logits))
  }

  @Test("A row of a batch has the scores that it has alone", arguments: TinyPart.all)
  func rowsAreIndependent(part: TinyPart) throws {
    let model = try part.make(seed: 7)
    let rows = (0..<3).map { row in Self.ids.map { ($0 + Int64(row) * 5) % 64 } }
    let batch = try withGradients(.off) {
      try model.logits(Tensor(rows.flatMap { $0 }, [3, 24]), ForwardPass(.inference))
    }
    for (index, row) in rows.enumerated() {
      let alone = try Self.logits(model, row)
      #expect(try batch.narrowed(0, from: index, count: 1).isClose(to: alone, within: .logits))
    }
  }

  @Test("All parameters have finite gradients, and as many numbers as the shape says", arguments: TinyPart.all)
  func gradients(part: TinyPart) throws {
    let model = try part.make(seed: 3)
    #expect(try model.parameterCount() == model.config.parameterCount)
    for (name, gradient) in try Self.gradients(model, recomputes: false) {
      let values: [Float] = try gradient.values()
      #expect(values.allSatisfy { $0.isFinite }, "\(name)")
      // A factor of a product whose other factor starts at 0 learns from the second step on; a key's bias adds the same to
      // all scores of a query.
      let isStill = name.hasSuffix("low_rank_down") && model.config.linear.form == .sparseLowRank
      if !isStill, !name.hasSuffix("k_proj.bias") { #expect(values.contains { $0 != 0 }, "\(name)") }
    }
  }

  @Test("Activations that are made again give the same gradients, but for rounding", arguments: TinyPart.all)
  func recomputed(part: TinyPart) throws {
    let model = try part.make(seed: 3)
    let (kept, again) = (try Self.gradients(model, recomputes: false), try Self.gradients(model, recomputes: true))
    for ((name, a), (_, b)) in zip(kept, again) {
      #expect(try b.isClose(to: a, within: .float32Gradient), "\(name)")
    }
  }

  private static func gradients(
    _ model: any LanguageModel, recomputes: Bool
  ) throws -> [(name: String, gradient: Tensor)] {
    try model.prepare(.float32, training: true, device: .cpu)
    let tokens = try Tensor(ids, [2, 12])
    try model.loss(tokens, targets: tokens, zLoss: 0, ForwardPass(.inference, recomputes: recomputes)).backward()
    return try model.parameters().map { name, parameter in
      (name, try #require(try parameter.working.gradient(), "\(name)"))
    }
  }

  @Test("A model is written and read again with the same scores", arguments: TinyPart.all)
  func written(part: TinyPart) throws {
    let model = try part.make(seed: 2)
    let scores = try Self.logits(model, Self.ids).values(as: Float.self)
    try Fixtures.withTemporaryFolder { folder in
      try ModelFolder.save(model, endOfText: 0, to: folder)
      let again = try ModelFolder.load(folder)
      #expect(again.config.resolved == model.config.resolved)
      try again.prepare(.float32, training: false, device: .cpu)
      #expect(try Self.logits(again, Self.ids).values(as: Float.self) == scores)
    }
  }

  @Test("In bfloat16 the scores are those of float32 but for rounding", arguments: TinyPart.all)
  func bfloat16(part: TinyPart) throws {
    let model = try part.make(seed: 5)
    let exact = try Self.logits(model, Self.ids)
    try model.prepare(.bfloat16, training: false, device: .cpu)
    let rounded = try Self.logits(model, Self.ids)
    let scale = try exact.absolute().mean().item()
    #expect(try (rounded - exact).absolute().mean().item() < 0.05 * scale)
  }

  @Test(
    "The weights of attention, looked at, are those that the fast way has: they sum to 1 and give the same scores",
    arguments: TinyPart.all.filter(\.hasWeights))
  func weights(part: TinyPart) throws {
    let model = try part.make(seed: 7)
    var seen: [Tensor] = []
    let looked = try Self.logits(model, Self.ids, hook: .observing([.attentionWeights]) { seen.append($1) })
    #expect(try looked.isClose(to: Self.logits(model, Self.ids), within: .logits))
    #expect(seen.map(\.shape) == [[1, 4, 24, 24], [1, 4, 24, 24]])
    for weights in seen {
      #expect(try weights.sum(-1, axis: .removed).isClose(to: .full([1, 4, 24], 1, .float32), within: .float32))
    }
  }

  @Test("Each pattern hides what it says: no weight elsewhere, and some on each position that is seen")
  func patterns() throws {
    for part in TinyPart.all where part.config.attention.pattern != .full {
      let attention = part.config.attention
      let (l, c) = (attention.block, attention.summary)
      func isSeen(_ i: Int, _ j: Int) -> Bool {
        switch attention.pattern {
        case .full: true
        case .blockwise: j / l == i / l || j / l == i / l - 1
        case .fixed: j / l == i / l || j % l >= l - c
        case .strided: i - j <= l || (i - j) % l == 0
        }
      }
      let hook = ActivationHook.observing([.attentionWeights]) { layer, weights in
        if attention.fullLayers.contains(layer) { return }
        let values: [Float] = try weights.selected(1, 0).values()
        for query in 0..<24 {
          for key in 0..<24 {
            let isThere = values[query * 24 + key] > 0
            #expect(isThere == (key <= query && isSeen(query, key)), "\(part) \(query) \(key)")
          }
        }
      }
      _ = try Self.logits(part.make(seed: 9), Self.ids, hook: hook)
    }
  }

  @Test(
    "Of equal tokens a query's weights depend on the distance alone",
    arguments: ["xPos", "xPos of half a head, head norms, a scale", "buckets of distances"])
  func distances(name: String) throws {
    let part = try #require(TinyPart.all.first { $0.name == name })
    let hook = ActivationHook.observing([.attentionWeights]) { layer, weights in
      if layer > 0 { return }
      let logs: [Float] = try weights.selected(1, 2).logarithm().values()
      for distance in 1..<20 {
        let steps = (distance..<24).map { logs[$0 * 24 + $0 - distance] - logs[$0 * 24 + $0] }
        #expect(steps.allSatisfy { abs($0 - steps[0]) < 2e-4 }, "\(distance)")
      }
    }
    _ = try Self.logits(part.make(seed: 1), [Int64](repeating: 5, count: 24), hook: hook)
  }

  @Test("A hook changes what goes on, and only from there")
  func hooks() throws {
    let model = try TinyModel.llama(seed: 4)
    let plain = try Self.logits(model, Self.ids).values(as: Float.self)
    for site in ActivationSite.allCases {
      let same = ActivationHook([site]) { _, _, activation in activation }
      #expect(try Self.logits(model, Self.ids, hook: same).isClose(to: Self.logits(model, Self.ids), within: .logits))
      let doubled = ActivationHook([site]) { layer, _, activation in
        layer == 1 ? try (activation * 2).cast(to: activation.dtype) : activation
      }
      // The last norm undoes what doubles the whole stream.
      let changed = try Self.logits(model, Self.ids, hook: doubled)
      #expect(try changed.isClose(to: Tensor(plain, [1, 24, 64]), within: .logits) == (site == .block), "\(site)")
    }
  }
}
