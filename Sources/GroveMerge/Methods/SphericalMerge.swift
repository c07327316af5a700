import Foundation
import GroveCore
public import GroveTensor

/// Spherical interpolation of two models, each tensor as one vector: sin((1−t)Ω)/sin Ω · θ₀ + sin(tΩ)/sin Ω · θ₁ with Ω the
/// angle between them; linear where they are nearly parallel or opposite (|cos Ω| > 0.9995).
///
/// - Source: Shoemake 1985, "Animating rotation with quaternion curves", §3.3, for any number of dimensions. The vectors
///   are not normalized first, as in mergekit. We differ from it: angles come from float64 sums.
public struct SphericalMerge: Equatable, Sendable {
  /// 0 gives the base, 1 the other model.
  public var position: Double

  public init(position: Double) { self.position = position }

  /// The merged tensor of the base and one other model. Memory: the result and one product.
  public func merge(_ inputs: MergeInputs) throws -> Tensor {
    let base = try inputs.baseTensor()
    let other = try inputs.tensor(inputs.others[0])
    let sums = try VectorSums(base, other)
    func length(_ squares: Double) -> Double { squares.squareRoot() > 1e-8 ? squares.squareRoot() : 1 }
    let cosine = max(-1, min(1, sums.product / length(sums.firstSquares) / length(sums.secondSquares)))
    let angle = acos(cosine)
    let isLinear = abs(cosine) > 0.9995
    let first = isLinear ? 1 - position : sin((1 - position) * angle) / sin(angle)
    let second = isLinear ? position : sin(position * angle) / sin(angle)
    let result = try base * first
    let rest = try other * second
    try result.add(rest)
    return result
  }
}

/// The weighted mean direction of several models, with the weighted mean of their lengths: one step of the spherical mean
/// in the tangent space at that direction. With a base, of the task vectors.
///
/// - Source: mergekit's `multislerp`; Buss and Fillmore 2001, "Spherical averages and applications to spherical splines",
///   §3, is the mean that it takes one step towards. At the weighted mean itself that step has the length 0, so the
///   result is the mean direction: mergekit's differs from it by what float32 leaves of the 0.
public struct MultiSphericalMerge: Equatable, Sendable {
  /// One for each model but the base.
  public var weights: [Double]
  /// Whether weights are divided by their sum.
  public var normalizes: Bool
  /// Added to lengths before they divide.
  public var epsilon: Double

  public init(weights: [Double], normalizes: Bool, epsilon: Double = 1e-8) {
    self.weights = weights
    self.normalizes = normalizes
    self.epsilon = epsilon
  }

  /// The merged tensor. Memory: the result and three tensors.
  /// - Throws: `GroveError` if the directions cancel out.
  public func merge(_ inputs: MergeInputs) throws -> Tensor {
    let others = inputs.others
    guard others.count > 1 else { return try inputs.tensor(others[0]) }
    let base = try inputs.base.map { try inputs.tensor($0) }
    let total = weights.reduce(0, +)
    let shares = normalizes ? weights.map { $0 / total } : weights
    let products = try InnerProducts(inputs, others, from: base)
    let lengths = others.indices.map { products[$0, $0].squareRoot() }
    let factors = zip(shares, lengths).map { $0 / ($1 + epsilon) }
    let squares = factors.indices.reduce(0.0) { sum, i in
      sum + factors.indices.reduce(0.0) { $0 + factors[i] * factors[$1] * products[i, $1] }
    }
    let meanLength = max(0, squares).squareRoot()
    let length = zip(shares, lengths).reduce(0) { $0 + $1.0 * $1.1 }
    let scaled: [Double]
    if meanLength >= epsilon {
      scaled = factors.map { $0 / meanLength * length * cos(epsilon) }
    } else if others.count == 2 {
      scaled = shares  // opposite vectors have no direction between them
    } else {
      throw GroveError(
        .argument, inputs.name, "the weighted directions of the models cancel out, so they have no mean",
        remedy: "Give other weights.")
    }
    let result = try Tensor.zeros(products.shape, products.dtype)
    for (factor, index) in zip(scaled, others) {
      let tensor = try inputs.tensor(index)
      try result.add(base.map { try tensor - $0 } ?? tensor, times: factor)
    }
    return try base.map { try result + $0 } ?? result
  }
}
