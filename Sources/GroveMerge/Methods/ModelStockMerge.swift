public import GroveTensor

/// The point between the base and the mean of N fine-tuned models that geometry says is nearest to the centre of all
/// such models: t · mean + (1 − t) · θ₀ with t = N cos θ / (1 + (N − 1) cos θ), where cos θ is the mean cosine between task
/// vectors.
///
/// - Source: Jang et al. 2024, "Model stock" (arXiv:2403.19522), §4, equation 8 for N models. As in mergekit, a task
///   vector shorter than 10⁻³ counts as one of that length, and where 1 + (N − 1) cos θ is 0 the base stays.
public struct ModelStockMerge: Equatable, Sendable {
  /// Whether each row (the weights of one output) has its own t; otherwise a tensor has one.
  public var isFilterWise: Bool

  public init(isFilterWise: Bool) { self.isFilterWise = isFilterWise }

  /// The merged tensor. Memory: the result and three tensors.
  public func merge(_ inputs: MergeInputs) throws -> Tensor {
    let base = try inputs.baseTensor()
    let others = inputs.others
    let sum = try Tensor.zeros(base.shape, base.dtype)
    for index in others { try sum.add(inputs.tensor(index)) }
    let mean = try sum / Double(others.count)
    let factors = try self.factors(inputs, base, others)
    let t = try Tensor(factors, [factors.count, 1]).cast(to: base.dtype)
    let rest = try Tensor(factors.map { 1 - $0 }, [factors.count, 1]).cast(to: base.dtype)
    let rows = [factors.count, max(1, base.elementCount / max(1, factors.count))]
    guard base.elementCount > 0 else { return base }
    return try (mean.reshaped(to: rows) * t + base.reshaped(to: rows) * rest).reshaped(to: base.shape)
  }

  /// t of each row, or the one t.
  private func factors(_ inputs: MergeInputs, _ base: Tensor, _ others: [Int]) throws -> [Double] {
    guard isFilterWise, base.rank > 1 else {
      return [factor(try InnerProducts(inputs, others, from: base), others.count)]
    }
    let width = base.size(-1)
    let rows = width > 0 ? base.elementCount / width : 0
    return try (0..<rows).map { row in
      func part(_ tensor: Tensor) throws -> Tensor {
        try tensor.reshaped(rows, width).narrowed(0, from: row, count: 1)
      }
      let ofRow = MergeInputs(
        name: inputs.name, models: inputs.models, base: inputs.base, random: inputs.random
      ) { try part(inputs.tensor($0)) }
      return factor(try InnerProducts(ofRow, others, from: part(base)), others.count)
    }
  }

  private func factor(_ products: InnerProducts, _ count: Int) -> Double {
    var sum = 0.0
    for first in 0..<count {
      for second in 0..<first {
        let lengths = (products[first, first] * products[second, second]).squareRoot()
        sum += max(-1, min(1, products[first, second] / max(lengths, 1e-6)))
      }
    }
    let cosine = sum / Double(count * (count - 1) / 2)
    let denominator = 1 + Double(count - 1) * cosine
    return abs(denominator) < 1e-6 ? 0 : Double(count) * cosine / denominator
  }
}
