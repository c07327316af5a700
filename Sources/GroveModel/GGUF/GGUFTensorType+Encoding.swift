extension GGUFTensorType {
  /// The types that Grove writes.
  public static let written: [GGUFTensorType] = [.float32, .float16, .bfloat16, .q8_0, .q4_0]

  /// The blocks of values, as ggml's reference code rounds them, to the byte.
  /// - Returns: nil if a block has a value that is not finite, or too large for a float16 scale.
  /// - Complexity: O(values), one pass.
  /// - Source: `quantize_row_q8_0_ref` and `quantize_row_q4_0_ref` of ggml's `ggml-quants.c`; a tie of Q4_0 falls as in the
  ///   package gguf, which rounds the product before it adds.
  /// - Precondition: Q8_0 or Q4_0, and whole blocks.
  public func encode(_ values: UnsafeBufferPointer<Float>) -> [UInt8]? {
    precondition(self == .q8_0 || self == .q4_0, "\(name) is not written in blocks")
    precondition(values.count.isMultiple(of: 32), "\(values.count) values are not whole blocks")
    var bytes: [UInt8] = []
    bytes.reserveCapacity(byteCount(elements: values.count))
    for start in stride(from: 0, to: values.count, by: 32) {
      let block = UnsafeBufferPointer(rebasing: values[start..<start + 32])
      guard self == .q8_0 ? bytes.append(q8: block) : bytes.append(q4: block) else { return nil }
    }
    return bytes
  }
}

extension [UInt8] {
  fileprivate mutating func append(q8 block: UnsafeBufferPointer<Float>) -> Bool {
    let largest = block.reduce(Float(0)) { $1.magnitude > $0 || $1.isNaN ? $1.magnitude : $0 }
    let scale = largest / 127
    guard append(scale: scale) else { return false }
    let inverse = scale == 0 ? 0 : 1 / scale
    for value in block { append(UInt8(bitPattern: Int8((value * inverse).rounded().clamped(to: -127, 127)))) }
    return true
  }

  /// The value of the largest magnitude becomes −8, exactly.
  fileprivate mutating func append(q4 block: UnsafeBufferPointer<Float>) -> Bool {
    let largest = block.reduce(Float(0)) { $1.magnitude > $0.magnitude || $1.isNaN ? $1 : $0 }
    let scale = largest / -8
    guard append(scale: scale) else { return false }
    let inverse = scale == 0 ? 0 : 1 / scale
    func level(_ value: Float) -> UInt8 { UInt8((value * inverse + 8.5).rounded(.towardZero).clamped(to: 0, 15)) }
    for place in 0..<16 { append(level(block[place]) | level(block[place + 16]) << 4) }
    return true
  }

  private mutating func append(scale: Float) -> Bool {
    let bits = HalfFloat.bits(scale)
    append(littleEndian: bits)
    return HalfFloat.float(bits).isFinite
  }
}

extension Float {
  /// Within the bounds; the lower one for what is not a number.
  fileprivate func clamped(to lower: Float, _ upper: Float) -> Float { self >= lower ? min(self, upper) : lower }
}
