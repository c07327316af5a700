import Foundation
import GroveCore
public import GroveTensor

/// Hrrformer's attention (Alam et al. 2023, arXiv:2305.19534, §3): each head binds its keys and values by circular convolution
/// and adds all pairs up; unbinding a query from the sum gives a noisy value, whose likeness to the true one says how much
/// of that the position keeps. Time and memory grow with T. Every position sees the whole text.
///
/// The Fourier transforms of a head are products with matrices of `[D, D/2 + 1]`: heads are narrow.
struct HolographicAttention: TokenMixer {
  private let projections: WidthProjections
  private let heads: Int

  init(_ config: ModelConfig, weights: InitialWeights) throws {
    heads = config.attention.heads
    projections = try WidthProjections(config, weights: weights)
  }

  func callAsFunction(_ x: Tensor, _ context: LayerContext) throws -> Tensor {
    let (b, t, c) = try x.sizes("x", as: "B T C")
    let parts = try projections.input(x).cast(to: .float32).reshaped(b, t, 3 * heads, c / heads)
      .split([heads, heads, heads], axis: 2)
    let (q, v) = (parts[0], parts[2])
    var k = parts[1]  // [B, T, H, D]
    var hidden: Tensor?
    if case .allowed(let allowed) = context.mask {
      let shown = try allowed.reshaped(b, t, 1, 1)
      k = try k * shown.cast(to: .float32)
      hidden = try shown.equals(0)
    }
    let holographic = Holographic(width: c / heads)
    let sum = try holographic.bound(k, v).sum(1, axis: .kept)  // [B, 1, H, D]
    let guess = try holographic.unbound(q, from: sum)  // [B, T, H, D]
    let dot = try (guess * v).sum(-1, axis: .kept)
    let lengths = try (guess * guess).sum(-1, axis: .kept) * (v * v).sum(-1, axis: .kept)
    var likeness = try dot / (lengths + 1e-12).squareRoot()  // [B, T, H, 1]
    if let hidden { likeness = try likeness.filled(-1e9, where: hidden) }
    // Scores lie in ±1, and the weights of a text of T positions sum to 1, as the authors have it.
    let mixed = try likeness.softmax(1) * v
    return try projections.output(mixed.cast(to: dtype).reshaped(b, t, c))
  }

  func visit(_ visitor: inout some ParameterVisitor, _ names: CheckpointNames, _ layout: RotaryLayout) throws {
    try projections.visit(&visitor, names)
  }

  var dtype: DType { projections.dtype }
}

/// Holographic reduced representations (Plate 1995): vectors that are bound in pairs by circular convolution, added, and
/// found again by what they were bound with.
public struct Holographic {
  private let width: Int

  /// - Parameter width: of the vectors, the last axis of all tensors.
  public init(width: Int) { self.width = width }

  /// The circular convolution of two vectors, `[…, D]`.
  public func bound(_ a: Tensor, _ b: Tensor) throws -> Tensor {
    let (a, b) = (try transformed(a), try transformed(b))
    return try restored(a.real * b.real - a.imaginary * b.imaginary, a.real * b.imaginary + a.imaginary * b.real)
  }

  /// What was bound with `a` in a sum: the sum convolved with the inverse of `a`, 1 / F(a) place by place.
  public func unbound(_ a: Tensor, from sum: Tensor) throws -> Tensor {
    let (a, b) = (try transformed(a), try transformed(sum))
    // a place of the spectrum that is 0 has no inverse; so near to it the inverse stays finite
    let power = try a.real * a.real + a.imaginary * a.imaginary + 1e-6
    let real = try (a.real * b.real + a.imaginary * b.imaginary) / power
    return try restored(real, (a.real * b.imaginary - a.imaginary * b.real) / power)
  }

  private typealias Spectrum = (real: Tensor, imaginary: Tensor)

  /// Σ_n x_n exp(−2πi kn/D) for k = 0…D/2.
  private func transformed(_ x: Tensor) throws -> Spectrum {
    let waves = try waves(x.device) { _ in 1 }
    return (try matmul(x, waves.cosine), try matmul(x, waves.sine) * -1)
  }

  private func restored(_ real: Tensor, _ imaginary: Tensor) throws -> Tensor {
    // A frequency and its mirror image are one term, but for the first, and the last where D is even.
    let waves = try waves(real.device) { [width] k in (k == 0 || 2 * k == width ? 1 : 2) / Double(width) }
    return try matmul(real, waves.cosine.transposed(0, 1)) - matmul(imaginary, waves.sine.transposed(0, 1))
  }

  /// cos and sin of 2π kn/D with a factor for each k, `[D, D/2 + 1]`.
  private func waves(_ device: Device, _ factor: (Int) -> Double) throws -> (cosine: Tensor, sine: Tensor) {
    let count = width / 2 + 1
    func table(_ wave: (Double) -> Double) throws -> Tensor {
      let values = (0..<width).flatMap { n in
        (0..<count).map { k in Float(factor(k) * wave(2 * .pi * Double(k * n % width) / Double(width))) }
      }
      return try Tensor(values, [width, count]).moved(to: device)
    }
    return (try table { cos($0) }, try table { sin($0) })
  }
}
