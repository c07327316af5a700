public import GroveCore
public import GroveTensor

/// A learned vector for each index.
public struct Embedding {
  /// `[count, C]`.
  public let weight: Parameter

  /// Vectors from N(0, deviation²).
  public init(count: Int, width: Int, deviation: Double, weights: InitialWeights) throws {
    weight = try weights.matrix([count, width], deviation: deviation, role: .embedding)
  }

  /// Maps indices `[…]` to `[…, C]`, float32.
  public func callAsFunction(_ indices: Tensor) throws -> Tensor {
    try weight.rows(indices).cast(to: .float32)
  }
}

/// A norm over the last axis of the float32 residual stream.
public struct Norm {
  /// The gain, `[C]`, float32 in every precision; it starts at 1, or at 0 where it counts from 1.
  public let weight: Parameter
  /// `[C]`, float32 in every precision; it starts at 0. Nil for a norm without.
  public let bias: Parameter?
  /// Added to the variance.
  public let epsilon: Double
  private let kind: NormConfig.Kind

  public init(_ kind: NormConfig.Kind, width: Int, epsilon: Double) throws {
    self.kind = kind
    self.epsilon = epsilon
    weight = Parameter(try .full([width], kind == .rootMeanSquareFromOne ? 0 : 1, .float32), role: .vector)
    bias = kind == .layer ? Parameter(try .zeros([width], .float32), role: .vector) : nil
  }

  /// The arithmetic, with its learned parameters.
  var form: NormForm {
    get throws {
      switch kind {
      case .layer: .layer(weight: weight.working, bias: bias?.working)
      case .rootMeanSquareFromOne: .rootMeanSquare(weight: try weight.working + 1)
      case .rootMeanSquare, .family: .rootMeanSquare(weight: weight.working)
      }
    }
  }

  /// Maps the float32 residual stream `[…, C]` to `[…, C]` in the working precision `dtype`.
  public func callAsFunction(_ x: Tensor, as dtype: DType = .float32) throws -> Tensor {
    try norm(x, form, epsilon: epsilon, as: dtype)
  }

  /// Adds a layer's result to the stream, and gives the new stream and its norm in the result's dtype.
  public func callAsFunction(_ x: Tensor, adding delta: Tensor) throws -> (stream: Tensor, normed: Tensor) {
    try norm(x, adding: delta, form, epsilon: epsilon, as: delta.dtype)
  }
}

/// Dropout (Srivastava et al. 2014): in training, zeroes a share of the elements and scales the rest.
public struct Dropout: Sendable {
  let rate: Double
  /// - Parameter rate: share of the elements that become 0, in [0, 1); the others are multiplied by 1 / (1 − rate).
  public init(rate: Double) { self.rate = rate }

  /// The same key drops the same elements; in inference nothing is ever dropped.
  public func callAsFunction(_ x: Tensor, _ mode: Mode, _ part: String) throws -> Tensor {
    guard case .training(let random) = mode, rate > 0 else { return x }
    try Torch.seed(random.split(part))
    return try dropout(x, rate: rate)
  }
}

/// Whether a forward pass trains, and then with which draws.
public enum Mode: Sendable {
  case inference
  case training(random: RandomKey)

  /// The mode of a part, with draws of its own.
  public func split(_ index: Int) -> Mode {
    guard case .training(let random) = self else { return self }
    return .training(random: random.split(index))
  }
}
