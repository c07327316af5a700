import GroveCore
import GroveTensor
import GroveTesting
import Testing

@Suite("Matrices of int8")
struct QuantizedMatrixTests {
  @Test("Worked by hand: the largest of a group becomes 127, and halves go to the even side")
  func byHand() throws {
    var row = [Float](repeating: 0, count: 34)
    row[0] = -127
    row[1] = 1.5
    row[2] = 2.5
    row[3] = 126
    row[32] = 2
    row[33] = -1
    let matrix = try QuantizedMatrix(Tensor(row, [1, 34]))
    let values = try matrix.values.values(as: Int8.self)
    #expect(Array(values[..<4]) == [-127, 2, 2, 126] && Array(values[32..<35]) == [127, -64, 0])
    #expect(matrix.values.shape == [1, 64] && matrix.inputs == 34)
    let scales = try matrix.scales.cast(to: .float32).values(as: Float.self)
    #expect(scales[0] == 1 && scales[1] == Float(Float16(2.0 / 127)))
  }

  @Test(
    "No weight is further from its value than half a scale, and a group of zeros stays zero",
    arguments: [1, 32, 45, 100])
  func error(width: Int) throws {
    let exact = try KernelTests.random([17, width], "w")
    try exact.narrowed(0, from: 3, count: 1).fill(0)
    let found = try QuantizedMatrix(exact).widened(to: .float32)
    #expect(found.shape == [17, width])
    let (a, b) = (try exact.values(as: Float.self), try found.values(as: Float.self))
    for row in 0..<17 {
      for first in stride(from: 0, to: width, by: 32) {
        let group = row * width + first..<row * width + min(first + 32, width)
        let largest = group.map { abs(a[$0]) }.max() ?? 0
        // Half a step, and the rounding of the scale to 11 bits.
        for index in group { #expect(abs(a[index] - b[index]) <= largest * (0.5 / 127 + 1.0 / 2048)) }
      }
    }
    #expect(b[3 * width..<4 * width].allSatisfy { $0 == 0 })
  }

  @Test(
    "A product takes the int8 for the values they stand for", arguments: KernelTests.precisions,
    [1, 2, 3, 4, 9, 16, 40])
  func products(precision: DType, rows: Int) throws {
    for width in [1, 31, 32, 64, 100, 1056] {
      let matrix = try QuantizedMatrix(KernelTests.random([29, width], "w") / Double(width).squareRoot())
      let x = try KernelTests.random([rows, width], "x", precision)
      let b = try KernelTests.random([29], "b")
      let y = try linear(x, weight: matrix, bias: b)
      let expected = try matmul(x.cast(to: .float32), matrix.widened(to: .float32).transposed(0, 1)) + b
      #expect(y.dtype == precision)
      #expect(
        try y.isClose(to: expected, within: precision == .bfloat16 ? .bfloat16 : .float32), "\(rows) rows of \(width)")
    }
  }

  @Test("What is not finite in a row reaches that row, and no other", arguments: [Float.nan, .infinity])
  func notFinite(value: Float) throws {
    let matrix = try QuantizedMatrix(Tensor.full([5, 70], 0.5, .float32))
    var values = [Float](repeating: 1, count: 2 * 70)
    values[70 + 66] = value
    let y = try linear(Tensor(values, [2, 70]).cast(to: .bfloat16), weight: matrix, bias: nil)
    let found = try y.cast(to: .float32).values(as: Float.self)
    #expect(found[..<5].allSatisfy { $0 == 35 } && found[5...].allSatisfy { !$0.isFinite })
  }

  @Test("Rows by index are rows of the widened matrix")
  func rows() throws {
    let matrix = try QuantizedMatrix(KernelTests.random([11, 40], "w"))
    let rows = try matrix.rows(Tensor([3, 0, 10, 3] as [Int64], [2, 2]), as: .float32)
    let expected = try embedding(Tensor([3, 0, 10, 3] as [Int64], [2, 2]), weight: matrix.widened(to: .float32))
    #expect(rows.shape == [2, 2, 40])
    #expect(try rows.values(as: Float.self) == expected.values(as: Float.self))
  }

  @Test("Another width is refused with the shapes")
  func refused() throws {
    let matrix = try QuantizedMatrix(KernelTests.random([4, 40], "w"))
    let error = #expect(throws: TorchError.self) { try linear(.zeros([1, 70], .float32), weight: matrix, bias: nil) }
    #expect(error?.description.contains("the last axis of [1, 70] does not fit a matrix of [4, 64]") == true)
  }
}
