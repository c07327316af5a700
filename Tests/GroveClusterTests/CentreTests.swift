import GroveCluster
import GroveCore
import Testing

@Suite("Balanced assignment")
struct BalancedAssignmentTests {
  private func solve(_ costs: [Float], _ sizes: [Int], _ prices: [Double]? = nil) -> (clusters: [Int], prices: [Double])
  {
    costs.withUnsafeBufferPointer {
      BalancedAssignment.solve(costs: $0, sizes: sizes, prices: prices ?? sizes.map { _ in 0 })
    }
  }

  private func total(_ clusters: [Int], _ costs: [Float], _ count: Int) -> Double {
    clusters.enumerated().reduce(0) { $0 + Double(costs[$1.offset * count + $1.element]) }
  }

  @Test("The cost is the optimum of scipy's linear_sum_assignment, and sizes are kept", arguments: 0..<6)
  func parity(index: Int) throws {
    let problem = try #require(ClusterFixture.part("assignments").arrayValue)[index]
    let costs = try problem.numbers("costs").map { Float($0) }
    let sizes = try problem.integers("sizes")
    let optimum = try #require(problem["optimum"]?.numberValue)
    let found = solve(costs, sizes)
    #expect(abs(total(found.clusters, costs, sizes.count) - optimum) <= 1e-6 * max(1, optimum))
    #expect(sizes.indices.map { cluster in found.clusters.count { $0 == cluster } } == sizes)
  }

  @Test("At the prices found, no document would rather be elsewhere", arguments: [1, 2, 3])
  func duality(seed: UInt64) {
    let (count, clusters) = (500, 9)
    let key = RandomKey(seed: seed)
    let costs = (0..<count * clusters).map { Float(key.uniform($0)) }
    let sizes = (0..<clusters).map { (count + clusters - 1 - $0) / clusters }
    let found = solve(costs, sizes)
    for (document, own) in found.clusters.enumerated() {
      let priced = (0..<clusters).map { Double(costs[document * clusters + $0]) + found.prices[$0] }
      #expect(priced[own] <= (priced.min() ?? 0) + 1e-12)
    }
  }

  @Test("Prices to begin with change the work, not the cost; zero documents are no trouble")
  func prices() {
    let (count, clusters) = (300, 5)
    let key = RandomKey(seed: 8)
    let costs = (0..<count * clusters).map { Float(key.uniform($0)) }
    let sizes = [10, 20, 30, 40, 200]
    let cold = solve(costs, sizes)
    let warm = solve(costs, sizes, cold.prices)
    let odd = solve(costs, sizes, [3, -2, 0, 100, 5])
    let cost = total(cold.clusters, costs, clusters)
    #expect(abs(total(warm.clusters, costs, clusters) - cost) < 1e-9)
    #expect(abs(total(odd.clusters, costs, clusters) - cost) < 1e-9)
    #expect(solve([], [0, 0]).clusters == [])
  }

  @Test("Three documents and three clusters by hand")
  func byHand() {
    // Everybody likes cluster 0 best; the sum is lowest when the one that minds least goes to 2.
    let costs: [Float] = [0, 5, 9, 0, 1, 9, 0, 4, 2]
    #expect(solve(costs, [1, 1, 1]).clusters == [0, 1, 2])
  }
}

@Suite("k-means")
struct CentreSearchTests {
  private func search(_ clusters: Int, _ method: ClusteringMethod, batch: Int = 50_000, seed: UInt64 = 1)
    -> CentreSearch
  {
    CentreSearch(
      clusters: clusters, method: method, iterations: 20, batchSize: batch, starts: 4, key: RandomKey(seed: seed))
  }

  private func cloud(_ count: Int, seed: UInt64) -> DocumentVectors {
    let key = RandomKey(seed: seed)
    return DocumentVectors(values: (0..<count * 4).map { Float(key.uniform($0) - 0.4) }, dimensions: 4)
  }

