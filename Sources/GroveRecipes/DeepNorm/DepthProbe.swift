import Foundation
import GroveCore
import GroveCorpus
import GroveModel
import GroveTensor
import GroveTrain

/// What can be said of deep models before they are trained: how their weights start, how far the first step moves what they
/// compute, and whether gradients come through.
struct DepthProbe {
  let config: DeepNormConfig
  let shards: URL
  let device: Device

  /// The shape of a depth, with norms in a place.
  func shape(_ layers: Int, _ placement: NormConfig.Placement) -> ModelConfig {
    var shape = config.comparison.model
    (shape.layers, shape.norm.placement) = (layers, placement)
    return shape
  }

  private func model(_ shape: ModelConfig, seed: Int) throws -> any LanguageModel {
    let model = try makeModel(shape, weights: .random(RandomKey(seed: UInt64(seed)).split("weights")))
    try model.prepare(.float32, training: true, device: device)
    return model
  }

  /// Inputs and targets of the first step of a run with this seed.
  private func batch(_ shape: ModelConfig, seed: Int) throws -> (tokens: Tensor, targets: Tensor) {
    let (rows, t) = (config.comparison.batchSize, shape.contextLength)
    let dataset = try TokenDataset(folder: shards, split: .train, domains: .all, contextLength: t)
    var window = [Int64](repeating: 0, count: t + 1)
    var (tokens, targets): ([Int64], [Int64]) = ([], [])
    let order = try dataset.order(seed: UInt64(seed), mixing: .proportional)
    for sequence in order.sequences(step: 0, batchSize: rows) {
      try window.withUnsafeMutableBufferPointer { try dataset.fill(sequence, into: $0) }
      tokens += window[..<t]
      targets += window[1...]
    }
    return (try Tensor(tokens, [rows, t]).moved(to: device), try Tensor(targets, [rows, t]).moved(to: device))
  }

  /// How the first step moves the weights.
  enum Rule: String, CaseIterable {
    /// The matrices of the blocks against their gradient, as the paper's bound has it (§4.2): it leaves out norms, biases and
    /// vectors of tokens.
    case gradient
    /// By AdamW, as the models are trained.
    case adamW
  }

  /// ‖F(x, θ₁) − F(x, θ₀)‖ over the root of the numbers in F: the root mean square of how the last states, which are normed, change
  /// in one step, on the batch of that step.
  func firstUpdate(_ layers: Int, _ placement: NormConfig.Placement, by rule: Rule, seed: Int) throws -> Double {
    let shape = shape(layers, placement)
    let model = try model(shape, seed: seed)
    let (tokens, targets) = try batch(shape, seed: seed)
    func states() throws -> Tensor {
      try withGradients(.off) { try model.hiddenStates(tokens, ForwardPass(.inference)).copied() }
    }
    func loss() throws -> Tensor { try model.loss(tokens, targets: targets, zLoss: 0, ForwardPass(.inference)) }
    let before = try states()
    switch rule {
    case .gradient:
      try loss().backward()
      for (_, parameter) in try model.parameters() where parameter.role == .matrix {
        guard let gradient = try parameter.working.gradient() else { continue }
        try withGradients(.off) { try parameter.value.add(gradient, times: -config.probedRate) }
      }
    case .adamW:
      var optimizer = OptimizerConfig()
      optimizer.learningRate = config.comparison.learningRate
      let step = TrainingStep(optimizer: try Optimizer(optimizer, model: model), gradientClip: 0)
      _ = try step(microBatches: 1, learningRate: optimizer.learningRate) { _ in try loss() }
    }
    let change = try states() - before
    return try (change * change).mean().item().squareRoot()
  }

  /// How far initial weights are from Post-LN's of the same seed, times β where β belongs.
  func betaError(_ layers: Int, seed: Int) throws -> Double {
    try InitialGain.error(
      of: shape(layers, .deep), against: shape(layers, .after),
      gain: 1 / (8 * Double(layers)).squareRoot().squareRoot(), seed: seed)
  }

  /// A pass through the deepest model: its loss, and how many parameters have a gradient that is not finite or is 0 everywhere.
  func deepPass() throws -> (lossNats: Double, lost: Int) {
    var shape = shape(config.passLayers, .deep)
    (shape.width, shape.feedForwardWidth) = (config.passWidth, 4 * config.passWidth)
    let model = try model(shape, seed: 0)
    let (tokens, targets) = try batch(shape, seed: 0)
    let loss = try model.loss(tokens, targets: targets, zLoss: 0, ForwardPass(.inference))
    try loss.backward()
    let lost = try model.parameters().count { name, parameter in
      // A key's bias adds the same to all scores of a query, which changes nothing.
      if name.hasSuffix("k_proj.bias") { return false }
      guard let gradient = try parameter.working.gradient() else { return true }
      let size = try gradient.absolute().sum().item()
      return !(size.isFinite && size > 0)
    }
    return (try loss.item(), lost)
  }
}
