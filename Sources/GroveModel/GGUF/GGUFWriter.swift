public import Foundation
import GroveCore
public import GroveTensor

/// Writes GGUF files of version 3: metadata and tensors in the order in which they are given.
public enum GGUFWriter {
  /// A tensor to write, made when its turn comes: a large model is never held twice.
  public struct Item {
    /// The name in the file.
    public let name: String
    /// How the file holds it; one of `GGUFTensorType.written`.
    public let type: GGUFTensorType
    /// Row-major, the slowest axis first.
    public let shape: [Int]
    let make: () throws -> Tensor

    /// - Parameter make: called when the file reaches the tensor; its result must have `shape`.
    /// - Precondition: Grove writes the type, and rows are whole blocks of it.
    public init(_ name: String, _ type: GGUFTensorType, _ shape: [Int], make: @escaping () throws -> Tensor) {
      precondition(GGUFTensorType.written.contains(type), "\(type.name) is not written")
      precondition(shape.last?.isMultiple(of: type.blockElements) == true, "\(name) \(shape) is not blocks")
      (self.name, self.type, self.shape, self.make) = (name, type, shape, make)
    }

    /// The tensor, made anew by each call.
    public func made() throws -> Tensor { try make() }

    /// Bytes of the tensor in the file, without what fills it up to the next.
    public var byteCount: Int { type.byteCount(elements: shape.reduce(1, *)) }
  }

  /// Where tensors start; the format's default.
  static let alignment = 32

  /// Writes the file in one step; readers never see a part.
  /// - Throws: `GroveError` with code `.file`, for example on a full disk, or `.argument` for a tensor whose values blocks
  ///   cannot hold. What was there before stays.
  public static func write(
    _ items: [Item], metadata: [(key: String, value: GGUFValue)], to url: URL
  ) throws {
    let file = try FileWriter(url)
    var header = Array("GGUF".utf8)
    header.append(littleEndian: UInt32(3))
    header.append(littleEndian: UInt64(items.count))
    let metadata = metadata.filter { $0.key != "general.alignment" }
    header.append(littleEndian: UInt64(metadata.count))
    for (key, value) in metadata {
      header.append(gguf: key)
      header.append(littleEndian: value.type.rawValue)
      header.append(gguf: value)
    }
    var offset = 0
    for item in items {
      header.append(gguf: item.name)
      header.append(littleEndian: UInt32(item.shape.count))
      for size in item.shape.reversed() { header.append(littleEndian: UInt64(size)) }
      header.append(littleEndian: item.type.rawValue)
      header.append(littleEndian: UInt64(offset))
      offset += padded(item.byteCount)
    }
    try file.write(header)
    try fill(file)
    for item in items {
      try write(item, to: file)
      try fill(file)
    }
    try file.commit()
  }

  private static func write(_ item: Item, to file: FileWriter) throws {
    try withGradients(.off) {
      let tensor = try item.make().cast(to: item.type.dtype ?? .float32).moved(to: .cpu).contiguous()
      precondition(tensor.shape == item.shape, "\(item.name) was announced as \(item.shape), is \(tensor.shape)")
      try tensor.withBytes { bytes in
        guard item.type.dtype == nil else { return try file.write(bytes) }
        guard let blocks = item.type.encode(bytes.bindMemory(to: Float.self)) else {
          throw GroveError(
            .argument, item.name,
            "has values that \(item.type.name) cannot hold: not finite, or too large for its scale",
            remedy: "Write it as float32.")
        }
        try file.write(blocks)
      }
    }
  }

  private static func padded(_ bytes: Int) -> Int { (bytes + alignment - 1) / alignment * alignment }

  private static func fill(_ file: FileWriter) throws {
    try file.write([UInt8](repeating: 0, count: padded(file.byteCount) - file.byteCount))
  }
}
