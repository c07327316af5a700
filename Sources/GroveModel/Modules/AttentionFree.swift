import GroveCore
import GroveTensor

/// Attention without products of queries and keys (Zhai et al. 2021, arXiv:2105.14103, §3):
/// y_t = σ(q_t) · Σ_s exp(k_s + w_ts) v_s / Σ_s exp(k_s + w_ts), for each place of the width alone.
///
/// Where w is 0 beyond a window, the sums over all positions are running ones, and the window adds its own with
/// exp(w) − 1: time and memory grow with T. In a decoder s ends at t.
struct AttentionFree: TokenMixer {
  private let projections: WidthProjections
  /// w = u vᵀ, `[T, R]` each.
  private let pairs: (query: Parameter, key: Parameter)?
  /// w by distance, `[H, s]`.
  private let distances: Parameter?
  private let config: AttentionFreeConfig
  private let heads: Int
  private let width: Int

  init(_ config: ModelConfig, weights: InitialWeights) throws {
    (self.config, heads, width) = (config.attention.free, config.attention.heads, config.width)
    projections = try WidthProjections(config, weights: weights)
    let shape = [config.contextLength, self.config.rank]
    // So small that a text begins as a plain mean.
    pairs =
      self.config.form == .full || self.config.form == .local
      ? (
        try weights.split("query places").matrix(shape, deviation: 0.1),
        try weights.split("key places").matrix(shape, deviation: 0.1)
      ) : nil
    distances =
      self.config.form == .convolution
      ? try weights.split("distances").matrix([heads, self.config.window], deviation: 0.1) : nil
  }

  func callAsFunction(_ x: Tensor, _ context: LayerContext) throws -> Tensor {
    let (b, t, c) = try x.sizes("x", as: "B T C")
    let parts = try projections.input(x).cast(to: .float32).split([c, c, c], axis: -1)
    let (gate, k, v) = (try parts[0].sigmoid(), parts[1], parts[2])
    let mean: Tensor
    if let cache = context.cache {
      mean = try cachedMean(k, v, cache)
    } else {
      mean = try self.mean(k, v, context.mask)
    }
    return try projections.output((gate * mean).cast(to: dtype).reshaped(b, t, c))
  }

  // MARK: A whole text

  /// Σ exp(k + w) v / Σ exp(k + w), `[B, T, C]`.
  private func mean(_ k: Tensor, _ v: Tensor, _ mask: AttentionMask) throws -> Tensor {
    var isCausal = false
    if case .causal = mask { isCausal = true }
    var powers = try shiftedExponential(k, by: AttentionFree.largest(k))
    if case .allowed(let allowed) = mask {
      // `[B, 1, 1, T]`: padding weighs nothing.
      powers = try powers * allowed.reshaped(allowed.size(0), allowed.size(-1), 1).cast(to: .float32)
    }
    let both = try Tensor.concatenated([powers * v, powers], axis: -1)  // [B, T, 2C]
    let t = k.size(1)
    let sums: Tensor
    switch config.form {
    case .simple: sums = try AttentionFree.total(both, isCausal: isCausal)
    case .full: sums = try weighted(both, placeWeights(0..<t, of: t, isCausal: isCausal))
    case .local, .convolution:
      sums =
        isCausal && t > 2 * config.window
        ? try AttentionFree.total(both, isCausal: true) + band(both)
        : try weighted(both, placeWeights(0..<t, of: t, isCausal: isCausal))
    }
    return try ratio(sums)
  }

  /// The largest key of each place, without gradient: the ratio does not depend on it.
  private static func largest(_ k: Tensor) throws -> Tensor { try k.detached().maximum(1, axis: .kept) }

  private func ratio(_ sums: Tensor) throws -> Tensor {
    let parts = try sums.split([width, width], axis: -1)
    return try parts[0] / parts[1]
  }

  /// The sums over positions, up to each where that is wanted: `[B, T, 2C]`.
  private static func total(_ both: Tensor, isCausal: Bool) throws -> Tensor {
    try isCausal ? both.cumulativeSum(1) : both.sum(1, axis: .kept).expanded(to: both.shape)
  }

  // MARK: Weights of places

