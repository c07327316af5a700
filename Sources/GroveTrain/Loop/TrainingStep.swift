import GroveCore
import GroveModel
import GroveTensor

/// One optimisation step: loss and gradients over the micro-batches, clipping, update.
struct TrainingStep {
  let model: any LanguageModel
  let optimizer: AdamW
  let config: TrainingConfig

  struct Result {
    let lossNats: Double
    let gradientNorm: Double
    /// Whether the optimizer moved the weights: not if the loss or the norm is not finite.
    let isApplied: Bool
  }

  /// - Parameters:
  ///   - batches: micro-batches of equal size.
  ///   - random: of dropout in this step.
  func callAsFunction(_ batches: [TrainingBatch], learningRate: Double, random: RandomKey) throws -> Result {
    var losses = 0.0
    var gradients: [Tensor] = []
    for (index, batch) in batches.enumerated() {
      let pass = ForwardPass(.training(random: random.split(index)))
      let loss = try model.loss(batch.tokens, targets: batch.targets, zLoss: config.zLoss, pass)
      losses += try loss.item()
      guard losses.isFinite else { break }
      try loss.backward()
      gradients = try gathered(gradients, isLast: index == batches.count - 1)
    }
    let count = Double(batches.count)
    guard losses.isFinite else {
      try clear()
      return Result(lossNats: losses / count, gradientNorm: .nan, isApplied: false)
    }
    let norm = try gradientNorm(gradients) / count
    if norm.isFinite {
      let clip = config.gradientClip > 0 && norm > config.gradientClip ? config.gradientClip / norm : 1
      try optimizer.step(gradients, learningRate: learningRate, gradientScale: clip / count)
    }
    try clear()
    return Result(lossNats: losses / count, gradientNorm: norm, isApplied: norm.isFinite)
  }

  /// The sums of the gradients so far. A single micro-batch needs no sum; several are summed in float32.
  private func gathered(_ sums: [Tensor], isLast: Bool) throws -> [Tensor] {
    let new = try optimizer.slots.map { slot in
      guard let gradient = try slot.parameter.working.gradient() else {
        throw GroveError(.argument, slot.name, "had no part in the loss, so it has no gradient")
      }
      return gradient
    }
    if sums.isEmpty, isLast { return new }
    defer { try? clear() }
    if sums.isEmpty { return try new.map { try $0.cast(to: .float32).copied() } }
    for (sum, gradient) in zip(sums, new) { try sum.add(gradient) }
    return sums
  }

  private func clear() throws {
    for slot in optimizer.slots { try slot.parameter.working.clearGradient() }
  }

  /// The Euclidean norm of all gradients together.
  private func gradientNorm(_ gradients: [Tensor]) throws -> Double {
    try withGradients(.off) {
      let norms = try gradients.map { try $0.norm() }
      return try Tensor.stacked(norms, axis: 0).norm().item()
    }
  }
}
