internal import CTorch

/// How a norm over the last axis `[C]` is made.
public enum NormForm {
  /// Zhang and Sennrich 2019 (arXiv:1910.07467).
  case rootMeanSquare(weight: Tensor)
  /// Ba, Kiros, Hinton 2016 (arXiv:1607.06450).
  case layer(weight: Tensor, bias: Tensor?)
}

/// The norm of the float32 residual stream `[…, C]`, in the working precision `dtype`.
public func norm(_ x: Tensor, _ form: NormForm, epsilon: Double, as dtype: DType) throws -> Tensor {
  try norm(x, adding: nil, form, epsilon: epsilon, as: dtype).normed
}

/// Adds what a layer computed to the residual stream and norms the sum, in one pass over memory.
/// - Parameters:
///   - x: the stream, float32 `[…, C]`.
///   - delta: the layer's result in the working precision, of the same shape.
///   - dtype: the working precision.
/// - Returns: x + delta in float32, and its norm in `dtype`.
public func norm(
  _ x: Tensor, adding delta: Tensor?, _ form: NormForm, epsilon: Double, as dtype: DType
) throws -> (stream: Tensor, normed: Tensor) {
  if x.dtype == .float32, Kernel.takes(x), Kernel.takes(dtype), delta.map({ $0.dtype == dtype }) ?? true {
    return try fusedNorm(x, adding: delta, form, epsilon: epsilon, as: dtype)
  }
  let stream = try delta.map { try residualSum(x, $0) } ?? x
  switch form {
  case .rootMeanSquare(let weight):
    return (stream, try rmsNorm(stream, weight: weight, epsilon: epsilon).cast(to: dtype))
  case .layer(let weight, let bias):
    return (stream, try layerNorm(stream, weight: weight, bias: bias, epsilon: epsilon).cast(to: dtype))
  }
}

private func fusedNorm(
  _ x: Tensor, adding delta: Tensor?, _ form: NormForm, epsilon: Double, as dtype: DType
) throws -> (stream: Tensor, normed: Tensor) {
  var arguments = GroveNorm()
  arguments.x = x.handle
  arguments.delta = delta?.handle
  arguments.epsilon = epsilon
  arguments.dtype = dtype.rawValue
  switch form {
  case .rootMeanSquare(let weight): arguments.weight = weight.handle
  case .layer(let weight, let bias):
    arguments.weight = weight.handle
    arguments.bias = bias?.handle
    arguments.centered = true
  }
  var stream: GroveTensorHandle?
  let normed = try withExtendedLifetime(form) {
    try Kernel.tensor("norm(\(x)\(delta.map { ", adding: \($0)" } ?? ""))") { table, out in
      table.norm(&arguments, &stream, &out)
    }
  }
  return (stream.map { Tensor(owning: $0) } ?? x, normed)
}
