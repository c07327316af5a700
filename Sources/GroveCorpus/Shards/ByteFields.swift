import GroveCore

extension Array where Element == UInt8 {
  /// Appends the little-endian bytes of an integer: every number in a shard is written so.
  mutating func append(littleEndian value: some FixedWidthInteger) {
    Swift.withUnsafeBytes(of: value.littleEndian) { append(contentsOf: $0) }
  }
}

extension UnsafeRawBufferPointer {
  /// The little-endian integer at a byte offset, aligned or not.
  /// - Precondition: the bytes are inside the buffer.
  func integer<Value: FixedWidthInteger>(at offset: Int, as type: Value.Type) -> Value {
    Value(littleEndian: loadUnaligned(fromByteOffset: offset, as: type))
  }
}

/// A file that is written and hashed in one pass.
final class HashedFile {
  private let file: FileWriter
  private var hash = ContentHash()

  init(_ file: FileWriter) { self.file = file }

  var byteCount: Int { file.byteCount }

  func write(_ bytes: [UInt8]) throws {
    bytes.withUnsafeBytes { hash.update($0) }
    try file.write(bytes)
  }

  /// Makes the file whole and returns its SHA-256.
  func commit() throws -> String {
    try file.commit()
    return hash.hexadecimal()
  }
}
