internal import CTorch

/// One AdamW step over many parameters at once (Loshchilov and Hutter 2019, arXiv:1711.05101), with PyTorch's arithmetic:
/// the decay does not go through the moments, and epsilon is added after the root.
///
/// On a CPU each element is read and written once, and the bfloat16 copy for the next forward pass is written with it.
public struct AdamWUpdate {
  /// A parameter and its state; all tensors contiguous and of one shape.
  public struct Entry {
    /// The full-precision value, float32; changed in place.
    public let value: Tensor
    /// The copy that the forward pass reads: refreshed by the step. The value itself where they are one.
    public let working: Tensor
    /// Of the loss with respect to the working copy, in any floating dtype.
    public let gradient: Tensor
    /// First moment, float32; changed in place.
    public let mean: Tensor
    /// Second moment, float32; changed in place.
    public let square: Tensor
    /// 0 for norms and biases.
    public let weightDecay: Double

    /// - Precondition: float32 value, mean and square; equal shapes; all contiguous but the gradient.
    public init(value: Tensor, working: Tensor, gradient: Tensor, mean: Tensor, square: Tensor, weightDecay: Double) {
      for (name, tensor) in [("value", value), ("mean", mean), ("square", square)] {
        precondition(
          tensor.dtype == .float32 && tensor.isContiguous && tensor.shape == value.shape,
          "\(name): expected contiguous float32 \(value.shape), got \(tensor)")
      }
      precondition(
        working.shape == value.shape && gradient.shape == value.shape,
        "a value of \(value.shape) with a working copy \(working) and a gradient \(gradient)")
      self.value = value
      self.working = working
      self.gradient = gradient
      self.mean = mean
      self.square = square
      self.weightDecay = weightDecay
    }

    /// Whether the kernel writes the working copy itself.
    fileprivate var kernelWritesWorking: Bool {
      working !== value && working.dtype == .bfloat16 && working.isContiguous
    }

    fileprivate func raw(gradient: Tensor) -> GroveAdamWParameter {
      var raw = GroveAdamWParameter()
      raw.master = value.info.data.assumingMemoryBound(to: Float.self)
      raw.working = kernelWritesWorking ? working.info.data : nil
      raw.gradient = UnsafeRawPointer(gradient.info.data)
      raw.mean = mean.info.data.assumingMemoryBound(to: Float.self)
      raw.square = square.info.data.assumingMemoryBound(to: Float.self)
      raw.count = Int64(value.elementCount)
      raw.weightDecay = Float(weightDecay)
      raw.gradientIsBFloat16 = gradient.dtype == .bfloat16
      return raw
    }
  }

  public let entries: [Entry]

  public init(_ entries: [Entry]) { self.entries = entries }

  /// Changes values, moments and working copies in place.
  /// - Parameters:
  ///   - step: 1 for the first; the moments' bias correction depends on it.
  ///   - gradientScale: a factor on every gradient, for clipping and loss scaling.
  public func apply(
    learningRate: Double, beta1: Double, beta2: Double, epsilon: Double, step: Int, gradientScale: Double
  ) throws {
    precondition(step >= 1, "step \(step): the first is 1")
    let used = entries.filter { $0.value.elementCount > 0 }
    let (fused, others) = (used.filter { $0.value.device == .cpu }, used.filter { $0.value.device != .cpu })
    // The gradients are kept alive, and made contiguous, until the kernel has read them.
    let gradients = try fused.map { entry in
      try (Kernel.takes(entry.gradient) ? entry.gradient : entry.gradient.cast(to: .float32)).contiguous()
    }
    let raw = zip(fused, gradients).map { $0.raw(gradient: $1) }
    try withExtendedLifetime(gradients) {
      try Torch.check(
        "AdamW",
        Torch.table().pointee.adamw(
          raw, Int32(raw.count), learningRate, beta1, beta2, epsilon, Int64(step), gradientScale))
    }
    try withGradients(.off) {
      for entry in fused where entry.working !== entry.value && !entry.kernelWritesWorking {
        try entry.working.copy(from: entry.value)
      }
      for (decay, group) in Dictionary(grouping: others, by: \.weightDecay) {
        try Self.applyOnDevice(
          group, learningRate: learningRate, beta1: beta1, beta2: beta2, epsilon: epsilon, step: step,
          gradientScale: gradientScale, weightDecay: decay)
      }
    }
  }

  /// libtorch's own fused step, for devices without a kernel here; one weight decay at a time.
  private static func applyOnDevice(
    _ group: [Entry], learningRate: Double, beta1: Double, beta2: Double, epsilon: Double, step: Int,
    gradientScale: Double, weightDecay: Double
  ) throws {
    let device = group[0].value.device
    let gradients = try group.map { try $0.gradient.cast(to: .float32).contiguous() }
    let steps = try group.map { _ in try Tensor.full([], Double(step), .float32, on: device) }
    // The operator divides the gradients by this.
    let divisor = try Tensor.full([], 1 / gradientScale, .float32, on: device)
    try fusedAdamW.run(
      .tensors(group.map(\.value)), .tensors(gradients), .tensors(group.map(\.mean)), .tensors(group.map(\.square)),
      .tensors([]), .tensors(steps), .number(learningRate), .number(beta1), .number(beta2), .number(weightDecay),
      .number(epsilon), .boolean(false), .boolean(false), .tensor(divisor), .none)
    for entry in group where entry.working !== entry.value { try entry.working.copy(from: entry.value) }
  }

  private static let fusedAdamW = Operator("aten::_fused_adamw_")
}

/// Σ x² over all elements of all tensors, summed in float64 on a CPU: the square of the norm that gradients are clipped by.
/// Waits for the device.
public func sumOfSquares(_ tensors: [Tensor]) throws -> Double {
  let (fused, others) = (tensors.filter { Kernel.takes($0) }, tensors.filter { !Kernel.takes($0) })
  var total = 0.0
  let handles = fused.map { Optional($0.handle) }
  try withExtendedLifetime(fused) {
    try Torch.check("sumOfSquares", Torch.table().pointee.sum_of_squares(handles, Int32(handles.count), &total))
  }
  if others.isEmpty { return total }
  let norms = try Tensor.stacked(try others.map { try $0.norm() }, axis: 0)
  let norm = try norms.norm().item()
  return total + norm * norm
}
