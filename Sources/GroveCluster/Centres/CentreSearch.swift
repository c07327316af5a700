package import GroveCore
import GroveTensor

/// k-means over unit vectors: k-means++ from several starts on a part, then the best start on all.
///
/// - Source: Lloyd 1982; Arthur and Vassilvitskii 2007 for the starts; for `balanced`, an exact assignment to clusters
///   of equal sizes in batches whose documents are drawn at random, with centres moved after each pass over all. So the
///   cost never rises from one pass to the next. c-BTM moves them within each batch and forgets the batches before.
package struct CentreSearch {
  /// Clusters to find.
  let clusters: Int
  /// `balanced` or `plain`: with `random` there is nothing to search.
  let method: ClusteringMethod
  /// The most passes over all vectors.
  let iterations: Int
  /// Vectors that are assigned together by `balanced`.
  let batchSize: Int
  /// Starts that are tried.
  let starts: Int
  let key: RandomKey

  package init(
    clusters: Int, method: ClusteringMethod, iterations: Int, batchSize: Int, starts: Int, key: RandomKey
  ) {
    self.clusters = clusters
    self.method = method
    self.iterations = iterations
    self.batchSize = batchSize
    self.starts = starts
    self.key = key
  }

  /// Vectors on which the starts are compared.
  static let trialCount = 10_000
  /// Passes over those for each start.
  static let trialIterations = 8
  /// A pass that lowers the cost by a smaller share is the last.
  static let tolerance = 1e-5

  /// What was found.
  package struct Result {
    /// Row-major `[clusters, dimensions]`.
    package var centres: [Float]
    /// The cluster of each vector in the last pass.
    package var assignment: [Int]
    /// Mean squared distance to the own centre after each pass.
    package var costs: [Double]
    /// Clusters that lost all documents and began anew at the vector farthest from its centre; `plain` only.
    package var reseeded: Int
  }

  /// - Parameter onIteration: called after each pass with its number from 1 and the cost.
  /// - Precondition: at least as many vectors as clusters.
  package func run(_ vectors: DocumentVectors, onIteration: (Int, Double) -> Void) throws -> Result {
    precondition(vectors.count >= clusters && clusters > 0, "\(vectors.count) vectors for \(clusters) clusters")
    // Batches are contiguous parts of this order.
    let permutation = Permutation(count: vectors.count, key: key.split("order"))
    let order = (0..<vectors.count).map { permutation[$0] }
    let shuffled = vectors.selecting(order)
    let trial = shuffled.selecting(0..<min(vectors.count, max(CentreSearch.trialCount, 20 * clusters)))
    var best: Result?
    for start in 0..<starts {
      let centres = KMeansPlusPlus.centres(of: trial, count: clusters, key: key.split("start").split(start))
      let found = try lloyd(trial, centres, iterations: CentreSearch.trialIterations) { _, _ in }
      if found.costs.last ?? .infinity < best?.costs.last ?? .infinity { best = found }
    }
    guard let best else { preconditionFailure("no start of \(starts)") }
    var result = try lloyd(shuffled, best.centres, iterations: iterations, onIteration)
    result.reseeded += best.reseeded
    result.assignment = CentreSearch.unshuffled(result.assignment, order)
    return result
  }

  private static func unshuffled(_ assignment: [Int], _ order: [Int]) -> [Int] {
    var result = [Int](repeating: 0, count: assignment.count)
    for (place, document) in order.enumerated() { result[document] = assignment[place] }
    return result
  }

  private func lloyd(
    _ vectors: DocumentVectors, _ start: [Float], iterations: Int, _ onIteration: (Int, Double) -> Void
  ) throws -> Result {
    var result = Result(centres: start, assignment: [], costs: [], reseeded: 0)
    var prices = [Double](repeating: 0, count: clusters)
    for iteration in 1...max(1, iterations) {
      result.assignment = try assign(vectors, result.centres, &prices)
      result.reseeded += reseed(vectors, result.centres, &result.assignment)
      result.centres = CentreSearch.means(vectors, result.assignment, count: clusters).centres
      let cost = CentreSearch.cost(vectors, result.assignment, result.centres)
      onIteration(iteration, cost)
      let previous = result.costs.last ?? .infinity
      result.costs.append(cost)
      if previous - cost <= CentreSearch.tolerance * cost { break }
    }
    return result
  }

  /// A cluster for each vector, batch by batch.
  private func assign(_ vectors: DocumentVectors, _ centres: [Float], _ prices: inout [Double]) throws -> [Int] {
    var assignment: [Int] = []
    assignment.reserveCapacity(vectors.count)
    for start in stride(from: 0, to: vectors.count, by: batchSize) {
      let range = start..<min(vectors.count, start + batchSize)
      let costs = try CentreDistances.costs(vectors, range, centres)
      let sizes =
        method == .balanced
        ? (0..<clusters).map { quota($0, range.upperBound) - quota($0, range.lowerBound) } : []
      costs.withBytes { bytes in
        let costs = bytes.assumingMemoryBound(to: Float.self)
        if method == .balanced {
          let solved = BalancedAssignment.solve(costs: costs, sizes: sizes, prices: prices)
          prices = solved.prices
          assignment += solved.clusters
        } else {
          assignment += CentreDistances.nearest(costs, clusters: clusters)
        }
      }
    }
    return assignment
  }

  /// How many of the first `count` vectors a cluster gets: batches add up to sizes that differ by one at most.
  private func quota(_ cluster: Int, _ count: Int) -> Int { (count + clusters - 1 - cluster) / clusters }

  /// Gives each empty cluster the vector that is farthest from its centre and not alone.
  private func reseed(_ vectors: DocumentVectors, _ centres: [Float], _ assignment: inout [Int]) -> Int {
    var sizes = [Int](repeating: 0, count: clusters)
    for cluster in assignment { sizes[cluster] += 1 }
    let empty = sizes.indices.filter { sizes[$0] == 0 }
    guard !empty.isEmpty else { return 0 }
    let distances = assignment.indices.map { CentreSearch.squaredDistance(vectors, $0, centres, assignment[$0]) }
    var farthest = assignment.indices.sorted {
      distances[$0] != distances[$1] ? distances[$0] > distances[$1] : $0 < $1
    }[
      ...]
    for cluster in empty {
      while let document = farthest.popFirst() {
        guard sizes[assignment[document]] > 1 else { continue }
        sizes[assignment[document]] -= 1
        sizes[cluster] += 1
        assignment[document] = cluster
        break
      }
    }
    return empty.count
  }

  // MARK: Means and costs

  static func means(
    _ vectors: DocumentVectors, _ assignment: [Int], count: Int
  ) -> (centres: [Float], sizes: [Int]) {
    let width = vectors.dimensions
    var sums = [Double](repeating: 0, count: count * width)
    var sizes = [Int](repeating: 0, count: count)
    vectors.values.withUnsafeBufferPointer { values in
      sums.withUnsafeMutableBufferPointer { sums in
        for (document, cluster) in assignment.enumerated() {
          sizes[cluster] += 1
          for column in 0..<width { sums[cluster * width + column] += Double(values[document * width + column]) }
        }
      }
    }
    let centres = sums.indices.map { Float(sums[$0] / Double(max(1, sizes[$0 / width]))) }
    return (centres, sizes)
  }

  static func cost(_ vectors: DocumentVectors, _ assignment: [Int], _ centres: [Float]) -> Double {
    var sum = 0.0
    for (document, cluster) in assignment.enumerated() {
      sum += squaredDistance(vectors, document, centres, cluster)
    }
    return sum / Double(max(1, assignment.count))
  }

  static func squaredDistance(_ vectors: DocumentVectors, _ row: Int, _ centres: [Float], _ cluster: Int) -> Double {
    let width = vectors.dimensions
    return vectors.values.withUnsafeBufferPointer { values in
      centres.withUnsafeBufferPointer { centres in
        var sum = 0.0
        for column in 0..<width {
          let difference = Double(values[row * width + column]) - Double(centres[cluster * width + column])
          sum += difference * difference
        }
        return sum
      }
    }
  }
}
