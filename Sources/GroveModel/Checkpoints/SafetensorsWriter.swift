public import Foundation
import GroveCore
public import GroveTensor

/// Writes `.safetensors` files: tensors sorted by name, so that the same tensors give the same bytes.
public enum SafetensorsWriter {
  /// A tensor to write, made when its turn comes: a large model is never held twice.
  public struct Item {
    /// The name in the file.
    public let name: String
    /// The dtype in the file.
    public let dtype: DType
    /// The shape in the file.
    public let shape: [Int]
    let make: () throws -> Tensor

    /// - Parameter make: called when the file reaches the tensor; its result is cast to `dtype` and must have `shape`.
    public init(_ name: String, _ dtype: DType, _ shape: [Int], make: @escaping () throws -> Tensor) {
      self.name = name
      self.dtype = dtype
      self.shape = shape
      self.make = make
    }

    /// The tensor, made anew by each call.
    public func made() throws -> Tensor { try make() }

    /// Bytes of the tensor in the file.
    public var byteCount: Int { shape.reduce(dtype.byteCount, *) }

    /// A tensor that is there already, in the dtype that it has.
    public init(_ name: String, _ tensor: Tensor) {
      self.init(name, tensor.dtype, tensor.shape) { tensor }
    }
  }

  /// Writes the file in one step; readers never see a part.
  /// - Throws: `GroveError` with code `.file`, for example on a full disk. What was there before stays.
  public static func write(_ items: [Item], metadata: [String: String] = ["format": "pt"], to url: URL) throws {
    let items = inFileOrder(items)
    var members: [(key: String, value: JSONValue)] = [
      ("__metadata__", .object(metadata.sorted { $0.key < $1.key }.map { ($0.key, .string($0.value)) }))
    ]
    var offset = 0
    for item in items {
      let end = offset + item.byteCount
      members.append(
        (
          item.name,
          [
            "dtype": .string(item.dtype.safetensorsName), "shape": .array(item.shape.map { .integer($0) }),
            "data_offsets": [.integer(offset), .integer(end)],
          ]
        ))
      offset = end
    }
    var header = Array(JSONValue.object(members).text.utf8)
    header += Array(repeating: 0x20, count: (8 - header.count % 8) % 8)
    let file = try FileWriter(url)
    try withUnsafeBytes(of: UInt64(header.count).littleEndian) { try file.write($0) }
    try file.write(header)
    for item in items {
      let tensor = try withGradients(.off) { try item.make().cast(to: item.dtype).moved(to: .cpu).contiguous() }
      precondition(tensor.shape == item.shape, "\(item.name) was announced as \(item.shape), is \(tensor.shape)")
      try tensor.withBytes { try file.write($0) }
    }
    try file.commit()
  }

  /// Makes the tensors in the order in which `write` does, and writes nothing: for processes that help another to write.
  public static func visit(_ items: [Item]) throws {
    for item in inFileOrder(items) { _ = try item.make() }
  }

  /// The items in file order, cut where the next one would make a file larger than `bytes`.
  static func shards(_ items: [Item], bytes: Int) -> [[Item]] {
    var shards: [[Item]] = []
    var held = 0
    for item in inFileOrder(items) {
      if shards.isEmpty || held + item.byteCount > bytes {
        shards.append([])
        held = 0
      }
      shards[shards.count - 1].append(item)
      held += item.byteCount
    }
    return shards
  }

  private static func inFileOrder(_ items: [Item]) -> [Item] {
    items.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
  }
}
