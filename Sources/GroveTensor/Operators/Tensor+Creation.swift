internal import CTorch
public import GroveCore

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A Swift type that tensors hold.
public protocol TensorElement: BitwiseCopyable, Sendable {
  static var dtype: DType { get }
}
extension UInt8: TensorElement { public static var dtype: DType { .uint8 } }
extension Int8: TensorElement { public static var dtype: DType { .int8 } }
extension Int16: TensorElement { public static var dtype: DType { .int16 } }
extension Int32: TensorElement { public static var dtype: DType { .int32 } }
extension Int64: TensorElement { public static var dtype: DType { .int64 } }
extension Float: TensorElement { public static var dtype: DType { .float32 } }
extension Double: TensorElement { public static var dtype: DType { .float64 } }
extension Bool: TensorElement { public static var dtype: DType { .bool } }

private enum Creation {
  static let empty = Operator("aten::empty", "memory_format")
  static let full = Operator("aten::full")
  static let arange = Operator("aten::arange", "start_step")
  static let toDType = Operator("aten::to", "dtype")
  static let toCopy = Operator("aten::_to_copy")
  static let clone = Operator("aten::clone")
  static let contiguous = Operator("aten::contiguous")
  static let copyInto = Operator("aten::copy_")
  static let fill = Operator("aten::fill_", "Scalar")
  static let item = Operator("aten::item")
}

extension Tensor {
  /// Uninitialised memory.
  public static func empty(_ shape: [Int], _ dtype: DType, on device: Device = .cpu) throws -> Tensor {
    try Creation.empty.tensor(.integers(shape), .dtype(dtype), .default, .device(device))
  }

  public static func full(_ shape: [Int], _ value: Double, _ dtype: DType, on device: Device = .cpu) throws -> Tensor {
    try Creation.full.tensor(.integers(shape), .number(value), .dtype(dtype), .default, .device(device))
  }

  public static func zeros(_ shape: [Int], _ dtype: DType, on device: Device = .cpu) throws -> Tensor {
    try full(shape, 0, dtype, on: device)
  }

  /// 0, 1, … `count` − 1.
  public static func range(_ count: Int, _ dtype: DType, on device: Device = .cpu) throws -> Tensor {
    try Creation.arange.tensor(.integer(0), .integer(count), .integer(1), .dtype(dtype), .default, .device(device))
  }

  /// A copy of `values`, row by row.
  /// - Precondition: as many values as the shape holds.
  public convenience init<Element: TensorElement>(_ values: [Element], _ shape: [Int]) throws {
    precondition(values.count == shape.reduce(1, *), "\(values.count) values do not fill \(shape)")
    self.init(owning: try Creation.empty.handle(.integers(shape), .dtype(Element.dtype)))
    withMutableBytes { target in values.withUnsafeBytes { target.copyMemory(from: $0) } }
  }

  /// Independent draws from N(0, σ²), the same on every machine and for every number of threads.
  public static func normal(_ shape: [Int], deviation: Double, random: RandomKey) throws -> Tensor {
    let count = shape.reduce(1, *)
    var values = [Float](repeating: 0, count: count)
    for pair in 0..<(count + 1) / 2 {  // Box and Muller 1958
      let radius = deviation * (-2 * log(1 - random.uniform(2 * pair))).squareRoot()
      let angle = 2 * Double.pi * random.uniform(2 * pair + 1)
      values[2 * pair] = Float(radius * cos(angle))
      if 2 * pair + 1 < count { values[2 * pair + 1] = Float(radius * sin(angle)) }
    }
    return try Tensor(values, shape)
  }

  /// Independent draws, uniform in [low, high).
  public static func uniform(_ shape: [Int], _ low: Double, _ high: Double, random: RandomKey) throws -> Tensor {
    let values = (0..<shape.reduce(1, *)).map { Float(low + (high - low) * random.uniform($0)) }
    return try Tensor(values, shape)
  }

  /// Wraps memory that someone else owns, without a copy; `owner` is kept until the tensor's memory is no longer used.
  /// The memory must not be written to.
  public static func wrapping(
    _ bytes: UnsafeRawBufferPointer, _ shape: [Int], _ dtype: DType, owner: AnyObject
  ) throws -> Tensor {
    precondition(bytes.count == shape.reduce(dtype.byteCount, *), "\(bytes.count) bytes are not \(dtype) \(shape)")
    guard let start = bytes.baseAddress, !bytes.isEmpty else { return try empty(shape, dtype) }
    let context = Unmanaged.passRetained(owner).toOpaque()
    var handle: GroveTensorHandle?
    let sizes = shape.map { Int64($0) }
    try Torch.check(
      "wrap",
      Torch.table().pointee.wrap(
        UnsafeMutableRawPointer(mutating: start), sizes, Int32(sizes.count), dtype.rawValue,
        { Unmanaged<AnyObject>.fromOpaque($0!).release() }, context, &handle))
    return Tensor(owning: handle!)
  }

  /// The same values in another dtype; the tensor itself if it has that dtype.
  public func cast(to dtype: DType) throws -> Tensor {
    if self.dtype == dtype { return self }
    return try Creation.toDType.tensor(.tensor(self), .dtype(dtype))
  }

  /// The same values on another device; the tensor itself if it is there.
  public func moved(to device: Device) throws -> Tensor {
    if self.device == device { return self }
    return try Creation.toCopy.tensor(.tensor(self), .default, .default, .device(device))
  }

  /// A copy with memory of its own.
  public func copied() throws -> Tensor { try Creation.clone.tensor(.tensor(self)) }

  /// Row-major memory; the tensor itself if it has that.
  public func contiguous() throws -> Tensor { isContiguous ? self : try Creation.contiguous.tensor(.tensor(self)) }

  /// Overwrites this tensor's elements; the source is broadcast, cast and moved as needed.
  public func copy(from source: Tensor) throws { try Creation.copyInto.run(.tensor(self), .tensor(source)) }

  /// Overwrites every element, in place.
  public func fill(_ value: Double) throws { try Creation.fill.run(.tensor(self), .number(value)) }

  /// The value of a tensor with one element. Waits for the device.
  public func item() throws -> Double { try Creation.item.number(.tensor(self)) }
}