  /// exp(w) of some rows of the S positions, `[1 or H, T, S]`; 0 where a query must not look.
  private func placeWeights(_ queries: Range<Int>, of s: Int, isCausal: Bool) throws -> Tensor {
    let device = projections.input.parameters[0].device
    func table(_ value: (_ query: Int, _ key: Int) -> Bool) throws -> Tensor {
      let ones = queries.flatMap { query in (0..<s).map { Float(value(query, $0) ? 1 : 0) } }
      return try Tensor(ones, [1, queries.count, s]).moved(to: device)
    }
    let seen = try table { !isCausal || $1 <= $0 }
    if let pairs {
      let own = try pairs.query.working.narrowed(0, from: queries.lowerBound, count: queries.count)
      let scores = try matmul(own, pairs.key.working.narrowed(0, from: 0, count: s).transposed(0, 1))
        .cast(to: .float32).withNewAxis(at: 0)  // [1, T, S]
      if config.form == .full { return try scores.exponential() * seen }
      return try (scores * table { abs($0 - $1) < config.window }).exponential() * seen
    }
    guard let distances else { return seen }
    let places = queries.flatMap { query in (0..<s).map { Int64(min(abs(query - $0), config.window)) } }
    let none = try Tensor.zeros([heads, 1], .float32, on: device)
    let scores = try Tensor.concatenated([distances.working.cast(to: .float32), none], axis: 1)  // [H, s + 1]
      .indexed(1, Tensor(places, [places.count]).moved(to: device)).reshaped(heads, queries.count, s)
    return try scores.exponential() * seen
  }

  /// `[1 or H, T, S]` by `[B, S, 2C]`: `[B, T, 2C]`, where a head has its own part of the width.
  private func weighted(_ both: Tensor, _ weights: Tensor) throws -> Tensor {
    let (b, s, doubled) = try both.sizes("both", as: "B T C")
    guard weights.size(0) > 1 else { return try matmul(weights, both) }
    let byHead = try both.reshaped(b, s, 2, heads, doubled / 2 / heads).permuted(0, 3, 1, 2, 4)
      .reshaped(b, heads, s, doubled / heads)  // [B, H, S, 2C/H]
    return try matmul(weights, byHead).reshaped(b, heads, weights.size(1), 2, doubled / 2 / heads)
      .permuted(0, 2, 3, 1, 4).reshaped(b, weights.size(1), doubled)
  }

  // MARK: Bands

  /// What the window adds to the running sums, Σ (exp(w) − 1)·x over the last positions, block by block: `[B, T, 2C]`.
  private func band(_ both: Tensor) throws -> Tensor {
    let (b, t, doubled) = try both.sizes("both", as: "B T C")
    let (s, blocks) = (config.window, (t + config.window - 1) / config.window)
    let before = try Tensor.zeros([b, s, doubled], both.dtype, on: both.device)
    let after = try Tensor.zeros([b, blocks * s - t, doubled], both.dtype, on: both.device)
    let whole = try Tensor.concatenated([before, both, after], axis: 1).reshaped(b, blocks + 1, s, doubled)
    // [B, N, 2s, 2C]
    let windows = try Tensor.concatenated(
      [whole.narrowed(1, from: 0, count: blocks), whole.narrowed(1, from: 1, count: blocks)], axis: 2)
    let gains = try bandWeights(blocks)  // [N, s, 2s] or [H, s, 2s]
    let sums: Tensor
    if pairs != nil {
      sums = try matmul(gains, windows)  // [B, N, s, 2C]
    } else {
      let part = doubled / 2 / heads
      let byHead = try windows.reshaped(b, blocks, 2 * s, 2, heads, part).permuted(0, 1, 4, 2, 3, 5)
        .reshaped(b, blocks, heads, 2 * s, 2 * part)
      sums = try matmul(gains, byHead).reshaped(b, blocks, heads, s, 2, part).permuted(0, 1, 3, 4, 2, 5)
    }
    return try sums.reshaped(b, blocks * s, doubled).narrowed(1, from: 0, count: t)
  }

