extension GGUFTensorType {
  /// The values of whole blocks, as ggml's reference code computes them, to the bit.
  /// - Complexity: O(elements), one pass, no memory.
  /// - Source: the layouts of ggml's `block_q4_0` to `block_q6_K` (github.com/ggml-org/ggml, `ggml-common.h`).
  /// - Precondition: not a type of plain floats; as many values as the blocks hold.
  public func decode(_ blocks: UnsafeRawBufferPointer, into values: UnsafeMutableBufferPointer<Float>) {
    precondition(
      blocks.count == byteCount(elements: values.count) && values.count.isMultiple(of: blockElements),
      "\(blocks.count) bytes of \(name) are not \(values.count) values")
    guard var block = blocks.bindMemory(to: UInt8.self).baseAddress, var value = values.baseAddress else { return }
    // Adding this changes nothing, not even the sign of a zero.
    let none: Float = -0.0
    for _ in 0..<values.count / blockElements {
      switch self {
      case .q4_0: GGUFBlocks.q4(block + 2, HalfFloat.read(block), -8, none, value)
      case .q4_1: GGUFBlocks.q4(block + 4, HalfFloat.read(block), 0, HalfFloat.read(block + 2), value)
      case .q5_0: GGUFBlocks.q5(block + 2, block + 6, HalfFloat.read(block), -16, none, value)
      case .q5_1: GGUFBlocks.q5(block + 4, block + 8, HalfFloat.read(block), 0, HalfFloat.read(block + 2), value)
      case .q8_0: GGUFBlocks.q8(block, value)
      case .q4_K: GGUFBlocks.k4(block, value)
      case .q5_K: GGUFBlocks.k5(block, value)
      case .q6_K: GGUFBlocks.k6(block, value)
      case .float32, .float16, .bfloat16: preconditionFailure("\(name) has no blocks")
      }
      block += blockBytes
      value += blockElements
    }
  }
}

extension HalfFloat {
  /// The float16 in two bytes, the lower first.
  @inline(__always)
  fileprivate static func read(_ bytes: UnsafePointer<UInt8>) -> Float {
    float(UInt16(bytes[0]) | UInt16(bytes[1]) << 8)
  }
}

/// One block of each kind.
private enum GGUFBlocks {
  /// 32 of 4 bits: the low halves of 16 bytes, then the high ones.
  @inline(__always)
  static func q4(
    _ bits: UnsafePointer<UInt8>, _ scale: Float, _ zero: Int32, _ minimum: Float,
    _ value: UnsafeMutablePointer<Float>
  ) {
    for place in 0..<16 {
      value[place] = Float(Int32(bits[place] & 0xF) + zero) * scale + minimum
      value[place + 16] = Float(Int32(bits[place] >> 4) + zero) * scale + minimum
    }
  }

  /// The same with a fifth bit of each element in `high`.
  @inline(__always)
  static func q5(
    _ high: UnsafePointer<UInt8>, _ bits: UnsafePointer<UInt8>, _ scale: Float, _ zero: Int32, _ minimum: Float,
    _ value: UnsafeMutablePointer<Float>
  ) {
    let mask = UInt32(high[0]) | UInt32(high[1]) << 8 | UInt32(high[2]) << 16 | UInt32(high[3]) << 24
    for place in 0..<16 {
      let low = Int32(bits[place] & 0xF) | Int32(mask >> UInt32(place) & 1) << 4
      let top = Int32(bits[place] >> 4) | Int32(mask >> UInt32(place + 16) & 1) << 4
      value[place] = Float(low + zero) * scale + minimum
      value[place + 16] = Float(top + zero) * scale + minimum
    }
  }

  static func q8(_ block: UnsafePointer<UInt8>, _ value: UnsafeMutablePointer<Float>) {
    let scale = HalfFloat.read(block)
    for place in 0..<32 { value[place] = Float(Int8(bitPattern: block[2 + place])) * scale }
  }

  /// Scale and minimum of part 0 to 7: six bits each, the upper two of the later parts apart.
  @inline(__always)
  private static func scales(_ packed: UnsafePointer<UInt8>, _ part: Int) -> (scale: Float, minimum: Float) {
    guard part >= 4 else { return (Float(packed[part] & 63), Float(packed[part + 4] & 63)) }
    let (low, high) = (packed[part - 4] >> 6, packed[part] >> 6)
    return (Float(packed[part + 4] & 0xF | low << 4), Float(packed[part + 4] >> 4 | high << 4))
  }

  static func k4(_ block: UnsafePointer<UInt8>, _ value: UnsafeMutablePointer<Float>) {
    let (scale, minimum) = (HalfFloat.read(block), HalfFloat.read(block + 2))
    for part in 0..<8 {
      let packed = scales(block + 4, part)
      let (step, lowest) = (scale * packed.scale, minimum * packed.minimum)
      let bits = block + 16 + part / 2 * 32
      let shift = UInt8(part % 2 * 4)
      for place in 0..<32 { value[part * 32 + place] = step * Float(bits[place] >> shift & 0xF) - lowest }
    }
  }

  static func k5(_ block: UnsafePointer<UInt8>, _ value: UnsafeMutablePointer<Float>) {
    let (scale, minimum) = (HalfFloat.read(block), HalfFloat.read(block + 2))
    let high = block + 16
    for part in 0..<8 {
      let packed = scales(block + 4, part)
      let (step, lowest) = (scale * packed.scale, minimum * packed.minimum)
      let bits = block + 48 + part / 2 * 32
      let shift = UInt8(part % 2 * 4)
      for place in 0..<32 {
        let level = bits[place] >> shift & 0xF | (high[place] >> UInt8(part) & 1) << 4
        value[part * 32 + place] = step * Float(level) - lowest
      }
    }
  }

  /// Two halves of 128: in each, 64 bytes hold four bits of two elements, 32 bytes two bits of four.
  static func k6(_ block: UnsafePointer<UInt8>, _ value: UnsafeMutablePointer<Float>) {
    let scale = HalfFloat.read(block + 208)
    for part in 0..<8 {
      let (half, quarter) = (part / 4, part % 4)
      let low = block + half * 64 + quarter % 2 * 32
      let high = block + 128 + half * 32
      let steps = block + 192 + part * 2
      for place in 0..<32 {
        let level = low[place] >> UInt8(quarter / 2 * 4) & 0xF | (high[place] >> UInt8(quarter * 2) & 3) << 4
        let step = scale * Float(Int8(bitPattern: steps[place / 16]))
        value[part * 32 + place] = step * Float(Int32(level) - 32)
      }
    }
  }
}
