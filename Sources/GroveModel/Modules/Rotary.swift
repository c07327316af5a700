public import GroveTensor

/// Rotary position embedding (Su et al. 2021, arXiv:2104.09864), in the half-split layout of LLaMA checkpoints.
public struct Rotary {
  /// Cosines and sines of the positions at hand, `[T, D/2]`, float32.
  public let cosine: Tensor
  public let sine: Tensor

  /// - Parameter positions: the first position and how many follow.
  public init(positions: Range<Int>, headWidth: Int, base: Double, device: Device) throws {
    let half = headWidth / 2
    var cosines: [Float] = []
    var sines: [Float] = []
    cosines.reserveCapacity(positions.count * half)
    sines.reserveCapacity(positions.count * half)
    // float32 throughout, as transformers computes them: the logits are to agree.
    let frequencies = (0..<half).map { 1 / Float.power(Float(base), Float(2 * $0) / Float(headWidth)) }
    for position in positions {
      for frequency in frequencies {
        let angle = Float(position) * frequency
        cosines.append(Float.cosine(angle))
        sines.append(Float.sine(angle))
      }
    }
    cosine = try Tensor(cosines, [positions.count, half]).moved(to: device)
    sine = try Tensor(sines, [positions.count, half]).moved(to: device)
  }

  private init(cosine: Tensor, sine: Tensor) {
    self.cosine = cosine
    self.sine = sine
  }

  /// The tables of some of the positions.
  public func narrowed(to positions: Range<Int>) throws -> Rotary {
    Rotary(
      cosine: try cosine.narrowed(0, from: positions.lowerBound, count: positions.count),
      sine: try sine.narrowed(0, from: positions.lowerBound, count: positions.count))
  }
}
