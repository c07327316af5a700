public import Foundation
import GroveCore
public import GroveTensor

/// A GGUF file (version 2 or 3), mapped: metadata and where its tensors lie.
///
/// The header is checked against hostile input: counts, lengths and types, names, ranges and overlaps. Opening a file takes
/// memory for its keys and names only.
public struct GGUFFile: Sendable {
  /// Where one tensor lies.
  public struct Entry: Sendable {
    public let name: String
    public let type: GGUFTensorType
    /// Row-major, the slowest axis first: the reverse of what the file says.
    public let shape: [Int]
    /// Bytes in the file.
    public let bytes: Range<Int>
  }

  public let url: URL
  /// 2 or 3.
  public let version: Int
  /// In the order of the file.
  public let metadata: [(key: String, value: GGUFValue)]
  /// In the order of the file.
  public let entries: [Entry]
  /// Tensors start at multiples of this many bytes.
  public let alignment: Int
  private let file: MappedFile
  private let keys: [String: Int]
  private let names: [String: Int]

  /// - Throws: `GroveError` with code `.file`, or `.format` that names the file and the key or tensor.
  public init(_ url: URL) throws {
    self.url = url
    let file = try MappedFile(url)
    let header = try file.withBytes { try GGUFHeader(file, $0) }
    self.file = file
    (version, metadata, keys, alignment) = (header.version, header.metadata, header.keys, header.alignment)
    (entries, names) = (header.entries, header.names)
  }

  /// Whether a file starts as GGUF files do, or has their ending.
  public static func isGGUF(_ url: URL) -> Bool {
    guard !FileSystem.isFolder(url), let reader = try? FileReader(url) else { return false }
    if url.pathExtension == "gguf" { return true }
    var start = [UInt8](repeating: 0, count: 4)
    let count = start.withUnsafeMutableBytes { try? reader.read(into: $0) }
    return count == 4 && start == Array("GGUF".utf8)
  }

  /// The value of a key; nil if it is missing.
  public subscript(key: String) -> GGUFValue? { keys[key].map { metadata[$0].value } }

  /// The entry of a tensor; nil if there is none of that name.
  public func entry(_ name: String) -> Entry? { names[name].map { entries[$0] } }

  /// A tensor as float32, or as float16 or bfloat16 where the file has those. Floats lie over the mapped bytes, without a
  /// copy where they are aligned, and must not be written to; blocks are decoded.
  /// - Throws: `GroveError` with code `.format` if there is no such tensor.
  public func tensor(_ name: String) throws -> Tensor {
    guard let entry = entry(name) else { throw GroveError(.format, url.path, "has no tensor \(name)") }
    return try file.withBytes { bytes in
      let bytes = UnsafeRawBufferPointer(rebasing: bytes[entry.bytes])
      if let dtype = entry.type.dtype, Int(bitPattern: bytes.baseAddress) % dtype.byteCount == 0 {
        return try .wrapping(bytes, entry.shape, dtype, owner: file)
      }
      let copy = try Tensor.empty(entry.shape, entry.type.dtype ?? .float32)
      copy.withMutableBytes { memory in
        if entry.type.dtype != nil {
          memory.copyMemory(from: bytes)
        } else {
          entry.type.decode(bytes, into: memory.bindMemory(to: Float.self))
        }
      }
      return copy
    }
  }

  /// Gives the memory that reading a tensor took back to the system; the tensor can be read again.
  public func release(_ name: String) {
    if let entry = entry(name) { file.release(entry.bytes) }
  }
}
