import GroveCore
public import GroveTensor

/// A model that predicts the next token.
public protocol LanguageModel: Module {
  var config: ModelConfig { get }
  /// The matrix `[V, E]` whose rows score the tokens.
  var outputWeight: Parameter { get }
  /// Added to the scores, `[V]`, float32; nil for most models.
  var outputBias: Parameter? { get }
  /// Maps ids `[B, T]` to the last hidden states `[B, T, E]`, after the final norm, in the working precision.
  func hiddenStates(_ tokens: Tensor, _ pass: ForwardPass) throws -> Tensor
}

/// What one forward pass is for.
public struct ForwardPass {
  /// Whether dropout acts, and with which draws.
  public let mode: Mode
  /// Keys and values of earlier positions, to which the pass adds its own; nil when the whole text is given at once.
  public let cache: KeyValueCache?
  /// Sees and changes activations; nil costs nothing.
  public let hook: ActivationHook?
  /// Whether the activations within a block are made again in the backward pass instead of being kept.
  public let recomputes: Bool

  public init(_ mode: Mode, cache: KeyValueCache? = nil, hook: ActivationHook? = nil, recomputes: Bool = false) {
    self.mode = mode
    self.cache = cache
    self.hook = hook
    self.recomputes = recomputes
  }
}

extension LanguageModel {

  /// Scores of all tokens at every position: ids `[B, T]` to `[B, T, V]`, float32.
  public func logits(_ tokens: Tensor, _ pass: ForwardPass) throws -> Tensor {
    try scores(hiddenStates(tokens, pass))
  }

  /// Hidden states `[…, E]` to scores `[…, V]`, float32.
  public func scores(_ hidden: Tensor) throws -> Tensor {
    let scores = try outputWeight.product(hidden).cast(to: .float32)
    return try outputBias.map { try scores + $0.working } ?? scores
  }

  /// As `logits`, at the last position only: `[B, V]`.
  public func nextLogits(_ tokens: Tensor, _ pass: ForwardPass) throws -> Tensor {
    try scores(hiddenStates(tokens, pass).selected(1, -1))
  }

  /// Mean negative log-likelihood of the targets in nats, plus `zLoss` · mean(log²Z) (Chowdhery et al. 2022,
  /// arXiv:2204.02311, §5). Targets equal to `ignoredTarget` count nothing.
  /// - Parameters:
  ///   - tokens: ids `[B, T]`, int64.
  ///   - targets: ids `[B, T]`, int64.
  public func loss(_ tokens: Tensor, targets: Tensor, zLoss: Double, _ pass: ForwardPass) throws -> Tensor {
    let hidden = try hiddenStates(tokens, pass)
    guard outputBias == nil else {
      return try crossEntropy(
        scores(hidden).reshaped(-1, config.vocabularySize), targets.reshaped(-1), ignoring: ignoredTarget,
        zLoss: zLoss)
    }
    return try linearCrossEntropy(
      hidden.reshaped(-1, config.tokenWidth), weight: outputWeight.working, targets: targets.reshaped(-1),
      ignoring: ignoredTarget, zLoss: zLoss)
  }

  /// −log p of each target in nats, `[B, T]`, float32; 0 at ignored ones. No gradients.
  public func tokenLosses(_ tokens: Tensor, targets: Tensor) throws -> Tensor {
    try withGradients(.off) {
      let scores = try logits(tokens, ForwardPass(.inference))
      let losses = try crossEntropy(
        scores.reshaped(-1, config.vocabularySize), targets.reshaped(-1), reduction: .none, ignoring: ignoredTarget)
      return try losses.reshaped(tokens.size(0), tokens.size(1))
    }
  }

  /// Checks that the positions fit before they reach an embedding, where a wrong one would be undefined behaviour on
  /// a GPU.
  func checkedSizes(_ tokens: Tensor, _ pass: ForwardPass) throws -> (batch: Int, count: Int, start: Int) {
    let (batch, count) = try tokens.sizes("tokens", as: "B T")
    let start = pass.cache?.count ?? 0
    // Learned positions end with the table; rotary ones go on.
    let limit = min(pass.cache?.capacity ?? .max, config.positionLimit ?? .max)
    guard start + count <= limit else {
      throw GroveError(
        .argument, "tokens", "\(start + count) positions do not fit in \(limit)",
        remedy: "Give fewer tokens, or a longer context.")
    }
    return (batch, count, start)
  }
}

/// The target id that the losses skip; Hugging Face's −100.
public let ignoredTarget = -100

/// Makes the model that a config describes, with weights as `weights` says.
public func makeModel(_ config: ModelConfig, weights: InitialWeights) throws -> any LanguageModel {
  try Transformer(config, weights: weights)
}
