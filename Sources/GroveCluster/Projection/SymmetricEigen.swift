import GroveTensor

/// Eigenvalues of a symmetric matrix from the largest to the smallest, with their vectors.
struct SymmetricEigen {
  let values: [Double]
  /// One for each value, of unit length.
  let vectors: [[Double]]
  private static let decompose = Operator("aten::_linalg_eigh")

  /// - Parameters:
  ///   - matrix: `[n, n]` in float64, of which the lower triangle is read.
  ///   - share: values that are not above this share of the largest are rounding, and left out.
  init(_ matrix: Tensor, above share: Double) throws {
    let size = matrix.shape[0]
    let results = try SymmetricEigen.decompose.tensors(.tensor(matrix), .string("L"), .boolean(true))
    let all: [Double] = try results[0].values()
    let columns: [Double] = try results[1].values()
    let largest = all.last ?? 0
    let kept = all.indices.reversed().filter { all[$0] > largest * share }
    values = kept.map { all[$0] }
    vectors = kept.map { column in (0..<size).map { columns[$0 * size + column] } }
  }
}
