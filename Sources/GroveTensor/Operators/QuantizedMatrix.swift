internal import CTorch

/// A matrix `[out, in]` of int8 in groups of 32 along its rows, each group with a float16 scale: w ≈ scale · q, with the
/// scale that maps the group's largest magnitude to 127. The precision of GGUF's Q8_0; 8.5 bits a weight.
public struct QuantizedMatrix {
  /// int8, `[out, in]` with zeros up to a multiple of 32.
  public let values: Tensor
  /// float16, `[out, ⌈in / 32⌉]`.
  public let scales: Tensor
  /// Elements of a row.
  public let inputs: Int
  /// Weights that share a scale.
  public static let groupSize = 32

  /// Rounds a matrix of any floating dtype to the nearest int8; the error is at most half a scale.
  /// - Complexity: O(elements) time, and as much memory in float32 meanwhile.
  public init(_ matrix: Tensor) throws {
    let (outputs, inputs) = try matrix.sizes("matrix", as: "out in")
    let groups = (inputs + Self.groupSize - 1) / Self.groupSize
    var exact = try matrix.cast(to: .float32)
    if groups * Self.groupSize > inputs {
      let rest = try Tensor.zeros([outputs, groups * Self.groupSize - inputs], .float32, on: matrix.device)
      exact = try .concatenated([exact, rest], axis: 1)
    }
    let grouped = try exact.reshaped(outputs, groups, Self.groupSize)
    scales = try (grouped.absolute().maximum(2, axis: .removed) / 127).cast(to: .float16)
    // Where the scale is 0 the weights are too small for float16; they become 0.
    let divisor = try scales.cast(to: .float32)
    let isZero = try divisor.equals(0)
    let quotient = try grouped / divisor.filled(1, where: isZero).withNewAxis(at: 2)
    let rounded = try Quantization.clamp.tensor(
      .tensor(Quantization.round.tensor(.tensor(quotient))), .number(-127), .number(127))
    values = try rounded.cast(to: .int8).reshaped(outputs, groups * Self.groupSize)
    self.inputs = inputs
  }

  /// Rows.
  public var outputs: Int { values.size(0) }
  public var device: Device { values.device }

  /// The matrix `[out, in]` itself, to the precision that is left.
  public func widened(to dtype: DType) throws -> Tensor { try QuantizedMatrix.widened(values, scales, inputs, dtype) }

  /// Rows by index: `[…]` to `[…, in]`.
  public func rows(_ indices: Tensor, as dtype: DType) throws -> Tensor {
    let flat = try indices.reshaped(-1)
    let rows = try QuantizedMatrix.widened(values.indexed(0, flat), scales.indexed(0, flat), inputs, dtype)
    return try rows.reshaped(to: indices.shape + [inputs])
  }

  private static func widened(_ values: Tensor, _ scales: Tensor, _ inputs: Int, _ dtype: DType) throws -> Tensor {
    let grouped = try values.reshaped(values.size(0), -1, groupSize).cast(to: .float32)
    let rows = try (grouped * scales.cast(to: .float32).withNewAxis(at: 2)).reshaped(values.size(0), values.size(1))
    return try rows.narrowed(1, from: 0, count: inputs).cast(to: dtype)
  }
}

/// `x · weightᵀ + bias` with a quantized weight, in x's dtype. No gradients reach the weight.
///
/// On a CPU a few rows multiply the int8 as they are read; many rows, and other devices, take a widened copy.
public func linear(_ x: Tensor, weight: QuantizedMatrix, bias: Tensor?) throws -> Tensor {
  if Kernel.takes(x), weight.device == .cpu, !x.requiresGradient {
    return try Kernel.tensor("linear(\(x), \(weight.values))") {
      $0.quantized_linear(x.handle, weight.values.handle, weight.scales.handle, bias?.handle, &$1)
    }
  }
  return try linear(x, weight: weight.widened(to: x.dtype), bias: bias)
}

private enum Quantization {
  static let round = Operator("aten::round")
  static let clamp = Operator("aten::clamp")
}
