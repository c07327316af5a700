public import Foundation
import GroveCore
public import GroveTensor

/// A `.safetensors` file, mapped: its tensors are read from the file when they are used.
///
/// The header is checked against hostile input: its length, every dtype, shape and range, overlaps and gaps.
public struct SafetensorsFile {
  /// Where one tensor lies.
  public struct Entry: Sendable {
    public let name: String
    public let dtype: DType
    /// As stored: empty for a scalar, `[in, out]` for GPT-2's matrices.
    public let shape: [Int]
    /// Bytes in the file.
    public let bytes: Range<Int>
  }

  public let url: URL
  /// In the order of their data.
  public let entries: [Entry]
  /// The header's `__metadata__`.
  public let metadata: [String: String]
  private let file: MappedFile
  private let byName: [String: Int]

  /// The longest header that is read; the reference implementation's limit.
  static let headerLimit = 100_000_000

  /// - Throws: `GroveError` with code `.format` that names the file and the tensor.
  public init(_ url: URL) throws {
    self.url = url
    file = try MappedFile(url)
    let bytes = file.bytes
    func wrong(_ problem: String) -> GroveError {
      GroveError(.format, url.path, problem, remedy: "The file is damaged or not a safetensors file.")
    }
    guard bytes.count >= 8 else { throw wrong("\(bytes.count) bytes are too few for a header") }
    let length = bytes.loadUnaligned(as: UInt64.self).littleEndian
    guard length <= UInt64(bytes.count - 8) else {
      throw wrong("the header claims \(length) bytes, the file has \(bytes.count)")
    }
    guard length <= UInt64(SafetensorsFile.headerLimit) else {
      throw wrong("the header claims \(length) bytes; more than \(SafetensorsFile.headerLimit) are not read")
    }
    let start = 8 + Int(length)
    let header = try JSONValue(
      parsing: UnsafeRawBufferPointer(rebasing: bytes[8..<start]), at: url.path, mostValues: JSONValue.mostValuesInFile)
    guard let members = header.objectValue else { throw wrong("the header is not an object") }
    var entries: [Entry] = []
    var metadata: [String: String] = [:]
    for (name, value) in members {
      if name == "__metadata__" {
        for (key, text) in value.objectValue ?? [] { metadata[key] = text.stringValue ?? text.text }
        continue
      }
      entries.append(try SafetensorsFile.entry(name, value, dataStart: start, fileBytes: bytes.count, wrong))
    }
    entries.sort { ($0.bytes.lowerBound, $0.bytes.upperBound) < ($1.bytes.lowerBound, $1.bytes.upperBound) }
    var end = start
    for entry in entries {
      guard entry.bytes.lowerBound == end else {
        throw wrong("tensor \(entry.name) starts at byte \(entry.bytes.lowerBound), expected \(end)")
      }
      end = entry.bytes.upperBound
    }
    guard end == bytes.count else { throw wrong("the tensors end at byte \(end), the file has \(bytes.count)") }
    self.entries = entries
    self.metadata = metadata
    byName = Dictionary(entries.enumerated().map { ($1.name, $0) }) { first, _ in first }
    guard byName.count == entries.count else { throw wrong("two tensors have the same name") }
  }

  private static func entry(
    _ name: String, _ value: JSONValue, dataStart: Int, fileBytes: Int, _ wrong: (String) -> GroveError
  ) throws -> Entry {
    guard let code = value["dtype"]?.stringValue, let dtype = DType(safetensors: code) else {
      throw wrong("tensor \(name) has the unknown dtype \(value["dtype"]?.text ?? "none")")
    }
    let shape = value["shape"]?.arrayValue?.map(\.integerValue) ?? [nil]
    let offsets = value["data_offsets"]?.arrayValue?.map(\.integerValue) ?? []
    guard offsets.count == 2, let from = offsets[0], let to = offsets[1], shape.allSatisfy({ ($0 ?? -1) >= 0 }) else {
      throw wrong("tensor \(name) has no valid shape or data_offsets")
    }
    var size = dtype.byteCount
    for case let axis? in shape {
      let (product, overflow) = size.multipliedReportingOverflow(by: axis)
      guard !overflow else { throw wrong("tensor \(name) has more elements than memory could hold") }
      size = product
    }
    guard 0 <= from, from <= to, to - from == size else {
      throw wrong("tensor \(name) needs \(size) bytes but data_offsets are [\(from), \(to)]")
    }
    guard to <= fileBytes - dataStart else {
      throw wrong("tensor \(name) ends at byte \(to) of the data, the file holds \(fileBytes - dataStart)")
    }
    return Entry(name: name, dtype: dtype, shape: shape.compactMap { $0 }, bytes: dataStart + from..<dataStart + to)
  }

  /// The entry of a name.
  public subscript(name: String) -> Entry? { byName[name].map { entries[$0] } }

  /// A tensor over the mapped bytes, without a copy where they are aligned. It must not be written to.
  /// - Throws: `GroveError` with code `.format` if there is no such tensor.
  public func tensor(_ name: String) throws -> Tensor {
    guard let entry = self[name] else { throw GroveError(.format, url.path, "has no tensor \(name)") }
    let bytes = UnsafeRawBufferPointer(rebasing: file.bytes[entry.bytes])
    if let start = bytes.baseAddress, Int(bitPattern: start) % entry.dtype.byteCount != 0 {
      let copy = try Tensor.empty(entry.shape, entry.dtype)
      copy.withMutableBytes { $0.copyMemory(from: bytes) }
      return copy
    }
    return try .wrapping(bytes, entry.shape, entry.dtype, owner: file)
  }

  /// Gives the memory that reading a tensor took back to the system; the tensor can be read again.
  public func release(_ name: String) {
    if let entry = self[name] { file.release(entry.bytes) }
  }
}

extension DType {
  /// The format's names of dtypes.
  public var safetensorsName: String {
    switch self {
    case .uint8: "U8"
    case .int8: "I8"
    case .int16: "I16"
    case .int32: "I32"
    case .int64: "I64"
    case .float16: "F16"
    case .float32: "F32"
    case .float64: "F64"
    case .bool: "BOOL"
    case .bfloat16: "BF16"
    }
  }

  init?(safetensors name: String) {
    guard let dtype = DType.allCases.first(where: { $0.safetensorsName == name }) else { return nil }
    self = dtype
  }
}
