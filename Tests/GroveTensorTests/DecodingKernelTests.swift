import GroveCore
import GroveTensor
import GroveTesting
import Testing

/// The kernels of decoding beside plain operators, at sizes that fit no block. They have no gradients.
@Suite("Kernels of decoding")
struct DecodingKernelTests {
  static let precisions = KernelTests.precisions

  private static func tolerance(_ precision: DType) -> Tolerance { precision == .bfloat16 ? .bfloat16 : .float32 }

  /// x · wᵀ + b in float32.
  private static func product(_ x: Tensor, _ w: Tensor, _ b: Tensor?) throws -> Tensor {
    let y = try matmul(x.cast(to: .float32), w.cast(to: .float32).transposed(0, 1))
    return try b.map { try y + $0 } ?? y
  }

  @Test("A product of any number of rows is x·wᵀ + b", arguments: precisions, [1, 2, 3, 4, 5, 7, 16, 17])
  func rows(precision: DType, rows: Int) throws {
    for width in [1, 15, 31, 32, 64, 100, 344] {
      let w = try (KernelTests.random([45, width], "w") / Double(width).squareRoot()).cast(to: precision)
      let x = try KernelTests.random([rows, width], "x", precision)
      let b = try KernelTests.random([45], "b")
      for bias in [nil, b] {
        let y = try withGradients(.off) { try linear(x, weight: w, bias: bias) }
        #expect(y.dtype == precision)
        #expect(
          try y.isClose(to: Self.product(x, w, bias), within: Self.tolerance(precision)), "\(rows) rows of \(width)")
      }
    }
  }

  @Test("A product does not depend on the threads")
  func threads() throws {
    let (x, w) = (try KernelTests.random([3, 96], "x"), try KernelTests.random([1000, 96], "w"))
    let before = try Torch.threads()
    defer { try? Torch.setThreads(before) }
    let results = try [1, 2, 3].map { threads in
      try Torch.setThreads(threads)
      return try linear(x, weight: w, bias: nil).values(as: Float.self)
    }
    #expect(results[0] == results[1] && results[0] == results[2])
  }

  @Test("NaN and infinity of a row reach that row, and no other", arguments: precisions)
  func notFinite(precision: DType) throws {
    var values = [Float](repeating: 1, count: 3 * 40)
    values[40 + 33] = .nan
    values[80 + 2] = .infinity
    let x = try Tensor(values, [3, 40]).cast(to: precision)
    let w = try Tensor.full([9, 40], 0.5, precision)
    let y = try linear(x, weight: w, bias: nil).cast(to: .float32).values(as: Float.self)
    #expect(y[..<9].allSatisfy { $0 == 20 } && y[9..<18].allSatisfy(\.isNaN) && y[18...].allSatisfy { $0 == .infinity })
  }

  @Test("The last queries see what a mask would let them see", arguments: precisions, [1, 3, 31, 40])
  func lastQueries(precision: DType, queries: Int) throws {
    let shapes = [(4, 4, 16), (4, 2, 64), (10, 2, 20), (4, 1, 3), (9, 3, 32), (7, 1, 13), (4, 4, 80)]
    for (heads, groups, width) in shapes {
      let q = try KernelTests.random([2, heads, queries, width], "q", precision)
      let k = try KernelTests.random([2, groups, 57, width], "k", precision)
      let v = try KernelTests.random([2, groups, 57, width], "v", precision)
      let y = try scaledDotProductAttention(q, k, v, mask: .causal, dropout: 0)
      let mask = try Tensor.full([queries, 57], 1, .bool).lowerTriangle(diagonal: 57 - queries)
      let wide = try [q, k, v].map { try $0.cast(to: .float32) }
      let expected = try scaledDotProductAttention(wide[0], wide[1], wide[2], mask: .allowed(mask), dropout: 0)
      #expect(y.dtype == precision && y.shape == q.shape)
      #expect(
        try y.isClose(to: expected, within: Self.tolerance(precision)), "\(queries) of \(heads) heads of \(width)")
    }
  }

  @Test("What a head finds does not depend on the heads that share its keys", arguments: precisions)
  func sharedHeads(precision: DType) throws {
    let q = try KernelTests.random([1, 6, 2, 40], "q", precision)
    let k = try KernelTests.random([1, 1, 33, 40], "k", precision)
    let v = try KernelTests.random([1, 1, 33, 40], "v", precision)
    let together = try scaledDotProductAttention(q, k, v, mask: .causal, dropout: 0)
    for head in 0..<6 {
      let alone = try scaledDotProductAttention(q.narrowed(1, from: head, count: 1), k, v, mask: .causal, dropout: 0)
      let part = try together.narrowed(1, from: head, count: 1)
      #expect(
        try alone.cast(to: .float32).values(as: Float.self) == part.cast(to: .float32).values(as: Float.self))
    }
  }

  @Test(
    "Attention with a cache is attention over all positions, however they came", arguments: precisions, [true, false])
  func cached(precision: DType, turned: Bool) throws {
    let (heads, groups, width, count) = (6, 2, 24, 48)
    let projected = try KernelTests.random([2, count, (heads + 2 * groups) * width], "p", precision)
    let (cosine, sine) = (
      try KernelTests.random([count, width / 2], "c"), try KernelTests.random([count, width / 2], "s")
    )
    let parts = try separatedHeads(
      projected.reshaped(2, count, heads + 2 * groups, width), heads: heads, keyValueHeads: groups,
      angles: turned ? (cosine, sine) : nil)
    let wide = try [parts.queries, parts.keys, parts.values].map { try $0.cast(to: .float32).transposed(1, 2) }
    let mask = try Tensor.full([count, count], 1, .bool).lowerTriangle(diagonal: 0)
    let expected = try scaledDotProductAttention(wide[0], wide[1], wide[2], mask: .allowed(mask), dropout: 0)
      .transposed(1, 2).reshaped(2, count, heads * width)
    for portion in [1, 5, 31, 40, 48] {
      let cache = try AttentionCache(
        keys: .zeros([2, groups, 50, width], precision), values: .zeros([2, groups, 50, width], precision))
      var outputs: [Tensor] = []
      for start in stride(from: 0, to: count, by: portion) {
        let t = min(portion, count - start)
        let angles = (
          try cosine.narrowed(0, from: start, count: t).contiguous(),
          try sine.narrowed(0, from: start, count: t).contiguous()
        )
        outputs.append(
          try cachedAttention(
            projected.narrowed(1, from: start, count: t), heads: heads, angles: turned ? angles : nil, cache: cache,
            from: start))
      }
      let all = try Tensor.concatenated(outputs, axis: 1)
      #expect(try all.isClose(to: expected, within: Self.tolerance(precision)), "portions of \(portion)")
    }
  }

  @Test("A cache that is full, of another shape or of another dtype is refused with the shapes")
  func refusedCache() throws {
    let cache = try AttentionCache(keys: .zeros([1, 1, 4, 8], .float32), values: .zeros([1, 1, 4, 8], .float32))
    func message(_ shape: [Int], _ dtype: DType, from position: Int) -> String {
      let error = #expect(throws: TorchError.self) {
        try cachedAttention(.zeros(shape, dtype), heads: 2, angles: nil, cache: cache, from: position)
      }
      return error?.description ?? ""
    }
    #expect(message([1, 2, 32], .float32, from: 3).contains("positions 3 to 5 do not fit in 4"))
    #expect(
      message([1, 1, 30], .float32, from: 0).contains("a projection of [1, 1, 30] does not fit a cache of [1, 1, 4, 8]")
    )
    #expect(message([1, 1, 32], .bfloat16, from: 0).contains("no cache for BFloat16"))
  }
}
