public import GroveTensor

/// How far two results of the same mathematics may lie apart, per precision. These are the only tolerances of the tests.
public struct Tolerance: Sendable {
  public let absolute: Double
  public let relative: Double

  /// Another order of summation in float32.
  public static let float32 = Tolerance(absolute: 1e-5, relative: 1e-4)
  /// Gradients through several layers in float32.
  public static let float32Gradient = Tolerance(absolute: 5e-5, relative: 1e-3)
  /// What is promised for logits beside the reference implementation.
  public static let logits = Tolerance(absolute: 1e-4, relative: 0)
  /// One rounding to bfloat16 (8 bits of mantissa) of each factor.
  public static let bfloat16 = Tolerance(absolute: 2e-2, relative: 2e-2)
  /// Merged weights where our sums are float64 and the reference's float32.
  public static let merging = Tolerance(absolute: 5e-7, relative: 1e-6)
  /// Gradients whose factors were each rounded to bfloat16, summed over rows.
  public static let bfloat16Gradient = Tolerance(absolute: 6e-2, relative: 4e-2)
}

extension Tensor {
  /// The largest excess of |a − b| over the tolerance's bound; at most 0 when all elements are close.
  public func excess(over other: Tensor, _ tolerance: Tolerance) throws -> Double {
    guard shape == other.shape else { return .infinity }
    let a = try values(as: Double.self)
    let b = try other.values(as: Double.self)
    var worst = -Double.infinity
    for (x, y) in zip(a, b) {
      if x == y { continue }
      let excess = abs(x - y) - tolerance.absolute - tolerance.relative * abs(y)
      worst = max(worst, excess.isNaN ? .infinity : excess)
    }
    return worst
  }

  /// Whether every element is within the tolerance of `other`'s; shapes must be equal.
  public func isClose(to other: Tensor, within tolerance: Tolerance) throws -> Bool {
    try excess(over: other, tolerance) <= 0
  }
}
