import GroveTensor

/// Sums over the elements of the task vectors of several models, from which all statistics follow. Sums of tensors add up
/// to those of groups.
struct DeltaSums: Sendable {
  var count = 0
  /// Elements whose task vectors have both signs.
  var conflicts = 0
  var baseSquares = 0.0
  /// Σ |δ| of each model.
  var magnitudes: [Double]
  /// max |δ| of each model.
  var largest: [Double]
  /// Elements that are exactly the base's.
  var zeros: [Int]
  /// Σ δᵢ·δⱼ for j ≤ i.
  var products: [[Double]]

  init(models: Int) {
    magnitudes = Array(repeating: 0, count: models)
    largest = magnitudes
    zeros = Array(repeating: 0, count: models)
    products = (0..<models).map { Array(repeating: 0, count: $0 + 1) }
  }

  /// Elements that are taken at a time: memory is this many for each model.
  private static let pieceCount = 1 << 16

  /// The sums of one tensor.
  /// - Complexity: O(models² · elements) time, O(models) memory.
  init(base: Tensor, models: [Tensor]) throws {
    self.init(models: models.count)
    let flat = try ([base] + models).map { try $0.reshaped(-1) }
    for start in stride(from: 0, to: base.elementCount, by: DeltaSums.pieceCount) {
      let length = min(DeltaSums.pieceCount, base.elementCount - start)
      let pieces = try flat.map { try $0.narrowed(0, from: start, count: length).values(as: Float.self) }
      add(base: pieces[0], Array(pieces.dropFirst()))
    }
  }

  private mutating func add(base: [Float], _ tuned: [[Float]]) {
    count += base.count
    for value in base { baseSquares += Double(value) * Double(value) }
    let deltas = tuned.map { values in base.indices.map { Double(values[$0] - base[$0]) } }
    var signs = [UInt8](repeating: 0, count: base.count)
    for (model, delta) in deltas.enumerated() {
      for (index, value) in delta.enumerated() {
        magnitudes[model] += abs(value)
        largest[model] = max(largest[model], abs(value))
        zeros[model] += value == 0 ? 1 : 0
        signs[index] |= value > 0 ? 1 : value < 0 ? 2 : 0
      }
      for other in 0...model {
        var sum = 0.0
        for index in delta.indices { sum += delta[index] * deltas[other][index] }
        products[model][other] += sum
      }
    }
    conflicts += signs.count { $0 == 3 }
  }

  mutating func add(_ other: DeltaSums) {
    count += other.count
    conflicts += other.conflicts
    baseSquares += other.baseSquares
    for model in magnitudes.indices {
      magnitudes[model] += other.magnitudes[model]
      largest[model] = max(largest[model], other.largest[model])
      zeros[model] += other.zeros[model]
      for second in 0...model { products[model][second] += other.products[model][second] }
    }
  }
}