  @Test("Three clear groups have scikit-learn's centres and cost", arguments: [ClusteringMethod.plain, .balanced])
  func parity(method: ClusteringMethod) throws {
    let fixture = try ClusterFixture.part("kmeans")
    let points = try fixture.numbers("points").map { Float($0) }
    let found = try search(3, method).run(DocumentVectors(values: points, dimensions: 3)) { _, _ in }
    let inertia = try #require(fixture["inertia"]?.numberValue)
    #expect(abs((found.costs.last ?? 0) * 90 - inertia) < 1e-4)
    let theirs = try fixture.list("centres").map { try #require($0.arrayValue).compactMap(\.numberValue) }
    for centre in theirs {
      let nearest = (0..<3).map { cluster in
        zip(found.centres[cluster * 3..<cluster * 3 + 3], centre).reduce(0) { $0 + abs(Double($1.0) - $1.1) }
      }.min()
      #expect(try #require(nearest) < 1e-4)
    }
  }

  @Test(
    "Balanced sizes differ by one at most, in one batch or in many",
    arguments: [(100, 7, 1000), (103, 10, 23), (11, 11, 11)])
  func balance(count: Int, clusters: Int, batch: Int) throws {
    let found = try search(clusters, .balanced, batch: batch).run(cloud(count, seed: 3)) { _, _ in }
    let sizes = (0..<clusters).map { cluster in found.assignment.count { $0 == cluster } }
    #expect(sizes.reduce(0, +) == count)
    #expect(try #require(sizes.max()) - #require(sizes.min()) <= 1)
  }

  @Test("The cost never rises", arguments: [ClusteringMethod.plain, .balanced])
  func monotone(method: ClusteringMethod) throws {
    let found = try search(6, method, batch: 64).run(cloud(400, seed: 4)) { _, _ in }
    #expect(found.costs.count > 1)
    for (before, after) in zip(found.costs, found.costs.dropFirst()) { #expect(after <= before + 1e-9) }
  }

  @Test("The same key gives the same bits, another key other draws")
  func determinism() throws {
    let cloud = cloud(300, seed: 5)
    let first = try search(5, .balanced).run(cloud) { _, _ in }
    let again = try search(5, .balanced).run(cloud) { _, _ in }
    #expect(first.centres == again.centres && first.assignment == again.assignment)
    #expect(try search(5, .balanced, seed: 2).run(cloud) { _, _ in }.centres != first.centres)
  }

  @Test("Equal vectors leave no cluster empty")
  func equalVectors() throws {
    let same = DocumentVectors(values: [Float](repeating: 1, count: 40), dimensions: 2)
    let found = try search(4, .plain).run(same) { _, _ in }
    #expect(Set(found.assignment).count == 4)
    #expect(found.reseeded > 0)
  }
}

@Suite("Projection")
struct ProjectionTests {
  private func rows(_ part: JSONValue) throws -> TermRows {
    var rows = TermRows()
    for row in try part.list("rows") {
      rows.append(try row.integers("terms").map { UInt32($0) }[...], try row.numbers("weights").map { Float($0) }[...])
    }
    return rows
  }

  @Test("Singular values and directions are those of an exact SVD")
  func parity() throws {
    let part = try ClusterFixture.part("decomposition")
    let (terms, rank) = (try #require(part["terms"]?.integerValue), try #require(part["rank"]?.integerValue))
    let found = try TruncatedSVD.decompose(
      rows(part), termCount: terms, dimensions: rank, oversampling: 10, passes: 12, key: RandomKey(seed: 1)
    ) { _ in }
    #expect(found.dimensions == rank)
    for (ours, theirs) in zip(found.singularValues, try part.numbers("singularValues")) {
      #expect(abs(ours - theirs) < 1e-3 * theirs)
    }
    // The sum of squared cosines between the two spaces is their dimension if they are the same.
    let theirs = try part.list("components").map { try #require($0.arrayValue).compactMap(\.numberValue) }
    var overlap = 0.0
    for component in theirs {
      for column in 0..<rank {
        let product = (0..<terms).reduce(0.0) { $0 + component[$1] * Double(found.values[$1 * rank + column]) }
        overlap += product * product
      }
    }
    #expect(overlap > Double(rank) - 0.05)
  }

  @Test("Columns are orthonormal with a fixed sign, and the same key gives the same bits")
  func orthonormal() throws {
    let part = try ClusterFixture.part("decomposition")
    func decompose() throws -> TermProjection {
      try TruncatedSVD.decompose(
        rows(part), termCount: 80, dimensions: 9, oversampling: 10, passes: 3, key: RandomKey(seed: 2)
      ) { _ in }
    }
    let found = try decompose()
    for a in 0..<9 {
      for b in 0...a {
        let product = (0..<80).reduce(0.0) { $0 + Double(found.values[$1 * 9 + a]) * Double(found.values[$1 * 9 + b]) }
        #expect(abs(product - (a == b ? 1 : 0)) < 1e-5)
      }
      let extreme = (0..<80).map { found.values[$0 * 9 + a] }.max { abs($0) < abs($1) }
      #expect(try #require(extreme) > 0)
    }
    #expect(try decompose().values == found.values)
  }

  @Test("Documents of a lower rank have fewer dimensions")
  func lowRank() throws {
    var rows = TermRows()
    for _ in 0..<4 { rows.append([0, 2], [0.6, 0.8]) }
    rows.append([1], [1])
    let found = try TruncatedSVD.decompose(
      rows, termCount: 3, dimensions: 5, oversampling: 10, passes: 2, key: RandomKey(seed: 3)
    ) { _ in }
    #expect(found.dimensions == 2)
    #expect(abs(found.singularValues[0] - 2) < 1e-5 && abs(found.singularValues[1] - 1) < 1e-5)
  }
}
