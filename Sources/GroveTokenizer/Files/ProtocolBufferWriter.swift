/// Writes the fields of a message in the wire format of protocol buffers.
struct ProtocolBufferWriter {
  private(set) var bytes: [UInt8] = []

  mutating func append(_ number: Int, _ value: UInt64) {
    append(UInt64(number) << 3)
    append(value)
  }

  mutating func append(_ number: Int, _ flag: Bool) { append(number, UInt64(flag ? 1 : 0)) }

  mutating func append(_ number: Int, _ value: Float) {
    append(UInt64(number) << 3 | 5)
    for shift in stride(from: UInt32(0), to: 32, by: 8) {
      bytes.append(UInt8(truncatingIfNeeded: value.bitPattern >> shift))
    }
  }

  mutating func append(_ number: Int, _ value: [UInt8]) {
    append(UInt64(number) << 3 | 2)
    append(UInt64(value.count))
    bytes += value
  }

  /// A field that is a message itself.
  mutating func append(_ number: Int, message body: (inout ProtocolBufferWriter) -> Void) {
    var message = ProtocolBufferWriter()
    body(&message)
    append(number, message.bytes)
  }

  private mutating func append(_ value: UInt64) {
    var rest = value
    while rest > 0x7F {
      bytes.append(UInt8(rest & 0x7F | 0x80))
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }
}
