internal import CTorch

/// Which positions a query may attend to.
public enum AttentionMask {
  case none
  /// The T queries are the last of the S positions: query i sees keys 0…S−T+i.
  case causal
  /// True where the query may look: broadcast to `[B, H, T, S]`.
  case allowed(Tensor)
  /// Added to the scaled scores, in the dtype of the queries: broadcast to `[B, H, T, S]`.
  case added(Tensor)
}

/// softmax(q kᵀ / √D) v. Queries `[B, H, T, D]`, keys and values `[B, G, S, D]` with H a multiple of G; gives `[B, H, T, D]`.
/// - Source: Vaswani et al. 2017 (arXiv:1706.03762) §3.2.1; grouped keys: Ainslie et al. 2023 (arXiv:2305.13245).
public func scaledDotProductAttention(
  _ q: Tensor, _ k: Tensor, _ v: Tensor, mask: AttentionMask, dropout: Double
) throws -> Tensor {
  if let y = try fusedAttention(q, k, v, mask: mask, dropout: dropout) { return y }
  var bias: Argument = .none
  var causal = false
  switch mask {
  case .none: break
  case .causal where q.size(2) == k.size(2): causal = true
  case .causal:
    let (queries, keys) = (q.size(2), k.size(2))
    let allowed = try Tensor.full([queries, keys], 1, .bool, on: q.device).lowerTriangle(diagonal: keys - queries)
    bias = .tensor(allowed)
  case .allowed(let tensor), .added(let tensor): bias = .tensor(tensor)
  }
  return try dotProductAttention.tensor(
    .tensor(q), .tensor(k), .tensor(v), bias, .number(dropout), .boolean(causal), .none,
    .boolean(q.size(1) != k.size(1)))
}

/// Attention by a kernel of our own; nil where none applies or pays.
private func fusedAttention(_ q: Tensor, _ k: Tensor, _ v: Tensor, mask: AttentionMask, dropout: Double) throws
  -> Tensor?
{
  let isCausal: Bool
  switch mask {
  case .none: isCausal = false
  case .causal: isCausal = true
  case .allowed, .added: return nil
  }
  guard dropout == 0, Kernel.takes(q), q.rank == 4 else { return nil }
  let queries = q.size(2)
  if isCausal, queries < 32, !(q.requiresGradient || k.requiresGradient || v.requiresGradient) {
    return try Kernel.tensor("scaledDotProductAttention(\(q), \(k), \(v))") {
      $0.last_queries(q.handle, k.handle, v.handle, &$1)
    }
  }
  // The kernel's tiles have 64 queries: a few of them are faster in libtorch's.
  guard queries >= 32, !isCausal || queries == k.size(2) else { return nil }
  guard try Torch.table().pointee.attends(q.info.dtype, Int64(q.size(3))) else { return nil }
  return try Kernel.tensor("scaledDotProductAttention(\(q), \(k), \(v))") {
    $0.attention(q.handle, k.handle, v.handle, isCausal, &$1)
  }
}

/// Keys and values of B texts, each `[B, G, capacity, D]`, that attention adds to in place.
public struct AttentionCache {
  public let keys: Tensor
  public let values: Tensor

  /// - Precondition: both of one shape and contiguous.
  public init(keys: Tensor, values: Tensor) {
    precondition(keys.shape == values.shape && keys.isContiguous && values.isContiguous, "no cache: \(keys), \(values)")
    self.keys = keys
    self.values = values
  }

  /// Stores keys and values `[B, G, T, D]` of new positions, and gives those of all so far, `[B, G, S, D]`.
  public func storing(_ newKeys: Tensor, _ newValues: Tensor, from position: Int) throws -> (Tensor, Tensor) {
    let count = newKeys.size(2)
    try keys.narrowed(2, from: position, count: count).copy(from: newKeys)
    try values.narrowed(2, from: position, count: count).copy(from: newValues)
    return (
      try keys.narrowed(2, from: 0, count: position + count), try values.narrowed(2, from: 0, count: position + count)
    )
  }
}

