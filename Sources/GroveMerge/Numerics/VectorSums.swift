import GroveTensor

/// Sums over all elements of one or two tensors, in float64 and in one fixed order: the same on every machine and for
/// every number of threads.
struct VectorSums {
  /// Σ x².
  var firstSquares = 0.0
  /// Σ y².
  var secondSquares = 0.0
  /// Σ x·y.
  var product = 0.0

  /// The three sums of two tensors of one shape.
  /// - Complexity: one pass over both; no memory but a copy of what is not contiguous.
  init(_ x: Tensor, _ y: Tensor) throws {
    switch x.dtype {
    case .float64: try add(x, y, lanes: SIMD8<Double>.self, widened: { $0 })
    default: try add(x, y, lanes: SIMD8<Float>.self, widened: { SIMD8<Double>($0) })
    }
  }

  private mutating func add<Lanes: SIMD>(
    _ x: Tensor, _ y: Tensor, lanes: Lanes.Type, widened: (Lanes) -> SIMD8<Double>
  ) throws where Lanes.Scalar: BinaryFloatingPoint {
    var (xx, yy, xy) = (SIMD8<Double>.zero, SIMD8<Double>.zero, SIMD8<Double>.zero)
    let (x, y) = (try x.contiguous(), try y.contiguous())
    x.withBytes { first in
      y.withBytes { second in
        VectorSums.forEachEight(x.elementCount, lanes) { offset, count in
          let a = widened(VectorSums.load(first, offset, count, lanes))
          let b = widened(VectorSums.load(second, offset, count, lanes))
          xx += a * a
          yy += b * b
          xy += a * b
        }
      }
    }
    (firstSquares, secondSquares, product) = (xx.sum(), yy.sum(), xy.sum())
  }

  /// Σ |x|.
  static func magnitude(_ x: Tensor) throws -> Double {
    switch x.dtype {
    case .float64: try magnitude(x, SIMD8<Double>.self) { $0 }
    default: try magnitude(x, SIMD8<Float>.self) { SIMD8<Double>($0) }
    }
  }

  private static func magnitude<Lanes: SIMD>(
    _ x: Tensor, _ lanes: Lanes.Type, _ widened: (Lanes) -> SIMD8<Double>
  ) throws -> Double where Lanes.Scalar: BinaryFloatingPoint {
    var total = SIMD8<Double>.zero
    let x = try x.contiguous()
    x.withBytes { bytes in
      forEachEight(x.elementCount, lanes) { offset, count in
        let value = widened(load(bytes, offset, count, lanes))
        total += value.replacing(with: -value, where: value .< 0)
      }
    }
    return total.sum()
  }

  /// Hands out the offsets of groups of eight elements; the last may be shorter.
  @inline(__always)
  private static func forEachEight<Lanes: SIMD>(
    _ count: Int, _ lanes: Lanes.Type, _ body: (_ byteOffset: Int, _ count: Int) -> Void
  ) {
    let stride = MemoryLayout<Lanes.Scalar>.stride
    for start in Swift.stride(from: 0, to: count, by: 8) { body(start * stride, min(8, count - start)) }
  }

  /// Up to eight elements; zeros behind the last.
  @inline(__always)
  private static func load<Lanes: SIMD>(
    _ bytes: UnsafeRawBufferPointer, _ offset: Int, _ count: Int, _ lanes: Lanes.Type
  ) -> Lanes where Lanes.Scalar: BinaryFloatingPoint {
    if count == 8 { return bytes.loadUnaligned(fromByteOffset: offset, as: Lanes.self) }
    var value = Lanes.init(repeating: 0)
    for index in 0..<count {
      let place = offset + index * MemoryLayout<Lanes.Scalar>.stride
      value[index] = bytes.loadUnaligned(fromByteOffset: place, as: Lanes.Scalar.self)
    }
    return value
  }
}
