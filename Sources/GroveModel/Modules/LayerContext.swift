public import GroveTensor

/// A place in a block whose activations can be seen and changed.
public enum ActivationSite: Sendable, CaseIterable {
  /// What attention reads, `[B, T, C]`: the residual stream, after a norm where one stands there.
  case attentionInput
  /// How much each query reads of each key, `[B, H, T, S]`, of attention by products. Asking for it makes all of them, at once.
  case attentionWeights
  /// What attention adds to the residual stream, `[B, T, C]`.
  case attentionOutput
  /// What the feed-forward layer reads, `[B, T, C]`.
  case feedForwardInput
  /// What the feed-forward layer adds to the residual stream, `[B, T, C]`.
  case feedForwardOutput
  /// The residual stream after the block, `[B, T, C]`, float32.
  case block
}

/// Sees activations as they are made, and says what goes on in their place: for analysis, steering and adapters.
public struct ActivationHook {
  /// Where it is called; other places cost nothing.
  public let sites: Set<ActivationSite>
  private let body: (_ layer: Int, _ site: ActivationSite, _ activation: Tensor) throws -> Tensor

  /// - Parameter body: gets the index of the layer, the place in it, and the activation there, in the working precision;
  ///   gives what goes on, of the same shape.
  public init(
    _ sites: Set<ActivationSite>,
    _ body: @escaping (_ layer: Int, _ site: ActivationSite, _ activation: Tensor) throws -> Tensor
  ) {
    self.sites = sites
    self.body = body
  }

  /// A hook that only looks.
  public static func observing(
    _ sites: Set<ActivationSite>, _ see: @escaping (_ layer: Int, _ activation: Tensor) throws -> Void
  ) -> ActivationHook {
    ActivationHook(sites) { layer, _, activation in
      try see(layer, activation)
      return activation
    }
  }

  func callAsFunction(_ layer: Int, _ site: ActivationSite, _ activation: Tensor) throws -> Tensor {
    sites.contains(site) ? try body(layer, site, activation) : activation
  }
}

/// What a layer needs besides its input.
public struct LayerContext {
  public let mode: Mode
  /// Nil for models whose positions are learned.
  public var rotary: Rotary?
  /// Which of the S positions each of the T new ones attends to.
  public var mask: AttentionMask
  /// The same where it is a pattern of blocks and the whole text is given at once.
  var sparse: SparseAttention?
  /// The biases of distances, for attention that makes its own tables of them.
  var distance: DistanceBias?
  /// Keys and values of earlier positions; nil when the whole text is given at once.
  public var cache: KeyValueCache.Layer?
  /// The index of the layer.
  public var layer = 0
  public var hook: ActivationHook?

  public init(mode: Mode, mask: AttentionMask) {
    self.mode = mode
    self.mask = mask
  }

  /// What goes on of an activation.
  func passed(_ site: ActivationSite, _ activation: Tensor) throws -> Tensor {
    try hook?(layer, site, activation) ?? activation
  }

  func wants(_ site: ActivationSite) -> Bool { hook?.sites.contains(site) ?? false }
}
