public import GroveTensor

/// A place in a block whose activations can be seen.
public enum ActivationSite: Sendable {
  /// What the feed-forward layer reads, `[B, T, C]`: the residual stream after its norm.
  case feedForwardInput
}

/// Is told the index of the layer, the place in it, and the activation there, in the working precision.
public typealias ActivationObserver = (_ layer: Int, _ site: ActivationSite, _ activation: Tensor) throws -> Void

/// What a layer needs besides its input.
public struct LayerContext {
  public let mode: Mode
  /// Nil for models whose positions are learned.
  public let rotary: Rotary?
  /// Which of the S positions each of the T new ones attends to.
  public let mask: AttentionMask
  /// Keys and values of earlier positions; nil when the whole text is given at once.
  public let cache: KeyValueCache.Layer?
  /// Is told the layer's activations; nil where nobody looks.
  public let observe: ((ActivationSite, Tensor) throws -> Void)?

  public init(
    mode: Mode, rotary: Rotary?, mask: AttentionMask, cache: KeyValueCache.Layer?,
    observe: ((ActivationSite, Tensor) throws -> Void)?
  ) {
    self.mode = mode
    self.rotary = rotary
    self.mask = mask
    self.cache = cache
    self.observe = observe
  }
}
