import GroveTensor

/// Distances of many vectors to all centres, up to what is the same for every centre.
enum CentreDistances {
  private static let addProduct = Operator("aten::addmm")

  /// |c|² − 2 x·c for a range of vectors, `[N, K]` in float32: squared distances less |x|².
  static func costs(_ vectors: DocumentVectors, _ range: Range<Int>, _ centres: [Float]) throws -> Tensor {
    let width = vectors.dimensions
    let count = centres.count / width
    let norms = (0..<count).map { cluster in
      Float(centres[cluster * width..<(cluster + 1) * width].reduce(0.0) { $0 + Double($1) * Double($1) })
    }
    return try withGradients(.off) {
      let x = try Tensor(
        Array(vectors.values[range.lowerBound * width..<range.upperBound * width]), [range.count, width])
      let c = try Tensor(centres, [count, width])
      return try addProduct.tensor(
        .tensor(Tensor(norms, [1, count])), .tensor(x), .tensor(c.transposed(0, 1)), .number(1), .number(-2)
      ).contiguous()
    }
  }

  /// The cluster of lowest cost for each row; of equal ones the first.
  static func nearest(_ costs: UnsafeBufferPointer<Float>, clusters: Int) -> [Int] {
    (0..<costs.count / clusters).map { row in
      var best = 0
      for cluster in 1..<max(1, clusters) where costs[row * clusters + cluster] < costs[row * clusters + best] {
        best = cluster
      }
      return best
    }
  }
}
