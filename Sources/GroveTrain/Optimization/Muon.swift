import GroveTensor

/// The orthogonalised momentum of Muon (Jordan et al. 2024, "Muon: an optimizer for hidden layers in neural networks").
enum Muon {
  /// The nearest matrix with orthonormal rows or columns, roughly: five Newton–Schulz steps towards U·Vᵀ of the
  /// singular value decomposition; the singular values end between about 0.7 and 1.2.
  /// - Parameter matrix: `[m, n]`, float32.
  static func orthogonalized(_ matrix: Tensor) throws -> Tensor {
    let isTall = matrix.size(0) > matrix.size(1)
    var x = try isTall ? matrix.transposed(0, 1).contiguous() : matrix
    x = try x / (x.norm() + 1e-7)
    // Coefficients that pull small singular values up fastest (Jordan et al. 2024).
    let (a, b, c) = (3.4445, -4.7750, 2.0315)
    for _ in 0..<5 {
      let gram = try linear(x, weight: x, bias: nil)  // X·Xᵀ, [m, m]
      let mixed = try gram * b + matmul(gram, gram) * c
      x = try x * a + matmul(mixed, x)
    }
    return try isTall ? x.transposed(0, 1).contiguous() : x
  }

  /// The factor that gives the update the root mean square of AdamW's, so that one learning rate and decay serve both
  /// (Liu et al. 2025, arXiv:2502.16982, §2.2).
  static func scale(rows: Int, columns: Int) -> Double { 0.2 * Double(max(rows, columns)).squareRoot() }
}
