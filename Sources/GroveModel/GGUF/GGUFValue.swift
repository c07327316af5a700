import Foundation
import GroveCore

/// The types of the values in a GGUF file's metadata, by their codes in the file.
public enum GGUFValueType: UInt32, Sendable, CaseIterable {
  case uint8, int8, uint16, int16, uint32, int32, float32, bool, string, array, uint64, int64, float64

  /// Bytes of a value; nil where that depends on the value.
  var byteCount: Int? {
    switch self {
    case .uint8, .int8, .bool: 1
    case .uint16, .int16: 2
    case .uint32, .int32, .float32: 4
    case .uint64, .int64, .float64: 8
    case .string, .array: nil
    }
  }
}

/// A value of a GGUF file's metadata, in the type that the file gives it.
public enum GGUFValue: Sendable {
  case uint8(UInt8), int8(Int8), uint16(UInt16), int16(Int16), uint32(UInt32), int32(Int32), uint64(UInt64), int64(
    Int64)
  case float32(Float), float64(Double)
  case bool(Bool)
  case string(String)
  case array(GGUFArray)

  public var type: GGUFValueType {
    switch self {
    case .uint8: .uint8
    case .int8: .int8
    case .uint16: .uint16
    case .int16: .int16
    case .uint32: .uint32
    case .int32: .int32
    case .uint64: .uint64
    case .int64: .int64
    case .float32: .float32
    case .float64: .float64
    case .bool: .bool
    case .string: .string
    case .array: .array
    }
  }

  /// A whole number of any width; nil for another value, or one that `Int` does not hold.
  public var integerValue: Int? {
    switch self {
    case .uint8(let value): Int(value)
    case .int8(let value): Int(value)
    case .uint16(let value): Int(value)
    case .int16(let value): Int(value)
    case .uint32(let value): Int(value)
    case .int32(let value): Int(value)
    case .uint64(let value): Int(exactly: value)
    case .int64(let value): Int(exactly: value)
    case .float32, .float64, .bool, .string, .array: nil
    }
  }

  /// A number; of a float32 the shortest decimal that rounds to it, so that 0.00001 stays what was meant.
  public var numberValue: Double? {
    switch self {
    case .float32(let value): value.isFinite ? Double("\(value)") : Double(value)
    case .float64(let value): value
    default: integerValue.map(Double.init)
    }
  }

  public var stringValue: String? {
    guard case .string(let text) = self else { return nil }
    return text
  }

  public var boolValue: Bool? {
    guard case .bool(let flag) = self else { return nil }
    return flag
  }

  public var arrayValue: GGUFArray? {
    guard case .array(let array) = self else { return nil }
    return array
  }

  /// A whole number in the type that writers use for counts.
  static func count(_ value: Int) -> GGUFValue { UInt32(exactly: value).map { .uint32($0) } ?? .uint64(UInt64(value)) }

  /// For errors: short, whatever the file says.
  var summary: String {
    switch self {
    case .string(let text): "\"\(text.prefix(40))\""
    case .array(let array): "a list of \(array.count)"
    case .bool(let flag): "\(flag)"
    default: integerValue.map(String.init) ?? numberValue.map { "\($0)" } ?? "a number beyond 2^63"
    }
  }
}

extension [UInt8] {
  mutating func append(gguf text: String) {
    append(littleEndian: UInt64(text.utf8.count))
    append(contentsOf: text.utf8)
  }

  /// A value without its type, as it lies in the file.
  mutating func append(gguf value: GGUFValue) {
    switch value {
    case .uint8(let value): append(value)
    case .int8(let value): append(littleEndian: value)
    case .uint16(let value): append(littleEndian: value)
    case .int16(let value): append(littleEndian: value)
    case .uint32(let value): append(littleEndian: value)
    case .int32(let value): append(littleEndian: value)
    case .uint64(let value): append(littleEndian: value)
    case .int64(let value): append(littleEndian: value)
    case .float32(let value): append(littleEndian: value.bitPattern)
    case .float64(let value): append(littleEndian: value.bitPattern)
    case .bool(let value): append(value ? 1 : 0)
    case .string(let text): append(gguf: text)
    case .array(let array):
      append(littleEndian: array.elementType.rawValue)
      append(littleEndian: UInt64(array.count))
      array.withBytes { append(contentsOf: $0) }
    }
  }

  mutating func append(littleEndian value: some FixedWidthInteger) {
    Swift.withUnsafeBytes(of: value.littleEndian) { append(contentsOf: $0) }
  }
}
