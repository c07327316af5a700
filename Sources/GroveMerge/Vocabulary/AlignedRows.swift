import GroveCore
import GroveTensor

/// The embeddings of a group of models with the rows of the result's vocabulary.
struct AlignedRows {
  private let plan: VocabularyPlan
  private let group: [Int]
  private let fills: [(token: Int, fill: VocabularyPlan.Fill, isForced: Bool)]

  /// - Parameters:
  ///   - group: the models, as the plan counts them.
  ///   - base: the base among them.
  init(_ plan: VocabularyPlan, group: [Int], base: Int?) throws {
    self.plan = plan
    self.group = group
    fills = try (0..<plan.tokenCount).compactMap { token in
      try plan.fill(token, among: group, base: base).map { (token, $0.fill, $0.isForced) }
    }
  }

  /// The embedding `[V, C]` of one model with the rows `[V', C]` of the result.
  /// - Parameters:
  ///   - member: the model's place in the group.
  ///   - stored: the stored embedding of a model, as the plan counts models.
  func tensor(_ member: Int, _ stored: (Int) throws -> Tensor) throws -> Tensor {
    let model = group[member]
    let own = try stored(model)
    let places = plan.places[model]
    let index = try Tensor(places.map { Int64($0 ?? 0) }, [places.count])
    let rows = try own.indexed(0, index)  // [tokens, C]
    let wanted = fills.filter { $0.isForced || places[$0.token] == nil }
    try copyZeros(wanted.filter { $0.fill == .zero }.map(\.token), into: rows)
    try copyRows(wanted, into: rows, stored)
    try copyMeans(wanted.filter { $0.fill == .mean }.map(\.token), into: rows, stored)
    let filling = plan.rows - plan.tokenCount
    guard filling > 0 else { return rows }
    let mean = try rows.mean(0, axis: .kept).expanded(to: [filling, rows.size(1)])
    return try .concatenated([rows, mean], axis: 0)
  }

  private func copyZeros(_ tokens: [Int], into rows: Tensor) throws {
    guard !tokens.isEmpty else { return }
    try copy(Tensor.zeros([tokens.count, rows.size(1)], rows.dtype), to: tokens, into: rows)
  }

  private func copyRows(
    _ wanted: [(token: Int, fill: VocabularyPlan.Fill, isForced: Bool)], into rows: Tensor,
    _ stored: (Int) throws -> Tensor
  ) throws {
    var byDonor: [Int: [(token: Int, row: Int)]] = [:]
    for entry in wanted {
      if case .row(let donor, let row) = entry.fill { byDonor[donor, default: []].append((entry.token, row)) }
    }
    for (donor, pairs) in byDonor.sorted(by: { $0.key < $1.key }) {
      let index = try Tensor(pairs.map { Int64($0.row) }, [pairs.count])
      try copy(stored(donor).indexed(0, index).cast(to: rows.dtype), to: pairs.map(\.token), into: rows)
    }
  }

  private func copyMeans(_ tokens: [Int], into rows: Tensor, _ stored: (Int) throws -> Tensor) throws {
    guard !tokens.isEmpty else { return }
    let sum = try Tensor.zeros([tokens.count, rows.size(1)], rows.dtype)
    var counts = [Float](repeating: 0, count: tokens.count)
    for model in group {
      let held = tokens.indices.filter { plan.places[model][tokens[$0]] != nil }
      guard !held.isEmpty else { continue }
      let from = try Tensor(held.map { Int64(plan.places[model][tokens[$0]] ?? 0) }, [held.count])
      let to = try Tensor(held.map { Int64($0) }, [held.count])
      try MergeOperators.addRows.run(
        .tensor(sum), .integer(0), .tensor(to), .tensor(stored(model).indexed(0, from).cast(to: rows.dtype)))
      for place in held { counts[place] += 1 }
    }
    try copy(sum / Tensor(counts, [counts.count, 1]).cast(to: rows.dtype), to: tokens, into: rows)
  }

  private func copy(_ values: Tensor, to tokens: [Int], into rows: Tensor) throws {
    let index = try Tensor(tokens.map { Int64($0) }, [tokens.count])
    try MergeOperators.copyRows.run(.tensor(rows), .integer(0), .tensor(index), .tensor(values))
  }
}
