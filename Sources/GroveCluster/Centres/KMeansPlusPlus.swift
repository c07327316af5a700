import GroveCore

/// First centres: vectors drawn with probability proportional to their squared distance from those drawn before.
///
/// - Source: Arthur and Vassilvitskii 2007, "k-means++: the advantages of careful seeding", §2.2.
enum KMeansPlusPlus {
  /// Row-major `[count, dimensions]`. Where all vectors are equal to a centre already, the draw is uniform.
  static func centres(of vectors: DocumentVectors, count: Int, key: RandomKey) -> [Float] {
    let width = vectors.dimensions
    var random = key.generator()
    var centres: [Float] = []
    var nearest = [Double](repeating: .infinity, count: vectors.count)
    var next = Int(random.uniform() * Double(vectors.count))
    for cluster in 0..<count {
      centres.append(contentsOf: vectors.values[next * width..<(next + 1) * width])
      var total = 0.0
      for row in nearest.indices {
        nearest[row] = min(nearest[row], CentreSearch.squaredDistance(vectors, row, centres, cluster))
        total += nearest[row]
      }
      let target = random.uniform() * (total > 0 ? total : Double(vectors.count))
      var sum = 0.0
      next =
        nearest.indices.first { row in
          sum += total > 0 ? nearest[row] : 1
          return sum > target
        } ?? vectors.count - 1
    }
    return centres
  }
}
