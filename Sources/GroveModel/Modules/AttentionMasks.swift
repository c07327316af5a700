import GroveTensor

/// What the layers of a decoder see in one pass, each kind of it made once.
struct AttentionMasks {
  /// Of layers that see all earlier positions, and of those with a window or a pattern.
  private let full: AttentionMask
  private let limited: AttentionMask
  private let sparse: SparseAttention?
  private let config: AttentionConfig

  /// - Parameters:
  ///   - start: cached positions before the T new ones.
  ///   - bias: added to the scores of all layers, `[1, H, T, S]`; nil for none.
  ///   - isDense: what a pattern hides is masked, not left out.
  init(
    _ config: ModelConfig, positions start: Int, _ t: Int, bias: Tensor?, isDense: Bool, dtype: DType, device: Device
  ) throws {
    self.config = config.attention
    let slopes = config.architecture.positions == .alibi ? AttentionMasks.slopes(config.attention.heads) : nil
    func mask(hides: Bool, _ isSeen: (Int, Int) -> Bool) throws -> AttentionMask {
      if slopes == nil, bias == nil, !hides { return .causal }
      var mask = try AttentionMasks.table(start, t, slopes: slopes, isSeen).moved(to: device)
      if let bias { mask = try mask + bias }
      return .added(try mask.cast(to: dtype))
    }
    full = try mask(hides: false) { _, _ in true }
    if let pattern = AttentionPattern(config.attention) {
      let isGathered = start == 0 && !isDense && t > 1
      sparse =
        isGathered ? try SparseAttention(pattern, count: t, slopes: slopes, dtype: dtype, device: device) : nil
      limited = isGathered ? full : try mask(hides: true, pattern.sees)
    } else {
      sparse = nil
      let window = config.attention.window
      limited = window > 0 ? try mask(hides: window < start + t) { $0 - $1 < window } : full
    }
  }

  /// Fills in what a layer sees.
  func apply(to context: inout LayerContext) {
    let isFull = config.fullLayers.contains(context.layer)
    context.mask = isFull ? full : limited
    context.sparse = isFull ? nil : sparse
  }

  /// What is added to the scores, `[1, H or 1, T, S]`: 0 or the penalty of the distance where a query may look, −∞ elsewhere.
  private static func table(
    _ start: Int, _ t: Int, slopes: [Float]?, _ isSeen: (_ query: Int, _ key: Int) -> Bool
  ) throws -> Tensor {
    let (s, slopes) = (start + t, slopes ?? [0])
    var values = [Float](repeating: -.infinity, count: slopes.count * t * s)
    for (head, slope) in slopes.enumerated() {
      for query in 0..<t {
        let row = (head * t + query) * s
        let last = start + query
        for key in 0...last where isSeen(last, key) { values[row + key] = slope * Float(key - last) }
      }
    }
    return try Tensor(values, [1, slopes.count, t, s])
  }

  /// The slopes of ALiBi (Press et al. 2021, arXiv:2108.12409, §3): a geometric sequence for a power of two of heads; for
  /// another number, as the authors' code does, that of the next lower power, then every other one of twice as many.
  static func slopes(_ heads: Int) -> [Float] {
    var power = 1
    while power * 2 <= heads { power *= 2 }
    func sequence(_ count: Int) -> [Float] {
      let ratio = Float.power(2, -8 / Float(count))
      return (1...count).map { Float.power(ratio, Float($0)) }
    }
    let finer = sequence(2 * power).enumerated().filter { $0.offset.isMultiple(of: 2) }.map(\.element)
    return sequence(power) + finer.prefix(heads - power)
  }
}
