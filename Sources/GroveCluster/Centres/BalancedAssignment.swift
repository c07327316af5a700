/// Gives each of N documents to one of K clusters of fixed sizes at the lowest total cost, exactly.
///
/// Every cluster has a price. Documents go where cost + price is lowest; then the clusters with too many give to those
/// with too few along the cheapest chains of moves, and prices follow, so that at the end no document would rather be
/// elsewhere at these prices: the proof that the assignment is optimal. With the prices of a similar problem at the
/// start, few moves are left.
///
/// - Complexity: O(N·K) to begin, O(K² + K·chain·log N) for each document that is too many somewhere; memory 16·N·K
///   bytes, which is why callers cut large problems into batches.
/// - Source: successive shortest paths with potentials (Edmonds and Karp 1972; Tomizawa 1971) on the graph of clusters.
///   c-BTM uses an auction that stops after a number of rounds and gives what is left to one cluster.
package struct BalancedAssignment {
  /// The cluster of each document.
  package private(set) var clusters: [Int]
  /// Of each cluster, in the unit of the costs. For every document, cost + price is lowest in its own cluster.
  package private(set) var prices: [Double]

  private let costs: UnsafeBufferPointer<Float>
  private let clusterCount: Int
  private let sizes: [Int]
  private var excess: [Int]
  /// The moves from cluster a to b, at a · K + b, by what each adds to the cost.
  private var moves: [MoveHeap] = []

  /// - Parameters:
  ///   - costs: row-major `[N, K]`, finite.
  ///   - sizes: of the clusters; they sum to N.
  ///   - prices: to begin with; any finite numbers give the same total cost.
  package static func solve(
    costs: UnsafeBufferPointer<Float>, sizes: [Int], prices: [Double]
  ) -> (clusters: [Int], prices: [Double]) {
    let count = sizes.reduce(0, +)
    precondition(costs.count == count * sizes.count && prices.count == sizes.count, "\(costs.count) costs for \(sizes)")
    var problem = BalancedAssignment(costs: costs, sizes: sizes, prices: prices, count: count)
    problem.solve()
    return (problem.clusters, problem.prices)
  }

  private init(costs: UnsafeBufferPointer<Float>, sizes: [Int], prices: [Double], count: Int) {
    self.costs = costs
    self.sizes = sizes
    self.prices = prices
    clusterCount = sizes.count
    excess = sizes.map { -$0 }
    clusters = []
    clusters.reserveCapacity(count)
    for document in 0..<count {
      var best = 0
      var lowest = Double.infinity
      for cluster in sizes.indices {
        let cost = Double(costs[document * sizes.count + cluster]) + prices[cluster]
        if cost < lowest { (best, lowest) = (cluster, cost) }
      }
      clusters.append(best)
      excess[best] += 1
    }
  }

  private mutating func solve() {
    guard excess.contains(where: { $0 > 0 }) else { return }
    collectMoves()
    while let chain = cheapestChain() {
      for (document, target) in chain { move(document, to: target) }
    }
  }

  private mutating func collectMoves() {
    let k = clusterCount
    var lists = [[MoveHeap.Move]](repeating: [], count: k * k)
    for (document, cluster) in clusters.enumerated() {
      let own = Double(costs[document * k + cluster])
      for other in 0..<k where other != cluster {
        lists[cluster * k + other].append(
          MoveHeap.Move(added: Double(costs[document * k + other]) - own, document: Int32(document)))
      }
    }
    moves = lists.map { MoveHeap($0) }
  }

  /// The cheapest way to bring one document from a cluster with too many to one with too few, and new prices; nil when
  /// no cluster has too many.
  private mutating func cheapestChain() -> [(document: Int, target: Int)]? {
    let k = clusterCount
    var distance = (0..<k).map { excess[$0] > 0 ? 0 : Double.infinity }
    guard distance.contains(0) else { return nil }
    var before = [Int](repeating: -1, count: k)
    var isSettled = [Bool](repeating: false, count: k)
    while true {
      var nearest = -1
      for cluster in 0..<k where !isSettled[cluster] && distance[cluster] < .infinity {
        if nearest < 0 || distance[cluster] < distance[nearest] { nearest = cluster }
      }
      precondition(nearest >= 0, "clusters with too many cannot reach those with too few: \(excess)")
      isSettled[nearest] = true
      if excess[nearest] < 0 {
        return chain(to: nearest, before, distance)
      }
      for other in 0..<k where !isSettled[other] {
        guard let cheapest = moves[nearest * k + other].cheapest(in: nearest, clusters) else { continue }
        // Not negative but for rounding: at these prices nobody in `nearest` would rather be elsewhere.
        let step = max(0, cheapest.added + prices[other] - prices[nearest])
        if distance[nearest] + step < distance[other] {
          distance[other] = distance[nearest] + step
          before[other] = nearest
        }
      }
    }
  }

  private mutating func chain(
    to end: Int, _ before: [Int], _ distance: [Double]
  ) -> [(document: Int, target: Int)] {
    let k = clusterCount
    var steps: [(document: Int, target: Int)] = []
    var cluster = end
    while before[cluster] >= 0 {
      let source = before[cluster]
      guard let cheapest = moves[source * k + cluster].cheapest(in: source, clusters) else {
        preconditionFailure("the move from \(source) to \(cluster) is gone")
      }
      steps.append((Int(cheapest.document), cluster))
      cluster = source
    }
    for cluster in 0..<k { prices[cluster] -= min(distance[cluster], distance[end]) }
    return steps
  }

  private mutating func move(_ document: Int, to target: Int) {
    let k = clusterCount
    excess[clusters[document]] -= 1
    excess[target] += 1
    clusters[document] = target
    let own = Double(costs[document * k + target])
    for other in 0..<k where other != target {
      moves[target * k + other].insert(
        MoveHeap.Move(added: Double(costs[document * k + other]) - own, document: Int32(document)))
    }
  }
}

/// Moves out of a cluster, the cheapest first; those of documents that have left it are dropped when they come up.
struct MoveHeap {
  struct Move {
    let added: Double
    let document: Int32

    /// Ties by the document, so that equal costs give the same result everywhere.
    static func < (a: Move, b: Move) -> Bool { a.added != b.added ? a.added < b.added : a.document < b.document }
  }

  private var moves: [Move]

  init(_ moves: [Move]) {
    self.moves = moves
    for place in (0..<moves.count / 2).reversed() { sink(place) }
  }

  /// The cheapest move of a document that still is in a cluster.
  mutating func cheapest(in cluster: Int, _ clusters: [Int]) -> Move? {
    while let first = moves.first {
      if clusters[Int(first.document)] == cluster { return first }
      let last = moves.removeLast()
      if !moves.isEmpty {
        moves[0] = last
        sink(0)
      }
    }
    return nil
  }

  mutating func insert(_ move: Move) {
    moves.append(move)
    var place = moves.count - 1
    while place > 0, moves[place] < moves[(place - 1) / 2] {
      moves.swapAt(place, (place - 1) / 2)
      place = (place - 1) / 2
    }
  }

  private mutating func sink(_ start: Int) {
    moves.withUnsafeMutableBufferPointer { moves in
      var place = start
      while true {
        var child = 2 * place + 1
        guard child < moves.count else { return }
        if child + 1 < moves.count, moves[child + 1] < moves[child] { child += 1 }
        guard moves[child] < moves[place] else { return }
        moves.swapAt(place, child)
        place = child
      }
    }
  }
}
