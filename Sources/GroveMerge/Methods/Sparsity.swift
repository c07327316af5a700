public import GroveCore
public import GroveTensor

/// Which elements of a task vector stay.
public enum Sparsity: Equatable, Sendable {
  /// Every element.
  case none
  /// The share `density` with the largest magnitudes, at least one element: the trim step of TIES (Yadav et al. 2023,
  /// arXiv:2306.01708, §3.1).
  case largest(density: Double)
  /// Each element with probability `density`: the drop of DARE, with drop rate p = 1 − density (Yu et al. 2023,
  /// arXiv:2311.03099, §3).
  case random(density: Double)
  /// The share `density`, after the share `gamma` with the largest magnitudes is left out: Model Breadcrumbs (Davari and
  /// Belilovsky 2023, arXiv:2312.06795, §3). Where the two shares exceed 1, fewer of the largest are left out.
  case middle(density: Double, gamma: Double)
  /// Each element with a probability from `density` − `epsilon` for the smallest of its row to `density` + `epsilon` for
  /// the largest, by rank: MAGPRUNE of DELLA (Deep et al. 2024, arXiv:2406.11617, §3.1).
  ///
  /// We differ: `epsilon` is half the width of the paper's range, as in mergekit; a row of one element has the lowest
  /// probability, where mergekit fails.
  case ranked(density: Double, epsilon: Double)

  /// True at the elements that stay; nil where all do.
  ///
  /// - Parameters:
  ///   - delta: a task vector, float32 or float64.
  ///   - draws: the key of the random ones; the others do not look at it.
  /// - Complexity: O(elements); sorted rows for `ranked`.
  public func mask(of delta: Tensor, draws: RandomKey) throws -> Tensor? {
    let count = delta.elementCount
    switch self {
    case .none: return nil
    case .largest(let density):
      if density >= 1 { return nil }
      let kept = density <= 0 || count == 0 ? 0 : max(1, Int(density * Double(count)))
      return try MagnitudeRanks(delta).largest(kept)
    case .random(let density):
      if density >= 1 { return nil }
      return try Sparsity.drawn(delta.shape, draws) { _ in density }
    case .middle(let density, let gamma):
      if density >= 1 { return nil }
      let (kept, top) = (Int(density * Double(count)), Int(gamma * Double(count)))
      let bottom = max(0, count - kept - top)
      return try MagnitudeRanks(delta).ranked(bottom..<bottom + kept)
    case .ranked(let density, let epsilon):
      if density >= 1 { return nil }
      if density <= 0 { return try Tensor.zeros(delta.shape, .bool) }
      return try Sparsity.drawn(byRankOf: delta, density: density, epsilon: epsilon, draws)
    }
  }

  /// Independent draws, the element number i by draw number i.
  private static func drawn(
    _ shape: [Int], _ draws: RandomKey, offset: Int = 0, _ probability: (Int) -> Double
  ) throws -> Tensor {
    let mask = try Tensor.empty(shape, .bool)
    mask.withMutableBytes { target in
      for index in target.indices { target[index] = draws.uniform(offset + index) < probability(index) ? 1 : 0 }
    }
    return mask
  }

  /// Draws by the rank of each element in its row, in pieces of about a million elements: ranks take 16 bytes each.
  private static func drawn(
    byRankOf delta: Tensor, density: Double, epsilon: Double, _ draws: RandomKey
  ) throws -> Tensor {
    let width = delta.rank < 2 ? delta.elementCount : delta.size(1)
    guard delta.elementCount > 0, width > 0 else { return try Tensor.zeros(delta.shape, .bool) }
    guard delta.rank <= 2 else {
      throw GroveError(
        .argument, "merge_method", "della ranks the elements of rows; a tensor of shape \(delta.shape) has none",
        remedy: "Use dare_ties, or give the tensor the density 1.")
    }
    let rows = delta.elementCount / width
    let matrix = try delta.absolute().reshaped(rows, width)
    let step = max(1, (1 << 20) / width)
    let pieces = try stride(from: 0, to: rows, by: step).map { start in
      let count = min(step, rows - start)
      let order = try matrix.narrowed(0, from: start, count: count).sorted(descending: false).indices
      let ranks = try order.sorted(descending: false).indices.values(as: Int64.self)
      let slope = 2 * epsilon / Double(max(1, width - 1))
      return try drawn([count, width], draws, offset: start * width) { density - epsilon + Double(ranks[$0]) * slope }
    }
    return try Tensor.concatenated(pieces, axis: 0).reshaped(to: delta.shape)
  }
}

/// What makes up for the elements of a task vector that were dropped.
public enum Rescaling: String, Equatable, Sendable, CaseIterable {
  /// Nothing: the task vector gets shorter.
  case none
  /// The sum of magnitudes is what it was before, as mergekit has it: 1 / density in expectation for random masks.
  case magnitudes
  /// Division by the density, as in DARE's paper (arXiv:2311.03099, §3). mergekit does not have it.
  case density
}
