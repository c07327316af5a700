import GroveCore

/// The fields of a message in the wire format of protocol buffers, as far as sentencepiece uses it: whole numbers, floats,
/// texts and messages. Every length is checked against what is left, and unknown fields are skipped.
struct ProtocolBuffer {
  /// A field of a message.
  struct Field {
    let number: Int
    let value: Value
  }

  /// What a field holds.
  enum Value {
    case integer(UInt64)
    case float(Float)
    case bytes(ArraySlice<UInt8>)
  }

  private let bytes: ArraySlice<UInt8>
  private let place: String
  private var at: Int

  /// - Parameter place: what errors call the message.
  init(_ bytes: ArraySlice<UInt8>, at place: String) {
    (self.bytes, self.place, at) = (bytes, place, bytes.startIndex)
  }

  /// Calls `body` with each field, in the order of the bytes.
  /// - Throws: `GroveError` with code `.format`, which names the byte.
  static func forEachField(
    of bytes: ArraySlice<UInt8>, at place: String, _ body: (Field) throws -> Void
  ) throws {
    var reader = ProtocolBuffer(bytes, at: place)
    while let field = try reader.next() { if let field = field { try body(field) } }
  }

  /// The next field; the inner nil stands for one of a kind that is skipped.
  private mutating func next() throws -> Field?? {
    guard at < bytes.endIndex else { return .none }
    let tag = try varint()
    guard tag >> 3 > 0, tag >> 3 < 1 << 29 else { throw failure("\(tag) is no field's tag") }
    let number = Int(tag >> 3)
    switch tag & 7 {
    case 0: return Field(number: number, value: .integer(try varint()))
    case 1:
      _ = try take(8)
      return .some(nil)
    case 2:
      let length = try varint()
      guard length <= UInt64(bytes.endIndex - at) else {
        throw failure("a field of \(length) bytes, and \(bytes.endIndex - at) are left")
      }
      return Field(number: number, value: .bytes(try take(Int(length))))
    case 5:
      let bits = try take(4).reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
      return Field(number: number, value: .float(Float(bitPattern: bits)))
    default: throw failure("\(tag & 7) is no kind of field")
    }
  }

  private mutating func take(_ count: Int) throws -> ArraySlice<UInt8> {
    guard count <= bytes.endIndex - at else { throw failure("the message ends inside a field") }
    defer { at += count }
    return bytes[at..<at + count]
  }

  private mutating func varint() throws -> UInt64 {
    var value: UInt64 = 0
    for shift in stride(from: UInt64(0), to: 70, by: 7) {
      guard at < bytes.endIndex else { throw failure("the message ends inside a number") }
      let byte = bytes[at]
      at += 1
      if shift == 63, byte > 1 { break }
      value |= UInt64(byte & 0x7F) << shift
      if byte < 0x80 { return value }
    }
    throw failure("a number of more than 64 bits")
  }

  private func failure(_ problem: String) -> GroveError {
    GroveError(.format, "\(place), byte \(at)", problem)
  }
}
