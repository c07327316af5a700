internal import CTorch
import Foundation

/// Functions that libtorch has no single fast operator for on a CPU. Each calls a kernel of its own there, and is written
/// in plain operators for other devices.

/// `x · weightᵀ + bias`: maps `[…, in]` to `[…, out]` with a weight of `[out, in]` in x's dtype; the bias may be float32.
public func linear(_ x: Tensor, weight: Tensor, bias: Tensor?) throws -> Tensor {
  if Kernel.takes(x), x.dtype == weight.dtype, weight.device == .cpu, weight.rank == 2 {
    return try Kernel.tensor("linear(\(x), \(weight))") { $0.linear(x.handle, weight.handle, bias?.handle, &$1) }
  }
  return try Fused.linear.tensor(.tensor(x), .tensor(weight), .optional(bias?.cast(to: weight.dtype)))
}

/// The residual stream and what a layer adds to it: float32 `x`, and `delta` of the same shape in the working precision.
public func residualSum(_ x: Tensor, _ delta: Tensor) throws -> Tensor {
  if x.dtype == .float32, delta.dtype == .bfloat16, Kernel.takes(x) {
    return try Kernel.tensor("residualSum(\(x), \(delta))") { $0.add(x.handle, delta.handle, &$1) }
  }
  return try x + delta
}

/// silu(gate) · up, where `x` holds `[…, gate | up]`: `[…, 2F]` to `[…, F]` (Shazeer 2020, arXiv:2002.05202).
public func swiglu(_ x: Tensor) throws -> Tensor {
  if Kernel.takes(x) { return try Kernel.tensor("swiglu(\(x))") { $0.swiglu(x.handle, &$1) } }
  let f = x.size(-1) / 2
  let parts = try x.split([f, f], axis: -1)
  return try parts[0].silu() * parts[1]
}

/// Queries `[B, T, H, D]`, keys and values `[B, T, G, D]` out of a projection `[B, T, H+2G, D]`; queries and keys are
/// rotated by the angles of their positions, given as cosines and sines `[T, D/2]` in float32 (Su et al. 2021,
/// arXiv:2104.09864, in the half-split layout). The dtype stays.
public func rotaryHeads(
  _ projected: Tensor, heads: Int, keyValueHeads: Int, cosine: Tensor, sine: Tensor
) throws -> (queries: Tensor, keys: Tensor, values: Tensor) {
  if Kernel.takes(projected) {
    var out: (GroveTensorHandle?, GroveTensorHandle?, GroveTensorHandle?)
    try withUnsafeMutableBytes(of: &out) { bytes in
      let handles = bytes.bindMemory(to: GroveTensorHandle?.self)
      try Torch.check(
        "rotaryHeads(\(projected), \(cosine), \(sine))",
        Torch.table().pointee.rotary_heads(
          projected.handle, cosine.handle, sine.handle, Int64(heads), Int64(keyValueHeads), handles.baseAddress))
    }
    return (Tensor(owning: out.0!), Tensor(owning: out.1!), Tensor(owning: out.2!))
  }
  let parts = try projected.split([heads, keyValueHeads, keyValueHeads], axis: 2)
  return (
    try rotary(parts[0], cosine: cosine, sine: sine), try rotary(parts[1], cosine: cosine, sine: sine), parts[2]
  )
}

/// Rotates the halves of each head of `[B, T, H, D]` by the angles of its position, given as cosines and sines
/// `[T, D/2]`; the dtype stays. Plain operators: `rotaryHeads` is the fast way.
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

/// Mean negative log-likelihood in nats of `targets` `[N]` under softmax(x · weightᵀ), plus `zLoss` · mean(log²Z)
/// (Chowdhery et al. 2022, arXiv:2204.02311, §5), as a float32 scalar.
///
/// On a CPU the logits never exist for more than a block of rows; the gradients are made in the forward pass.
/// - Parameters:
///   - x: hidden states `[N, C]`.
///   - weight: output matrix `[V, C]`; the products run in its dtype.
///   - targets: int64 ids below V.
///   - ignored: targets with this id count nothing.
public func linearCrossEntropy(
  _ x: Tensor, weight: Tensor, targets: Tensor, ignoring ignored: Int, zLoss: Double
) throws -> Tensor {
  let x = try x.cast(to: weight.dtype)
  if Kernel.takes(x) {
    return try Kernel.tensor("linearCrossEntropy(\(x), \(weight), \(targets))") {
      $0.linear_cross_entropy(x.handle, weight.handle, targets.handle, Int64(ignored), zLoss, &$1)
    }
  }
  let logits = try linear(x, weight: weight, bias: nil).cast(to: .float32)  // [N, V]
  return try crossEntropy(logits, targets, ignoring: ignored, zLoss: zLoss)
}

/// Mean negative log-likelihood of `targets` `[N]` under logits `[N, V]`, plus `zLoss` · mean(log²Z).
public func crossEntropy(_ logits: Tensor, _ targets: Tensor, ignoring ignored: Int, zLoss: Double) throws -> Tensor {
  let loss = try crossEntropy(logits, targets, reduction: .meanOverTokens, ignoring: ignored)
  if zLoss == 0 { return loss }
  let counted = try targets.equals(Double(ignored)).cast(to: .float32) * -1 + 1  // [N]
  let squares = try logits.logSumExp(-1, axis: .removed).power(2) * counted
  return try loss + squares.sum() / counted.sum() * zLoss
}

/// Weights in [0, 1] of scores `[B, T]` in float32, about `count` in sum for each row: those that maximise
/// s·λ + temperature·H(λ), by coordinate descent on the dual (Lei et al. 2023, arXiv:2304.04947, §3.2).
/// - Parameters:
///   - count: how many would be chosen; positive.
///   - temperature: near 0 the choice is hard.
///   - iterations: of the descent; each reads all scores.
public func softTopK(_ scores: Tensor, count: Double, temperature: Double, iterations: Int) throws -> Tensor {
  if scores.dtype == .float32, Kernel.takes(scores) {
    return try Kernel.tensor("softTopK(\(scores))") {
      $0.soft_top_k(scores.handle, count, temperature, Int64(iterations), &$1)
    }
  }
  let constant = temperature * log(count)
  var b = try scores.relu() * -1
  var a = try Tensor.zeros([scores.size(0), 1], .float32, on: scores.device)
  for _ in 0..<iterations {
    a = try ((scores + b) * (1 / temperature)).logSumExp(-1, axis: .kept) * -temperature + constant
    b = try (scores + a).relu() * -1
  }
  return try ((scores + a + b) * (1 / temperature)).exponential()
}

/// Zeroes each element with probability `rate` and scales the rest by 1/(1−rate), with the draws of libtorch's generator.
public func dropout(_ x: Tensor, rate: Double) throws -> Tensor {
  try Fused.dropout.tensor(.tensor(x), .number(rate), .boolean(true))
}

private enum Fused {
  static let linear = Operator("aten::linear")
  static let dropout = Operator("aten::dropout")
}
