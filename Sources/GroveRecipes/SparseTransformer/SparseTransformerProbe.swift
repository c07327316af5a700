import Foundation
import GroveCore
import GroveModel
import GroveTensor

/// Whether a trained model's pattern is what the paper defines, and what recomputation gives.
struct SparseTransformerProbe {
  let config: SparseTransformerConfig
  let trained: Comparison.Trained

  func add(to figures: inout ArmFigures) throws {
    let length = trained.config.model.contextLength
    let document = trained.text.documents.max { $0.tokens.count < $1.tokens.count }
    guard let document, document.tokens.count > length else {
      throw GroveError(
        .argument, "training.model.contextLength", "no held-out document has more than \(length) tokens",
        remedy: "Hold out more with training.heldOutShare, or train on a shorter context.")
    }
    let ids = document.tokens.prefix(length + 1).map { Int64($0) }
    let tokens = try Tensor(Array(ids.dropLast()), [1, length]).moved(to: trained.run.device)
    let targets = try Tensor(Array(ids.dropFirst()), [1, length]).moved(to: trained.run.device)
    try addPattern(tokens, to: &figures)
    try addGradients(tokens, targets, to: &figures)
  }

  /// Compares the fast way with the one that makes all weights, and the weights with the definition.
  private func addPattern(_ tokens: Tensor, to figures: inout ArmFigures) throws {
    var wrong = 0
    let attention = trained.config.model.attention
    let hook = ActivationHook.observing([.attentionWeights]) { _, weights in
      let t = weights.size(-1)
      for (place, weight) in try weights.cast(to: .float32).contiguous().values(as: Float.self).enumerated()
      where weight != 0 {
        if !SparseTransformerRecipe.sees(attention, query: place / t % t, key: place % t) { wrong += 1 }
      }
    }
    try withGradients(.off) {
      let slow = try trained.model.logits(tokens, ForwardPass(.inference, hook: hook))
      let fast = try trained.model.logits(tokens, ForwardPass(.inference))
      figures.figures["difference of scores"] = try largest(slow - fast)
    }
    figures.figures["weights on hidden positions"] = Double(wrong)
    let t = tokens.size(1)
    let seen = (0..<t).reduce(0) { sum, query in
      sum + (0...query).count { SparseTransformerRecipe.sees(attention, query: query, key: $0) }
    }
    figures.figures["share seen"] = Double(2 * seen) / Double(t * (t + 1))
  }

  private func largest(_ x: Tensor) throws -> Double {
    try x.absolute().contiguous().values(as: Float.self).reduce(0) { max($0, Double($1)) }
  }

  /// The largest difference of a gradient with recomputation from that without, over the largest gradient of its parameter.
  private func addGradients(_ tokens: Tensor, _ targets: Tensor, to figures: inout ArmFigures) throws {
    var worst = 0.0
    let model = try trained.model { _ in }
    try model.prepare(.float32, training: true, device: trained.run.device)
    let kept = try gradients(model, tokens, targets, recomputes: false)
    let again = try gradients(model, tokens, targets, recomputes: true)
    for (first, second) in zip(kept, again) {
      let scale = try largest(first)
      if scale > 0 { worst = max(worst, try largest(first - second) / scale) }
    }
    figures.figures["difference of gradients"] = worst
  }

  private func gradients(
    _ model: any LanguageModel, _ tokens: Tensor, _ targets: Tensor, recomputes: Bool
  ) throws -> [Tensor] {
    let weights = try model.parameters().map(\.parameter.working)
    let pass = ForwardPass(.inference, recomputes: recomputes)
    return try model.loss(tokens, targets: targets, zLoss: 0, pass).gradients(of: weights).compactMap { $0 }
  }
}
