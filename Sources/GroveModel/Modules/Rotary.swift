public import GroveTensor

/// Rotary position embedding (Su et al. 2021, arXiv:2104.09864), in the half-split layout of LLaMA checkpoints.
///
/// Where only a part of a head is turned, the other pairs of places have the angle 0. `RotaryLayout` says how a
/// checkpoint's rows become such pairs.
public struct Rotary {
  /// Cosines and sines of the positions at hand, `[T, D/2]`, float32.
  public let cosine: Tensor
  public let sine: Tensor
  /// What queries and keys are multiplied by, `[T, 1, D]`, float32; nil without decay.
  let decay: (query: Tensor, key: Tensor)?

  /// The tables of some positions.
  /// - Parameters:
  ///   - positions: from the first to the last of the pass.
  ///   - windowed: for layers with a window, whose base may be another one.
  public init(_ config: ModelConfig, positions: Range<Int>, windowed: Bool, device: Device) throws {
    let own = windowed && config.positions.windowedRotaryBase > 0
    let rotary = RotaryFrequencies(
      width: config.rotaryWidth, base: own ? config.positions.windowedRotaryBase : config.positions.rotaryBase,
      scaling: own ? RotaryScalingConfig() : config.positions.scaling, contextLength: config.contextLength,
      length: positions.upperBound)
    let (half, turned) = (config.headWidth / 2, rotary.frequencies.count)
    var cosines = [Float](repeating: 1, count: positions.count * half)
    var sines = [Float](repeating: 0, count: positions.count * half)
    for (row, position) in positions.enumerated() {
      for pair in 0..<turned {
        let angle = Float(position) * rotary.frequencies[pair]
        cosines[row * half + pair] = Float.cosine(angle) * rotary.factor
        sines[row * half + pair] = Float.sine(angle) * rotary.factor
      }
    }
    cosine = try Tensor(cosines, [positions.count, half]).moved(to: device)
    sine = try Tensor(sines, [positions.count, half]).moved(to: device)
    decay =
      config.architecture.positions == .xpos ? try Rotary.decay(config, positions: positions, device: device) : nil
  }

  /// ζ^(n/B) and ζ^(−n/B) for positions n: their product falls with the distance of query and key (Sun et al. 2022,
  /// arXiv:2212.10554, §3.2). ζ = (2i/D + γ) / (1 + γ) of pair i, with γ = 0.4; B is `decayLength`. The authors' code counts
  /// from the middle of the text, which changes no product; from the start, as here, cached keys stay as they are.
  private static func decay(
    _ config: ModelConfig, positions: Range<Int>, device: Device
  ) throws -> (query: Tensor, key: Tensor) {
    let (width, half, turned) = (config.headWidth, config.headWidth / 2, config.rotaryWidth / 2)
    let smoothing: Float = 0.4
    var values: [Float] = []
    for position in positions {
      let exponent = Float(position) / Float(config.positions.decayLength)
      let row = (0..<half).map { pair in
        pair < turned
          ? Float.power((Float(pair) / Float(turned) + smoothing) / (1 + smoothing), exponent) : 1
      }
      values += row + row
    }
    let query = try Tensor(values, [positions.count, 1, width]).moved(to: device)
    return (query, try Tensor(values.map { 1 / $0 }, [positions.count, 1, width]).moved(to: device))
  }
}

/// Where the places of a head that a checkpoint stores lie in Grove's memory.
///
/// A checkpoint turns its first R places, in pairs i and i + R/2. Grove's kernels turn whole heads, in pairs i and i + D/2.
/// So the pairs that are turned come first and the others, whose angle is 0, behind; products of queries and keys do not
/// depend on the order of places.
struct RotaryLayout {
  let headWidth: Int
  let turned: Int

  init(_ config: ModelConfig) {
    headWidth = config.headWidth
    turned = config.architecture.isRotary ? config.rotaryWidth : config.headWidth
  }

  /// The places of a head in memory, in the order of the checkpoint, behind `start`.
  func places(from start: Int) -> [Range<Int>] {
    guard turned < headWidth else { return [start..<start + headWidth] }
    let (half, part) = (headWidth / 2, turned / 2)
    return [0..<part, half..<half + part, part..<half, half + part..<headWidth]
      .map { start + $0.lowerBound..<start + $0.upperBound }
  }
}