  /// exp(w) − 1 of each query of a block and the keys of its block and the one before; 0 outside of the window.
  private func bandWeights(_ blocks: Int) throws -> Tensor {
    let s = config.window
    let device = projections.input.parameters[0].device
    let inside = try Tensor(
      (0..<s).flatMap { query in (0..<2 * s).map { Float((0..<s).contains(query + s - $0) ? 1 : 0) } }, [s, 2 * s]
    ).moved(to: device)
    let scores: Tensor
    if let pairs {
      // Rows beyond the table belong to what fills up the last block.
      let rank = config.rank
      func rows(_ table: Tensor, before: Int) throws -> Tensor {
        let count = min(blocks * s, table.size(0))
        let dtype = table.dtype
        return try .concatenated(
          [
            .zeros([before, rank], dtype, on: device), table.narrowed(0, from: 0, count: count),
            .zeros([blocks * s - count, rank], dtype, on: device),
          ], axis: 0)
      }
      let queries = try rows(pairs.query.working, before: 0).reshaped(blocks, s, rank)
      let keys = try rows(pairs.key.working, before: s).reshaped(blocks + 1, s, rank)
      let windows = try Tensor.concatenated(
        [keys.narrowed(0, from: 0, count: blocks), keys.narrowed(0, from: 1, count: blocks)], axis: 1)  // [N, 2s, R]
      scores = try matmul(queries, windows.transposed(1, 2)).cast(to: .float32)
    } else if let distances {
      let places = (0..<s).flatMap { query in (0..<2 * s).map { Int64(min(max(query + s - $0, 0), s - 1)) } }
      scores = try distances.working.cast(to: .float32)
        .indexed(1, Tensor(places, [places.count]).moved(to: device)).reshaped(heads, s, 2 * s)
    } else {
      preconditionFailure("\(config.form) has no window")
    }
    return try (scores.exponential() - 1) * inside
  }

  // MARK: A text in portions

  private func cachedMean(_ k: Tensor, _ v: Tensor, _ cache: KeyValueCache.Layer) throws -> Tensor {
    let (_, t, _) = try k.sizes("k", as: "B T C")
    if let sums = cache.sums { return try ratio(sums.adding(k, v)) }
    let (keys, values) = try cache.memory.storing(k.withNewAxis(at: 1), v.withNewAxis(at: 1), from: cache.start)
    let (allKeys, allValues) = (try keys.withoutAxis(1), try values.withoutAxis(1))  // [B, S, C]
    let powers = try shiftedExponential(allKeys, by: AttentionFree.largest(allKeys))
    let both = try Tensor.concatenated([powers * allValues, powers], axis: -1)
    let weights = try placeWeights(cache.start..<cache.start + t, of: cache.start + t, isCausal: true)
    return try ratio(weighted(both, weights))
  }

  func visit(_ visitor: inout some ParameterVisitor, _ names: CheckpointNames, _ layout: RotaryLayout) throws {
    try projections.visit(&visitor, names)
    if let pairs {
      try visitor.tensor("self_attn.query_places", pairs.query)
      try visitor.tensor("self_attn.key_places", pairs.key)
    }
    if let distances { try visitor.tensor("self_attn.distances", distances) }
  }

  var dtype: DType { projections.dtype }
}

/// exp(k − m), never so small that a sum of them is 0: a key 60 below the largest counts as one 60 below.
private func shiftedExponential(_ k: Tensor, by largest: Tensor) throws -> Tensor {
  try clampFromBelow.tensor(.tensor(k - largest), .number(-60)).exponential()
}

private let clampFromBelow = Operator("aten::clamp_min")

/// Σ exp(k) v and Σ exp(k) of all positions so far, for each place of the width: all that a decoder without weights of places
/// needs to know of them, whatever their number.
final class RunningSums {
  /// Both sums beside each other, `[B, 1, 2C]`, times exp(−largest).
  private var sums: Tensor?
  /// The largest key so far, `[B, 1, C]`.
  private var largest: Tensor?

  /// Adds keys and values `[B, T, C]`, and gives the sums after each of them, `[B, T, 2C]`, in one common scale.
  func adding(_ k: Tensor, _ v: Tensor) throws -> Tensor {
    let own = try k.maximum(1, axis: .kept)
    let top = try largest.map { try RunningSums.maximum.tensor(.tensor($0), .tensor(own)) } ?? own
    let powers = try shiftedExponential(k, by: top)
    var running = try Tensor.concatenated([powers * v, powers], axis: -1).cumulativeSum(1)
    if let sums, let largest {
      let shrink = try (largest - top).exponential()
      running = try running + sums * Tensor.concatenated([shrink, shrink], axis: -1)
    }
    largest = top
    sums = try running.narrowed(1, from: running.size(1) - 1, count: 1).copied()
    return running
  }

  private static let maximum = Operator("aten::maximum")
}
