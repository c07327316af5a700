/// The bytes of TensorBoard events: the few Protocol Buffers messages that scalars and texts need, in record framing.
/// - Source: tensorflow/core/util/event.proto, framework/summary.proto, framework/tensor.proto; lib/io/record_writer.
enum EventRecord {
  /// The first event of every file.
  static func version(at seconds: Double) -> [UInt8] {
    event(seconds, step: nil) { $0.bytes(3, Array("brain.Event:2".utf8)) }
  }

  /// A start at a step: readers drop what they saw from this step on.
  static func sessionStart(step: Int, at seconds: Double) -> [UInt8] {
    event(seconds, step: step) { $0.message(7) { $0.integer(1, 1) } }
  }

  static func scalars(_ values: [(tag: String, value: Double)], step: Int, at seconds: Double) -> [UInt8] {
    event(seconds, step: step) { event in
      event.message(5) { summary in
        for (tag, value) in values {
          summary.message(1) {
            $0.bytes(1, Array(tag.utf8))
            $0.float(2, Float(value))
          }
        }
      }
    }
  }

  static func text(_ tag: String, _ text: String, step: Int, at seconds: Double) -> [UInt8] {
    event(seconds, step: step) { event in
      event.message(5) { summary in
        summary.message(1) { value in
          value.bytes(1, Array(tag.utf8))
          value.message(8) { tensor in
            tensor.integer(1, 7)  // DT_STRING
            tensor.message(2) { $0.message(2) { $0.integer(1, 1) } }  // one dimension of size 1
            tensor.bytes(8, Array(text.utf8))
          }
          value.message(9) { metadata in
            metadata.message(1) { $0.bytes(1, Array("text".utf8)) }
            metadata.integer(4, 2)  // DATA_CLASS_TENSOR
          }
        }
      }
    }
  }

  private static func event(_ seconds: Double, step: Int?, _ body: (inout Message) -> Void) -> [UInt8] {
    var message = Message()
    message.double(1, seconds)
    if let step { message.integer(2, step) }
    body(&message)
    return record(message.content)
  }

  /// Length, check of the length, content, check of the content; all little-endian.
  private static func record(_ content: [UInt8]) -> [UInt8] {
    let length = littleEndian(UInt64(content.count))
    return length + littleEndian(CRC32C.masked(length)) + content + littleEndian(CRC32C.masked(content))
  }

  fileprivate static func littleEndian(_ value: some FixedWidthInteger) -> [UInt8] {
    withUnsafeBytes(of: value.littleEndian) { Array($0) }
  }
}

/// A Protocol Buffers message that is being written: fields by number, in the wire format.
private struct Message {
  var content: [UInt8] = []

  mutating func integer(_ field: Int, _ value: Int) {
    variable(UInt64(field << 3))
    variable(UInt64(bitPattern: Int64(value)))
  }

  mutating func double(_ field: Int, _ value: Double) {
    variable(UInt64(field << 3 | 1))
    content += EventRecord.littleEndian(value.bitPattern)
  }

  mutating func float(_ field: Int, _ value: Float) {
    variable(UInt64(field << 3 | 5))
    content += EventRecord.littleEndian(value.bitPattern)
  }

  mutating func bytes(_ field: Int, _ value: [UInt8]) {
    variable(UInt64(field << 3 | 2))
    variable(UInt64(value.count))
    content += value
  }

  mutating func message(_ field: Int, _ body: (inout Message) -> Void) {
    var inner = Message()
    body(&inner)
    bytes(field, inner.content)
  }

  /// Seven bits a byte, lowest first.
  private mutating func variable(_ value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      content.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    content.append(UInt8(rest))
  }
}
