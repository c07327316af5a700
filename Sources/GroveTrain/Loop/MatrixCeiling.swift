import GroveCore
public import GroveModel
public import GroveTensor

/// How fast this machine multiplies matrices: what a training step is measured against.
public enum MatrixCeiling {
  /// The best of several products of 1024 × 1024 × 1024 (8192 on a GPU), in GFLOP/s. Takes about 0.1 s.
  public static func measure(_ precision: Precision, device: Device) throws -> Double {
    let size = device == .cpu ? 1024 : 8192
    let a = try Tensor.full([size, size], 0.5, precision.dtype, on: device)
    let b = try Tensor.full([size, size], 0.25, precision.dtype, on: device)
    let clock = ContinuousClock()
    var best = 0.0
    for _ in 0..<6 {
      try Torch.synchronize(device)
      let start = clock.now
      _ = try withGradients(.off) { try linear(a, weight: b, bias: nil) }
      try Torch.synchronize(device)
      best = max(best, 2 * Double(size * size * size) / (clock.now - start).seconds / 1e9)
    }
    return best
  }
}
