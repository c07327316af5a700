import GroveTensor

/// The inner products of all pairs of models, or of their task vectors; two of them are in memory at a time.
struct InnerProducts {
  let shape: [Int]
  let dtype: DType
  private let values: [[Double]]

  subscript(_ first: Int, _ second: Int) -> Double { values[max(first, second)][min(first, second)] }

  /// - Parameters:
  ///   - models: places among the inputs.
  ///   - origin: what is subtracted from each; nil for nothing.
  /// - Complexity: O(models² · elements).
  init(_ inputs: MergeInputs, _ models: [Int], from origin: Tensor?) throws {
    func vector(_ model: Int) throws -> Tensor {
      let tensor = try inputs.tensor(model)
      return try origin.map { try tensor - $0 } ?? tensor
    }
    var values: [[Double]] = []
    var (shape, dtype): ([Int], DType) = ([], .float32)
    for first in models.indices {
      let vectorOfFirst = try vector(models[first])
      (shape, dtype) = (vectorOfFirst.shape, vectorOfFirst.dtype)
      var row: [Double] = []
      for second in 0..<first { row.append(try VectorSums(vectorOfFirst, vector(models[second])).product) }
      row.append(try VectorSums(vectorOfFirst, vectorOfFirst).firstSquares)
      values.append(row)
    }
    (self.shape, self.dtype, self.values) = (shape, dtype, values)
  }
}
