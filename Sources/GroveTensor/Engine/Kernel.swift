internal import CTorch

/// Calls to the fused kernels, which run on the CPU in float32 and bfloat16. What they do not take goes to libtorch.
enum Kernel {
  /// Whether the kernels work on such a tensor.
  static func takes(_ tensor: Tensor) -> Bool {
    let info = tensor.info
    return info.deviceType == Device.cpu.typeCode && takes(code: info.dtype)
  }

  static func takes(_ dtype: DType) -> Bool { takes(code: dtype.rawValue) }

  private static func takes(code: Int32) -> Bool {
    code == DType.float32.rawValue || code == DType.bfloat16.rawValue
  }

  /// Calls a kernel that gives one tensor.
  static func tensor(
    _ operation: @autoclosure () -> String, _ call: (GroveTorch, inout GroveTensorHandle?) -> GroveStatus
  ) throws -> Tensor {
    var out: GroveTensorHandle?
    try Torch.check(operation(), call(Torch.table().pointee, &out))
    guard let out else { throw TorchError(.refused, operation(), "gave no tensor") }
    return Tensor(owning: out)
  }
}
