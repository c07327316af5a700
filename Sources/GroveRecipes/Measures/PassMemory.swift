import GroveCore
import GroveModel
import GroveTensor

/// What one pass forward and backward takes of memory. What other threads of the process take at the same time is counted too,
/// so it is measured alone.
enum PassMemory {
  /// The most bytes of tensors that a pass of one text held at once, beyond the model: activations and gradients.
  /// - Parameter holdsWeights: whether attention makes all its weights at once, as without a fused kernel.
  static func peakBytes(_ shape: ModelConfig, holdsWeights: Bool = false, device: Device) throws -> Int {
    let model = try makeModel(shape, weights: .random(RandomKey(seed: 0)))
    try model.prepare(.float32, training: true, device: device)
    return try peakBytes {
      try pass(model, hook: holdsWeights ? .observing([.attentionWeights]) { _, _ in } : nil, device: device)
    }
  }

  /// The most bytes of tensors that some work held at once, beyond what was there before.
  static func peakBytes(of work: () throws -> Void) throws -> Int {
    let before = try Torch.memory().liveBytes
    try Torch.resetPeak()
    try work()
    return try Torch.memory().peakBytes - before
  }

  /// A pass of one text of the model's length, after which its parameters have gradients.
  static func pass(_ model: any LanguageModel, hook: ActivationHook? = nil, device: Device) throws {
    let length = model.config.contextLength
    let ids = (0...length).map { Int64($0 * 31 % model.config.vocabularySize) }
    let tokens = try Tensor(Array(ids.dropLast()), [1, length]).moved(to: device)
    let targets = try Tensor(Array(ids.dropFirst()), [1, length]).moved(to: device)
    try model.loss(tokens, targets: targets, zLoss: 0, ForwardPass(.inference, hook: hook)).backward()
  }
}
