import GroveTensor

/// The orthogonalised momentum of Muon (Jordan et al. 2024, "Muon: an optimizer for hidden layers in neural networks").
enum Muon {
  /// The nearest matrices with orthonormal rows or columns, roughly: five Newton–Schulz steps towards U·Vᵀ of the singular
  /// value decomposition; the singular values end between about 0.7 and 1.2. Matrices of one shape go through together.
  /// - Parameters:
  ///   - matrices: `[m, n]` each, float32.
  ///   - dtype: of the steps; bfloat16 is precise enough for them (Jordan et al. 2024).
  static func orthogonalized(_ matrices: [Tensor], in dtype: DType) throws -> [Tensor] {
    var results = matrices
    let groups = Dictionary(grouping: matrices.indices) { matrices[$0].shape.sorted() }
    for members in groups.values {
      let batch = try members.map { index in
        let matrix = matrices[index]
        let wide = try isTall(matrix) ? matrix.transposed(0, 1) : matrix
        return try (wide / (matrix.norm() + 1e-7)).cast(to: dtype)
      }
      let done = try steps(.stacked(batch, axis: 0))
      for (place, index) in members.enumerated() {
        let wide = try done.narrowed(0, from: place, count: 1).withoutAxis(0)
        results[index] = try isTall(matrices[index]) ? wide.transposed(0, 1) : wide
      }
    }
    return results
  }

  private static func isTall(_ matrix: Tensor) -> Bool { matrix.size(0) > matrix.size(1) }

  /// - Parameter start: `[N, m, n]` with m ≤ n, singular values at most 1.
  private static func steps(_ start: Tensor) throws -> Tensor {
    // Coefficients that pull small singular values up fastest (Jordan et al. 2024).
    let (a, b, c) = (3.4445, -4.7750, 2.0315)
    var x = start
    for _ in 0..<5 {
      let gram = try matmul(x, x.transposed(1, 2))  // X·Xᵀ, [N, m, m]
      let mixed = try addingProduct(gram, scaledBy: b, gram, gram, times: c)
      x = try addingProduct(x, scaledBy: a, mixed, x, times: 1)
    }
    return x
  }

  /// The factor that gives the update the root mean square of AdamW's, so that one learning rate and decay serve both
  /// (Liu et al. 2025, arXiv:2502.16982, §2.2).
  static func scale(rows: Int, columns: Int) -> Double { 0.2 * Double(max(rows, columns)).squareRoot() }
}
