internal import CTorch

/// Functions that libtorch has no single fast operator for on a CPU. Each is written in plain operators here, which is
/// the path of other devices.

/// silu(gate) · up, where `x` holds `[…, gate | up]`: `[…, 2F]` to `[…, F]` (Shazeer 2020, arXiv:2002.05202).
public func swiglu(_ x: Tensor) throws -> Tensor {
  let f = x.size(-1) / 2
  let parts = try x.split([f, f], axis: -1)
  return try parts[0].silu() * parts[1]
}

/// Rotates the halves of each head of `[B, T, H, D]` by the angles of its position, given as cosines and sines
/// `[T, D/2]`; the dtype stays.
public func rotary(_ x: Tensor, cosine: Tensor, sine: Tensor) throws -> Tensor {
  let (_, t, _, d) = try x.sizes("x", as: "B T H D")
  let half = d / 2
  let cosine = try cosine.reshaped(t, 1, half)
  let sine = try sine.reshaped(t, 1, half)
  let parts = try x.split([half, half], axis: -1)
  let rotated = try Tensor.concatenated(
    [parts[0] * cosine - parts[1] * sine, parts[1] * cosine + parts[0] * sine], axis: -1)
  return try rotated.cast(to: x.dtype)
}

/// Mean negative log-likelihood in nats of `targets` `[N]` under softmax(x · weightᵀ), plus `zLoss` · mean(log²Z).
/// - Parameters:
///   - x: hidden states `[N, C]`.
///   - weight: output matrix `[V, C]`.
///   - ignored: targets with this id count nothing.
public func linearCrossEntropy(
  _ x: Tensor, weight: Tensor, targets: Tensor, ignoring ignored: Int, zLoss: Double
) throws -> Tensor {
  let logits = try linear(x.cast(to: weight.dtype), weight: weight, bias: nil).cast(to: .float32)  // [N, V]
  let loss = try crossEntropy(logits, targets, reduction: .meanOverTokens, ignoring: ignored)
  if zLoss == 0 { return loss }
  let counted = try targets.equals(Double(ignored)).cast(to: .float32) * -1 + 1  // [N]
  let squares = try logits.logSumExp(-1, axis: .removed).power(2) * counted
  return try loss + squares.sum() / counted.sum() * zLoss
}

/// Zeroes each element with probability `rate` and scales the rest by 1/(1−rate), with the draws of libtorch's generator.
public func dropout(_ x: Tensor, rate: Double) throws -> Tensor {
  try Fused.dropout.tensor(.tensor(x), .number(rate), .boolean(true))
}

private enum Fused {
  static let dropout = Operator("aten::dropout")
}
