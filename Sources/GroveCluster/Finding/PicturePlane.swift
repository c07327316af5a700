import GroveTensor

/// The plane in which the centres lie widest apart: the first two principal axes of the centres.
struct PicturePlane {
  private let axes: [[Double]]
  private let middle: [Double]

  /// - Parameter values: the centres, row-major `[clusters, dimensions]`.
  init(_ values: [Float], dimensions width: Int) throws {
    let count = values.count / width
    let centres = (0..<count).map { cluster in
      values[cluster * width..<(cluster + 1) * width].map(Double.init)
    }
    let middle = (0..<width).map { column in centres.reduce(0) { $0 + $1[column] } / Double(count) }
    self.middle = middle
    var scatter = [Double](repeating: 0, count: width * width)
    for centre in centres {
      for row in 0..<width {
        for column in 0..<width {
          scatter[row * width + column] += (centre[row] - middle[row]) * (centre[column] - middle[column])
        }
      }
    }
    let vectors = try SymmetricEigen(Tensor(scatter, [width, width]), above: 0).vectors
    axes = (0..<2).map { axis in
      guard axis < vectors.count else { return [Double](repeating: 0, count: width) }
      // The sign of an eigenvector is nobody's: the entry of largest size is positive.
      let extreme = vectors[axis].max { abs($0) < abs($1) } ?? 0
      return vectors[axis].map { extreme < 0 ? -$0 : $0 }
    }
  }

  /// Documents at equal distances in the order that they have.
  func points(of vectors: DocumentVectors, _ clusters: [Int], atMost limit: Int) -> [FoundDomains.PicturePoint] {
    let shown = min(limit, vectors.count)
    return (0..<shown).map { index in
      let row = index * vectors.count / shown
      let values = vectors.values[row * vectors.dimensions..<(row + 1) * vectors.dimensions]
      let place = axes.map { axis in
        zip(values, zip(axis, middle)).reduce(0) { $0 + (Double($1.0) - $1.1.1) * $1.1.0 }
      }
      return FoundDomains.PicturePoint(x: place[0], y: place[1], cluster: clusters[row])
    }
  }
}
