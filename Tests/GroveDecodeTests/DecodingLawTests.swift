import GroveCore
import GroveDecode
import GroveModel
import GroveTensor
import GroveTesting
import Testing

@Suite("Laws of a decoder")
struct DecodingLawTests {
  private static let ids: [Int64] = (0..<24).map { ($0 * 37 + 11) % 64 }

  private static func logits(_ model: any LanguageModel, _ ids: [Int64]) throws -> Tensor {
    try withGradients(.off) { try model.logits(Tensor(ids, [1, ids.count]), ForwardPass(.inference)) }  // [1, T, V]
  }

  @Test(
    "What is read in portions with a cache has the scores of one full pass",
    arguments: ModelConfig.Family.allCases, [1, 3, 24])
  func cachedIsFull(family: ModelConfig.Family, portion: Int) throws {
    let model = try TinyModel.make(family, seed: 7)
    let cache = try KeyValueCache(model.config, batch: 1, capacity: 24, dtype: .float32, device: .cpu)
    let parts = try withGradients(.off) {
      try stride(from: 0, to: 24, by: portion).map { start in
        let tokens = try Tensor(Array(Self.ids[start..<start + portion]), [1, portion])
        return try model.logits(tokens, ForwardPass(.inference, cache: cache))
      }
    }
    let full = try Self.logits(model, Self.ids)
    #expect(try Tensor.concatenated(parts, axis: 1).isClose(to: full, within: .logits))
    #expect(cache.count == 24)
  }

  @Test(
    "A later token never changes an earlier position's scores",
    arguments: ModelConfig.Family.allCases, [1, 5, 23])
  func causal(family: ModelConfig.Family, changed: Int) throws {
    let model = try TinyModel.make(family, seed: 7)
    var after = Self.ids
    after[changed] = 63 - after[changed]
    let (a, b) = (try Self.logits(model, Self.ids), try Self.logits(model, after))
    let earlier = try a.narrowed(1, from: 0, count: changed).values(as: Float.self)
    #expect(try b.narrowed(1, from: 0, count: changed).values(as: Float.self) == earlier)
    #expect(try b.selected(1, changed).values(as: Float.self) != a.selected(1, changed).values(as: Float.self))
  }

  @Test("A row of a batch has the scores that it has alone", arguments: ModelConfig.Family.allCases)
  func rowsAreIndependent(family: ModelConfig.Family) throws {
    let model = try TinyModel.make(family, seed: 7)
    let rows = (0..<3).map { row in Self.ids.map { ($0 + Int64(row) * 5) % 64 } }
    let batch = try withGradients(.off) {
      try model.logits(Tensor(rows.flatMap { $0 }, [3, 24]), ForwardPass(.inference))
    }
    for (index, row) in rows.enumerated() {
      let alone = try Self.logits(model, row)
      #expect(try batch.narrowed(0, from: index, count: 1).isClose(to: alone, within: .logits))
    }
  }

  @Test("More positions than the cache holds are refused in words")
  func fullCache() throws {
    let model = try TinyModel.llama(seed: 7)
    let cache = try KeyValueCache(model.config, batch: 1, capacity: 8, dtype: .float32, device: .cpu)
    let error = #expect(throws: GroveError.self) {
      try model.logits(Tensor(Self.ids, [1, 24]), ForwardPass(.inference, cache: cache))
    }
    #expect(error?.description == "tokens: 24 positions do not fit in 8. Give fewer tokens, or a longer context.")
  }

  @Test("A cache takes two numbers for each layer, text, key and value head, position and place of a head")
  func cacheSize() throws {
    var config = TinyModel.config(.llama)
    config.layers = 3
    (config.attention.heads, config.attention.keyValueHeads, config.attention.headWidth) = (4, 2, 8)
    let cache = try KeyValueCache(config, batch: 5, capacity: 7, dtype: .float32, device: .cpu)
    #expect(cache.byteCount == 2 * 3 * 5 * 2 * 7 * 8 * 4)
    config.attention.keyValueHeads = 1
    let shared = try KeyValueCache(config, batch: 5, capacity: 7, dtype: .bfloat16, device: .cpu)
    #expect(shared.byteCount == cache.byteCount / 2 / 2)
  }
}
