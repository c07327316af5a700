import GroveCore

/// Walks over the header of a GGUF file. Nothing is believed: every length is compared with the bytes that are left.
struct GGUFScanner {
  private let bytes: UnsafeRawBufferPointer
  /// The file, for errors.
  let place: String
  private(set) var offset = 0
  private var textBytes = 0

  /// The longest text outside a list, such as a chat template.
  static let longestText = 1 << 24
  /// The most bytes of all texts outside lists, with keys and names: they are copied.
  private static let mostTextBytes = 1 << 26

  init(_ bytes: UnsafeRawBufferPointer, path: String) {
    self.bytes = bytes
    place = path
  }

  var remaining: Int { bytes.count - offset }

  func wrong(_ problem: String) -> GroveError {
    GroveError(.format, place, problem, remedy: "The file is damaged or not a GGUF file.")
  }

  /// The next integer.
  /// - Parameter part: what it belongs to, for the error.
  mutating func integer<Value: FixedWidthInteger>(
    _ type: Value.Type = Value.self, in part: @autoclosure () -> String
  ) throws -> Value {
    guard remaining >= MemoryLayout<Value>.size else { throw ended(part()) }
    defer { offset += MemoryLayout<Value>.size }
    return Value(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: Value.self))
  }

  /// The next text.
  mutating func text(_ limit: Int = longestText, in part: @autoclosure () -> String) throws -> String {
    let length = try self.length(in: part())
    guard length <= limit else {
      throw wrong("\(part()) has a text of \(length) bytes; more than \(limit) are not read")
    }
    textBytes += length
    guard textBytes <= GGUFScanner.mostTextBytes else {
      throw wrong(
        "\(part()) brings the texts to \(textBytes) bytes; more than \(GGUFScanner.mostTextBytes) are not read")
    }
    defer { offset += length }
    guard let text = String(validating: bytes[offset..<offset + length], as: UTF8.self) else {
      throw wrong("\(part()) has a text that is not UTF-8")
    }
    return text
  }

  /// Steps over a text.
  mutating func skipText(in part: @autoclosure () -> String) throws { offset += try length(in: part()) }

  /// Steps over bytes.
  mutating func skip(_ count: Int, in part: @autoclosure () -> String) throws {
    guard count <= remaining else { throw ended(part()) }
    offset += count
  }

  private mutating func length(in part: @autoclosure () -> String) throws -> Int {
    let length = try integer(UInt64.self, in: part())
    guard length <= UInt64(remaining) else {
      throw wrong("\(part()) has a text of \(length) bytes, the file has \(remaining) more")
    }
    return Int(length)
  }

  /// The next value of a type that is neither a text nor a list.
  mutating func scalar(_ type: GGUFValueType, in part: @autoclosure () -> String) throws -> GGUFValue {
    switch type {
    case .uint8: return .uint8(try integer(in: part()))
    case .int8: return .int8(try integer(in: part()))
    case .uint16: return .uint16(try integer(in: part()))
    case .int16: return .int16(try integer(in: part()))
    case .uint32: return .uint32(try integer(in: part()))
    case .int32: return .int32(try integer(in: part()))
    case .uint64: return .uint64(try integer(in: part()))
    case .int64: return .int64(try integer(in: part()))
    case .float32: return .float32(Float(bitPattern: try integer(in: part())))
    case .float64: return .float64(Double(bitPattern: try integer(in: part())))
    case .bool:
      let byte = try integer(UInt8.self, in: part())
      guard byte <= 1 else { throw wrong("\(part()) is \(byte), which is neither true nor false") }
      return .bool(byte == 1)
    case .string, .array: preconditionFailure("\(type) is not a scalar")
    }
  }

  /// The type of the next value.
  mutating func valueType(in part: @autoclosure () -> String) throws -> GGUFValueType {
    let code = try integer(UInt32.self, in: part())
    guard let type = GGUFValueType(rawValue: code) else { throw wrong("\(part()) has the unknown type \(code)") }
    return type
  }

  private func ended(_ part: String) -> GroveError { wrong("the file ends after \(bytes.count) bytes, in \(part)") }
}
