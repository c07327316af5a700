import Dispatch
package import GroveCore
import GroveTensor

/// The right singular vectors of a matrix of documents: what turns a row of terms into a few numbers.
package struct TermProjection: Sendable {
  /// Fewer than were asked for where the documents have a lower rank.
  package let dimensions: Int
  /// Row-major `[terms, dimensions]`, its columns orthonormal, the largest entry of each positive.
  package let values: [Float]
  /// From the largest to the smallest, one for each dimension.
  package let singularValues: [Double]
}

/// Truncated SVD of sparse rows in passes over them; memory grows with terms × dimensions, not with documents.
///
/// Each pass multiplies AᵀA with a block of `dimensions` + at least `oversampling` vectors. The last product gives the
/// decomposition by the Nyström formula AᵀA ≈ Z (QᵀZ)⁺ Zᵀ with Z = AᵀA Q, which is as good as half a pass more. A
/// thread takes 16 vectors through all rows, so that the result does not depend on the number of threads.
///
/// - Source: Halko, Martinsson and Tropp 2011 (arXiv:0909.4061) algorithm 4.4; Tropp, Yurtsever, Udell and Cevher 2017
///   (arXiv:1706.05736) for the last step. We differ: random signs instead of normal numbers, and no products with A
///   and Aᵀ apart, which would hold a vector for each document.
package enum TruncatedSVD {
  /// Vectors that one thread takes through the rows together.
  static let lanes = 16

  /// - Parameters:
  ///   - passes: over the rows; more passes, smaller error where singular values fall slowly.
  ///   - onPass: called after each, with its number from 1.
  /// - Throws: `GroveError` with code `.argument` if no row has a term; `TorchError` if memory ends.
  package static func decompose(
    _ rows: TermRows, termCount: Int, dimensions: Int, oversampling: Int, passes: Int, key: RandomKey,
    onPass: (Int) -> Void
  ) throws -> TermProjection {
    precondition(passes > 0 && dimensions > 0, "\(passes) passes, \(dimensions) dimensions")
    guard !rows.terms.isEmpty else {
      throw GroveError(.argument, "corpus", "no document has a term of the vocabulary")
    }
    let slices = (dimensions + oversampling + lanes - 1) / lanes
    return try withGradients(.off) {
      var basis = try randomSigns(slices: slices, termCount: termCount, key: key)
      for pass in 1..<max(passes, 1) {
        basis = try sliced(orthonormal(flat(product(rows, basis))), slices: slices)
        onPass(pass)
      }
      let image = try product(rows, basis)
      onPass(passes)
      return try decomposition(of: flat(image), basis: flat(basis), dimensions: dimensions)
    }
  }

  private static func randomSigns(slices: Int, termCount: Int, key: RandomKey) throws -> Tensor {
    let tensor = try Tensor.empty([slices, termCount, lanes], .float32)
    tensor.withMutableBytes { bytes in
      let values = bytes.assumingMemoryBound(to: Float.self)
      for row in 0..<slices * termCount {
        var bits = key.bits(row)
        for lane in 0..<lanes {
          values[row * lanes + lane] = bits & 1 == 0 ? -1 : 1
          bits >>= 1
        }
      }
    }
    return tensor
  }

  /// AᵀA Q for Q and result as `[slices, terms, 16]`.
  private static func product(_ rows: TermRows, _ basis: Tensor) throws -> Tensor {
    let result = try Tensor.zeros(basis.shape, .float32)
    let (slices, termCount) = (basis.shape[0], basis.shape[1])
    basis.withBytes { source in
      result.withMutableBytes { target in
        // Safety: every slice is read and written by one thread only.
        nonisolated(unsafe) let from = source.assumingMemoryBound(to: SIMD16<Float>.self)
        // Safety: as above.
        nonisolated(unsafe) let to = target.assumingMemoryBound(to: SIMD16<Float>.self)
        DispatchQueue.concurrentPerform(iterations: slices) { slice in
          let range = slice * termCount..<(slice + 1) * termCount
          apply(
            rows, UnsafeBufferPointer(rebasing: from[range]).baseAddress!,
            UnsafeMutableBufferPointer(rebasing: to[range]).baseAddress!)
        }
      }
    }
    return result
  }

  /// Adds AᵀA q to z for 16 vectors, a row of A at a time.
  private static func apply(
    _ rows: TermRows, _ q: UnsafePointer<SIMD16<Float>>, _ z: UnsafeMutablePointer<SIMD16<Float>>
  ) {
    rows.terms.withUnsafeBufferPointer { terms in
      rows.weights.withUnsafeBufferPointer { weights in
        var start = 0
        for end in rows.starts.dropFirst() {
          var h = SIMD16<Float>.zero
          for place in start..<end { h += q[Int(terms[place])] * weights[place] }
          for place in start..<end { z[Int(terms[place])] += h * weights[place] }
          start = end
        }
      }
    }
  }

  // MARK: Small matrices

  private static let matrixProduct = Operator("aten::mm")

  private static func multiplied(_ a: Tensor, _ b: Tensor) throws -> Tensor {
    try matrixProduct.tensor(.tensor(a), .tensor(b))
  }

  /// `[slices, terms, 16]` as `[terms, vectors]`.
  private static func flat(_ tensor: Tensor) throws -> Tensor {
    try tensor.permuted(1, 0, 2).reshaped(tensor.shape[1], tensor.shape[0] * lanes)
  }

  private static func sliced(_ tensor: Tensor, slices: Int) throws -> Tensor {
    try tensor.reshaped(tensor.shape[0], slices, lanes).permuted(1, 0, 2).contiguous()
  }

  /// Vectors as columns, each divided by the root of its value or of the floor, `[size, count]`; columns of 0 where
  /// there are fewer.
  private static func whitening(_ eigen: SymmetricEigen, count: Int, floor: Double = 0) throws -> Tensor {
    let size = eigen.vectors.first?.count ?? 0
    var entries = [Double](repeating: 0, count: size * count)
    for (column, value) in eigen.values.prefix(count).enumerated() {
      for row in 0..<size {
        entries[row * count + column] = eigen.vectors[column][row] / max(value, floor).squareRoot()
      }
    }
    return try Tensor(entries, [size, count])
  }

  /// A basis of the same space with columns that are orthonormal, or short where their direction is mostly rounding. A
  /// pass needs no more than a basis far from singular, so float32 does.
  private static func orthonormal(_ z: Tensor) throws -> Tensor {
    let gram = try SymmetricEigen(multiplied(z.transposed(0, 1), z).cast(to: .float64), above: -1)
    let floor = max(gram.values.first ?? 0, 1e-30) * 1e-6
    let whitening = try whitening(gram, count: z.shape[1], floor: floor)
    return try multiplied(z, whitening.cast(to: .float32))
  }

  private static func decomposition(of z: Tensor, basis q: Tensor, dimensions: Int) throws -> TermProjection {
    // In float64: squares of small singular values must survive.
    let (z, q) = (try z.cast(to: .float64), try q.cast(to: .float64))
    let core = try multiplied(q.transposed(0, 1), z)
    // Products of float32 numbers: what is smaller is their rounding.
    let inner = try SymmetricEigen((core + core.transposed(0, 1)) / 2, above: 1e-6)
    let root = try multiplied(z, whitening(inner, count: inner.values.count))
    let outer = try SymmetricEigen(multiplied(root.transposed(0, 1), root), above: 1e-6)
    let count = min(dimensions, outer.values.count)
    let right = try multiplied(root, whitening(outer, count: count))
    return TermProjection(
      dimensions: count, values: withFixedSigns(try right.values(), columns: count),
      singularValues: outer.values.prefix(count).map { $0.squareRoot() })
  }

  /// Turns each column so that its entry of largest size is positive; of equal ones the first decides.
  private static func withFixedSigns(_ values: [Float], columns: Int) -> [Float] {
    var extremes = [Float](repeating: 0, count: columns)
    for (index, value) in values.enumerated() where abs(value) > abs(extremes[index % columns]) {
      extremes[index % columns] = value
    }
    return values.enumerated().map { extremes[$0 % columns] < 0 ? -$1 : $1 }
  }
}