/// Attention of T new positions, each seeing itself and all before it: stores their keys and values in the cache, from
/// `position` on, and gives `[B, T, H·D]`. No gradients.
/// - Parameters:
///   - projected: queries, keys and values, `[B, T, (H + 2G)·D]`.
///   - angles: cosines and sines `[T, D/2]` by which queries and keys are turned, in float32; nil for none.
///   - mask: over the cached positions too; `.causal`, or one that hides no less.
public func cachedAttention(
  _ projected: Tensor, heads: Int, angles: (cosine: Tensor, sine: Tensor)?, mask: AttentionMask = .causal,
  cache: AttentionCache, from position: Int
) throws -> Tensor {
  let (b, t, _) = try projected.sizes("projected", as: "B T C")
  let (groups, width) = (cache.keys.size(1), cache.keys.size(3))
  // Many positions are worth the tiles of other kernels.
  if case .causal = mask, t < 32, Kernel.takes(projected), !projected.requiresGradient {
    var arguments = GroveCachedAttention()
    arguments.projected = projected.handle
    arguments.cosine = angles?.cosine.handle
    arguments.sine = angles?.sine.handle
    arguments.keys = cache.keys.handle
    arguments.values = cache.values.handle
    arguments.position = Int64(position)
    arguments.heads = Int64(heads)
    return try Kernel.tensor("cachedAttention(\(projected), \(cache.keys))") { $0.cached_attention(&arguments, &$1) }
  }
  let parts = try separatedHeads(
    projected.reshaped(b, t, heads + 2 * groups, width), heads: heads, keyValueHeads: groups, angles: angles)
  let (k, v) = try cache.storing(parts.keys.transposed(1, 2), parts.values.transposed(1, 2), from: position)
  let q = try parts.queries.transposed(1, 2)  // [B, H, T, D]
  let y = try scaledDotProductAttention(q, k, v, mask: mask, dropout: 0)  // [B, H, T, D]
  return try y.transposed(1, 2).reshaped(b, t, heads * width)
}

/// Queries `[B, T, H, D]`, keys and values `[B, T, G, D]` out of a projection `[B, T, H+2G, D]`; with angles, queries and
/// keys are turned by them.
public func separatedHeads(
  _ projected: Tensor, heads: Int, keyValueHeads: Int, angles: (cosine: Tensor, sine: Tensor)?
) throws -> (queries: Tensor, keys: Tensor, values: Tensor) {
  if let angles {
    return try rotaryHeads(
      projected, heads: heads, keyValueHeads: keyValueHeads, cosine: angles.cosine, sine: angles.sine)
  }
  let parts = try projected.split([heads, keyValueHeads, keyValueHeads], axis: 2)
  return (parts[0], parts[1], parts[2])
}

/// How much each query reads of each key: softmax(q kᵀ / √D) of queries `[B, H, T, D]` and keys `[B, H, S, D]`, as
/// `[B, H, T, S]`, float32. What `scaledDotProductAttention` never holds as a whole.
public func attentionWeights(_ q: Tensor, _ k: Tensor, mask: AttentionMask) throws -> Tensor {
  let scores = try matmul(q * (1 / Double(q.size(3)).squareRoot()), k.transposed(2, 3)).cast(to: .float32)
  switch mask {
  case .none: return try scores.softmax(-1)
  case .added(let bias): return try (scores + bias.cast(to: .float32)).softmax(-1)
  case .allowed(let allowed): return try scores.filled(-.infinity, where: allowed.equals(0)).softmax(-1)
  case .causal:
    let (queries, keys) = (q.size(2), k.size(2))
    let allowed = try Tensor.full([queries, keys], 1, .bool, on: q.device).lowerTriangle(diagonal: keys - queries)
    return try scores.filled(-.infinity, where: allowed.equals(0)).softmax(-1)
  }
}

private let dotProductAttention = Operator("aten::scaled_dot_product_attention")
