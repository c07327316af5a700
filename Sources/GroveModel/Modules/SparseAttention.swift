import GroveTensor

/// Attention in which a query looks at few keys, gathered block by block (Child et al. 2019, arXiv:1904.10509; Sun et al. 2022,
/// arXiv:2212.10554, §3.3): time and memory grow with T·(l + T/l), not with T².
///
/// A query has near keys, in its own block and perhaps the one before, and far ones; one softmax is over both. Each head sees
/// the union of the two sets that the paper gives to different heads or layers.
struct SparseAttention {
  private let pattern: AttentionPattern
  private let count: Int
  /// Blocks, of which the last may be filled up.
  private let blocks: Int
  /// Added to the scores of near keys, `[H or 1, N, l, near]`.
  private let near: Tensor
  /// Added to those of far keys, `[H or 1, N·l, far]`; nil where there are none.
  private let far: Tensor?

  /// - Parameters:
  ///   - count: positions, T.
  ///   - slopes: of ALiBi's penalty, a head each; nil for none.
  init(_ pattern: AttentionPattern, count: Int, slopes: [Float]?, dtype: DType, device: Device) throws {
    self.pattern = pattern
    self.count = count
    let (l, blocks) = (pattern.block, (count + pattern.block - 1) / pattern.block)
    self.blocks = blocks
    let slopes = slopes ?? [0]
    let before = pattern.kind == .fixed ? 0 : l
    func table(_ columns: Int, _ key: (_ query: Int, _ column: Int) -> Int?) throws -> Tensor {
      var values = [Float](repeating: -.infinity, count: slopes.count * blocks * l * columns)
      var place = 0
      for slope in slopes {
        for query in 0..<blocks * l {
          for column in 0..<columns {
            if let key = key(query, column), pattern.sees(query, key) { values[place] = slope * Float(key - query) }
            place += 1
          }
        }
      }
      return try Tensor(values, [slopes.count, blocks * l, columns]).cast(to: dtype).moved(to: device)
    }
    let width = before + l
    near = try table(width) { query, column in
      let key = query / l * l - before + column
      return key >= 0 && (pattern.kind != .strided || query - key < l) ? key : nil
    }.reshaped(slopes.count, blocks, l, width)
    switch pattern.kind {
    case .fixed:
      let c = pattern.summary
      far = try table(blocks * c) { query, column in
        let key = column / c * l + l - c + column % c
        return key / l < query / l ? key : nil
      }
    case .strided:
      far = try table(blocks) { query, column in
        let key = column * l + query % l
        return query - key >= l ? key : nil
      }
    case .full, .blockwise: far = nil
    }
  }

  /// Maps queries `[B, H, T, D]`, keys and values `[B, G, T, D]` to `[B, H, T, D]`.
  func callAsFunction(_ q: Tensor, _ k: Tensor, _ v: Tensor, dropout rate: Double) throws -> Tensor {
    let (b, h, t, d) = try q.sizes("q", as: "B H T D")
    precondition(t == count, "\(t) positions for a pattern of \(count)")
    let (l, shared) = (pattern.block, h / k.size(1))
    func inBlocks(_ x: Tensor) throws -> Tensor {
      let gap = blocks * l - t
      let whole =
        gap == 0 ? x : try .concatenated([x, .zeros([b, h, gap, d], x.dtype, on: x.device)], axis: 2)
      return try whole.reshaped(b, h, blocks, l, d)
    }
    let queries = try inBlocks((q * (1 / Double(d).squareRoot())).cast(to: q.dtype))  // [B, H, N, l, D]
    let (keys, values) = (try inBlocks(k.repeatedHeads(shared)), try inBlocks(v.repeatedHeads(shared)))
    let nearKeys = try withBlockBefore(keys)  // [B, H, N, near, D]
    let nearScores = try matmul(queries, nearKeys.transposed(-1, -2)) + near  // [B, H, N, l, near]
    let width = nearScores.size(-1)
    guard let far else {
      let weights = try weights(nearScores, as: v.dtype, dropout: rate)
      return try cut(matmul(weights, withBlockBefore(values)))
    }
    let farScores = try farScores(queries, keys) + far  // [B, H, N·l, far]
    let scores = try Tensor.concatenated([nearScores.reshaped(b, h, blocks * l, width), farScores], axis: -1)
    let parts = try weights(scores, as: v.dtype, dropout: rate).split([width, far.size(-1)], axis: -1)
    let nearWeights = try parts[0].reshaped(b, h, blocks, l, width)
    let nearSum = try matmul(nearWeights, withBlockBefore(values))  // [B, H, N, l, D]
    return try cut(nearSum + farSum(parts[1], values))
  }

  private func weights(_ scores: Tensor, as dtype: DType, dropout rate: Double) throws -> Tensor {
    let weights = try scores.softmax(-1, as: .float32).cast(to: dtype)
    return try rate > 0 ? dropout(weights, rate: rate) : weights
  }

  /// Each block with the one before it in front, `[B, H, N, 2l, D]`; zeros before the first. `fixed` has its own alone.
  private func withBlockBefore(_ x: Tensor) throws -> Tensor {
    guard pattern.kind != .fixed else { return x }
    let sizes = x.shape
    let none = try Tensor.zeros([sizes[0], sizes[1], 1, sizes[3], sizes[4]], x.dtype, on: x.device)
    let before = try Tensor.concatenated([none, x.narrowed(2, from: 0, count: blocks - 1)], axis: 2)
    return try .concatenated([before, x], axis: 3)
  }

  /// The ends of all blocks, `[B, H, N·c, D]`.
  private func summaries(_ x: Tensor) throws -> Tensor {
    try x.narrowed(3, from: pattern.block - pattern.summary, count: pattern.summary)
      .reshaped(x.size(0), x.size(1), blocks * pattern.summary, x.size(-1))
  }

  /// `[B, H, N·l, far]`.
  private func farScores(_ queries: Tensor, _ keys: Tensor) throws -> Tensor {
    let (b, h, d, l) = (queries.size(0), queries.size(1), queries.size(-1), pattern.block)
    if pattern.kind == .fixed {
      return try matmul(queries.reshaped(b, h, blocks * l, d), summaries(keys).transposed(-1, -2))
    }
    // Positions of one remainder lie together.
    let scores = try matmul(queries.transposed(2, 3), keys.transposed(2, 3).transposed(-1, -2))  // [B, H, l, N, N]
    return try scores.transposed(2, 3).reshaped(b, h, blocks * l, blocks)
  }

  /// The far values by their weights `[B, H, N·l, far]`: `[B, H, N, l, D]`.
  private func farSum(_ weights: Tensor, _ values: Tensor) throws -> Tensor {
    let (b, h, d, l) = (values.size(0), values.size(1), values.size(-1), pattern.block)
    if pattern.kind == .fixed { return try matmul(weights, summaries(values)).reshaped(b, h, blocks, l, d) }
    let byRemainder = try weights.reshaped(b, h, blocks, l, blocks).transposed(2, 3)  // [B, H, l, N, N]
    return try matmul(byRemainder, values.transposed(2, 3)).transposed(2, 3)
  }

  /// `[B, H, N, l, D]` without what filled up the last block: `[B, H, T, D]`.
  private func cut(_ x: Tensor) throws -> Tensor {
    try x.reshaped(x.size(0), x.size(1), blocks * pattern.block, x.size(-1)).narrowed(2, from: 0, count: count)
  }
}
