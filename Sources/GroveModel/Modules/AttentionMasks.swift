import GroveTensor

/// The masks of a decoder's layers for one pass, each made once.
struct AttentionMasks {
  /// Of layers that see all earlier positions, and of those with a window.
  private let full: AttentionMask
  private let windowed: AttentionMask

  /// - Parameters:
  ///   - start: cached positions before the T new ones.
  init(_ config: ModelConfig, positions start: Int, _ t: Int, dtype: DType, device: Device) throws {
    let slopes = config.architecture.positions == .alibi ? AttentionMasks.slopes(config.attention.heads) : nil
    func mask(window: Int?) throws -> AttentionMask {
      let hides = window.map { $0 < start + t } ?? false
      if slopes == nil, !hides { return .causal }
      return try AttentionMasks.mask(start, t, window: window, slopes: slopes, dtype: dtype, device: device)
    }
    full = try mask(window: nil)
    windowed = config.attention.window > 0 ? try mask(window: config.attention.window) : full
  }

  func mask(window: Int?) -> AttentionMask { window == nil ? full : windowed }

  /// What is added to the scores, `[1, H or 1, T, S]`: 0 or the penalty of the distance where a query may look, −∞ elsewhere.
  private static func mask(
    _ start: Int, _ t: Int, window: Int?, slopes: [Float]?, dtype: DType, device: Device
  ) throws -> AttentionMask {
    let (s, slopes) = (start + t, slopes ?? [0])
    var values = [Float](repeating: -.infinity, count: slopes.count * t * s)
    for (head, slope) in slopes.enumerated() {
      for query in 0..<t {
        let row = (head * t + query) * s
        let last = start + query
        for key in max(0, last - (window ?? s) + 1)...last { values[row + key] = slope * Float(key - last) }
      }
    }
    return .added(try Tensor(values, [1, slopes.count, t, s]).cast(to: dtype).moved(to: device))
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
