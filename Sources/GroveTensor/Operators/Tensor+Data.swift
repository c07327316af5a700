internal import CTorch

extension Tensor {
  /// The elements in row-major order, cast to `Element`'s dtype. Waits for the device.
  public func values<Element: TensorElement>(as type: Element.Type = Element.self) throws -> [Element] {
    let tensor = try cast(to: Element.dtype).moved(to: .cpu).contiguous()
    return [Element](unsafeUninitializedCapacity: tensor.elementCount) { buffer, count in
      tensor.withBytes { source in
        UnsafeMutableRawBufferPointer(buffer).copyMemory(from: source)
      }
      count = tensor.elementCount
    }
  }

  /// The tensor's memory.
  /// - Precondition: contiguous and on the CPU.
  public func withBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
    let info = self.info
    precondition(info.isContiguous && device == .cpu, "\(self) is not contiguous CPU memory")
    defer { withExtendedLifetime(self) {} }
    return try body(UnsafeRawBufferPointer(start: info.data, count: Int(info.elementCount) * dtype.byteCount))
  }

  /// The tensor's memory, for writing. Autograd does not see what is written.
  /// - Precondition: contiguous and on the CPU.
  public func withMutableBytes<Result>(_ body: (UnsafeMutableRawBufferPointer) throws -> Result) rethrows -> Result {
    let info = self.info
    precondition(info.isContiguous && device == .cpu, "\(self) is not contiguous CPU memory")
    defer { withExtendedLifetime(self) {} }
    return try body(UnsafeMutableRawBufferPointer(start: info.data, count: Int(info.elementCount) * dtype.byteCount))
  }
}
