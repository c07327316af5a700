internal import CTorch

/// An n-dimensional array of libtorch. One Swift object holds one reference; the memory goes with the last one.
///
/// Tensors belong to the thread that works with them, so they are not `Sendable`. Operators throw `TorchError` with the
/// operator and the shapes.
public final class Tensor {
  let handle: GroveTensorHandle

  /// Takes over the reference.
  init(owning handle: GroveTensorHandle) { self.handle = handle }

  deinit { Torch.loadedTable.pointee.release(handle) }

  /// The sizes of all axes; empty for a scalar.
  public var shape: [Int] {
    let info = self.info
    return (0..<Int(info.rank)).map { Int(info.sizes[$0]) }
  }

  /// Elements between neighbours along each axis.
  public var strides: [Int] {
    let info = self.info
    return (0..<Int(info.rank)).map { Int(info.strides[$0]) }
  }

  /// Axes; 0 for a scalar.
  public var rank: Int { Int(info.rank) }
  /// The product of the sizes; 1 for a scalar.
  public var elementCount: Int { Int(info.elementCount) }
  /// - Precondition: one that `DType` has; libtorch knows more.
  public var dtype: DType {
    let code = info.dtype
    guard let dtype = DType(rawValue: code) else {
      fatalError("libtorch gave a tensor of dtype code \(code), which Grove does not use")
    }
    return dtype
  }
  public var device: Device { Device(typeCode: info.deviceType, indexCode: info.deviceIndex) }
  /// Whether the elements lie row by row, without gaps.
  public var isContiguous: Bool { info.isContiguous }
  /// Whether operators on this tensor are recorded for the backward pass.
  public var requiresGradient: Bool { info.requiresGradient }

  /// The size of one axis; negative axes count from the end.
  /// - Precondition: the axis exists.
  public func size(_ axis: Int) -> Int {
    let info = self.info
    let index = axis < 0 ? axis + Int(info.rank) : axis
    precondition(0 <= index && index < Int(info.rank), "axis \(axis) of a tensor of shape \(shape)")
    return Int(info.sizes[index])
  }

  var info: GroveTensorInfo {
    var info = GroveTensorInfo()
    Torch.loadedTable.pointee.describe(handle, &info)
    return info
  }
}

extension Tensor: CustomStringConvertible {
  /// "float32 [2, 3]", with the device where it is not the CPU.
  public var description: String { "\(dtype) \(shape)\(device == .cpu ? "" : " on \(device)")" }
}

extension Tensor {
  /// Checks the rank against letters ("B T C") and gives the sizes.
  /// - Throws: `TorchError` that names the tensor: "tokens: expected [B, T], got [4, 16, 64]".
  public func sizes(_ name: String, as letters: String) throws -> [Int] {
    let found = shape
    guard found.count == letters.utf8.count / 2 + 1 || found.count == letters.split(separator: " ").count else {
      let expected = letters.split(separator: " ")
      throw TorchError(.refused, name, "expected [\(expected.joined(separator: ", "))], got \(found)")
    }
    return found
  }

  /// The sizes of two axes.
  public func sizes(_ name: String, as letters: String) throws -> (Int, Int) {
    let found: [Int] = try sizes(name, as: letters)
    return (found[0], found[1])
  }

  /// The sizes of three axes.
  public func sizes(_ name: String, as letters: String) throws -> (Int, Int, Int) {
    let found: [Int] = try sizes(name, as: letters)
    return (found[0], found[1], found[2])
  }

  /// The sizes of four axes.
  public func sizes(_ name: String, as letters: String) throws -> (Int, Int, Int, Int) {
    let found: [Int] = try sizes(name, as: letters)
    return (found[0], found[1], found[2], found[3])
  }
}
