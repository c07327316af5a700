import Foundation

/// The frequencies of rotary positions, as a config scales them.
struct RotaryFrequencies {
  /// By pair of places, in radians a position; float32 throughout, as transformers computes them.
  let frequencies: [Float]
  /// Turned queries and keys are multiplied by this.
  let factor: Float

  /// - Parameters:
  ///   - width: places that are turned, R.
  ///   - length: positions of the text so far, for dynamic scaling.
  init(width: Int, base: Double, scaling: RotaryScalingConfig, contextLength: Int, length: Int) {
    let original = scaling.originalContextLength > 0 ? scaling.originalContextLength : contextLength
    func plain(_ base: Double) -> [Float] {
      (0..<width / 2).map { 1 / Float.power(Float(base), Float(2 * $0) / Float(width)) }
    }
    var factor: Float = 1
    switch scaling.kind {
    case .none: frequencies = plain(base)
    case .linear: frequencies = plain(base).map { $0 / Float(scaling.factor) }
    case .dynamic:
      let stretch = scaling.factor * Double(max(length, original)) / Double(original) - (scaling.factor - 1)
      let exponent = Double(width) / Double(max(width - 2, 1))
      frequencies = plain(base * pow(stretch, exponent))
    case .llama3: frequencies = plain(base).map { RotaryFrequencies.llama3($0, scaling, Float(original)) }
    case .yarn:
      frequencies = RotaryFrequencies.yarn(plain(base), width, base, scaling, Double(original))
      factor = Float(
        scaling.attentionFactor > 0
          ? scaling.attentionFactor : RotaryFrequencies.attentionFactor(scaling.factor, 1))
    }
    self.factor = factor
  }

  private static func llama3(_ frequency: Float, _ scaling: RotaryScalingConfig, _ original: Float) -> Float {
    let (low, high) = (Float(scaling.lowFrequencyFactor), Float(scaling.highFrequencyFactor))
    let wavelength = 2 * Float.pi / frequency
    if wavelength < original / high { return frequency }
    let stretched = frequency / Float(scaling.factor)
    if wavelength > original / low { return stretched }
    let smooth = (original / wavelength - low) / (high - low)
    return (1 - smooth) * stretched + smooth * frequency
  }

  /// Wavelengths that turn more than `fastTurns` times in the original context stay, those that turn less than `slowTurns`
  /// times are stretched whole, and a ramp over the pairs lies between (Peng et al. 2023, arXiv:2309.00071, §3.2).
  private static func yarn(
    _ plain: [Float], _ width: Int, _ base: Double, _ scaling: RotaryScalingConfig, _ original: Double
  ) -> [Float] {
    func place(turns: Double) -> Double {
      Double(width) * log(original / (turns * 2 * .pi)) / (2 * log(base))
    }
    let low = max(place(turns: scaling.fastTurns).rounded(.down), 0)
    var high = min(place(turns: scaling.slowTurns).rounded(.up), Double(width - 1))
    if low == high { high += 0.001 }
    return plain.enumerated().map { index, frequency in
      let ramp = Float(min(max((Double(index) - low) / (high - low), 0), 1))
      return frequency / Float(scaling.factor) * ramp + frequency * (1 - ramp)
    }
  }

  /// 0.1·scale·ln(factor) + 1 (Peng et al. 2023, §3.4).
  static func attentionFactor(_ factor: Double, _ scale: Double) -> Double {
    factor <= 1 ? 1 : 0.1 * scale * log(factor) + 1
  }
}
